/*
 * Objects by namespace and name: see kube_map.h.
 */
#include "kube_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a over "ns/name" */
static uint64_t
hash(const char *ns, const char *name)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *ns != '\0'; ns++)
		h = (h ^ (unsigned char)*ns) * 1099511628211ULL;
	h = (h ^ '/') * 1099511628211ULL;
	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211ULL;
	return h;
}

static int
same(const char *key, const char *ns, const char *name)
{
	size_t n = strlen(ns);

	return strncmp(key, ns, n) == 0 && key[n] == '/' &&
	       strcmp(key + n + 1, name) == 0;
}

/* A key hashes as its two parts do. */
static size_t
slot_of(const struct kube_map *m, const char *key)
{
	uint64_t h = 14695981039346656037ULL;

	for (; *key != '\0'; key++)
		h = (h ^ (unsigned char)*key) * 1099511628211ULL;
	return (size_t)(h & (m->slots - 1));
}

void
kube_entry_free(struct kube_entry *e)
{
	if (e == NULL)
		return;
	cJSON_Delete(e->object);
	free(e->key);
	free(e->uid);
	free(e->version);
	free(e);
}

void
kube_map_release(struct kube_map *m)
{
	struct kube_entry *e, *next;
	size_t i;

	for (i = 0; i < m->slots; i++)
		for (e = m->slot[i]; e != NULL; e = next) {
			next = e->next;
			kube_entry_free(e);
		}
	free(m->slot);
	*m = (struct kube_map){ 0 };
}

struct kube_entry *
kube_map_get(const struct kube_map *m, const char *ns, const char *name)
{
	struct kube_entry *e;

	if (m->slots == 0)
		return NULL;
	for (e = m->slot[hash(ns, name) & (m->slots - 1)]; e != NULL;
	     e = e->next)
		if (same(e->key, ns, name))
			return e;
	return NULL;
}

static int
grow(struct kube_map *m)
{
	struct kube_map bigger = { .slots = m->slots != 0 ? 2 * m->slots : 64 };
	struct kube_entry *e, *next, **to;
	size_t i;

	bigger.slot = calloc(bigger.slots, sizeof(*bigger.slot));
	if (bigger.slot == NULL)
		return -1;
	for (i = 0; i < m->slots; i++)
		for (e = m->slot[i]; e != NULL; e = next) {
			next = e->next;
			to = &bigger.slot[slot_of(&bigger, e->key)];
			e->next = *to;
			*to = e;
		}
	free(m->slot);
	m->slot = bigger.slot;
	m->slots = bigger.slots;
	return 0;
}

struct kube_entry *
kube_map_put(struct kube_map *m, const char *ns, const char *name)
{
	struct kube_entry *e = kube_map_get(m, ns, name), **to;
	size_t nns = strlen(ns), nname = strlen(name);

	if (e != NULL)
		return e;
	if (m->n >= m->slots && grow(m) != 0)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->key = malloc(nns + nname + 2);
	if (e->key == NULL) {
		free(e);
		return NULL;
	}
	memcpy(e->key, ns, nns);
	e->key[nns] = '/';
	memcpy(e->key + nns + 1, name, nname + 1);
	to = &m->slot[slot_of(m, e->key)];
	e->next = *to;
	*to = e;
	m->n++;
	return e;
}

void
kube_map_take(struct kube_map *m, struct kube_entry *e)
{
	struct kube_entry **p = &m->slot[slot_of(m, e->key)];

	while (*p != e)
		p = &(*p)->next;
	*p = e->next;
	e->next = NULL;
	m->n--;
}

void
kube_map_remove(struct kube_map *m, struct kube_entry *e)
{
	kube_map_take(m, e);
	kube_entry_free(e);
}
