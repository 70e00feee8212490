/*
 * What is known of a watch's objects, by namespace and name, and what the
 * listener is told: the difference between that and what comes, so that a
 * relist is told as the few changes that it holds.  A plain watch keeps names,
 * uids and versions; a cache keeps the objects.
 */
#include <stdlib.h>
#include <string.h>

#include "kube_watch_impl.h"

int
kube_watch_string(char **to, const char *from)
{
	char *s;

	if (*to != NULL && from != NULL && strcmp(*to, from) == 0)
		return 0;
	s = from != NULL ? strdup(from) : NULL;
	if (from != NULL && s == NULL)
		return -1;
	free(*to);
	*to = s;
	return 0;
}

void
kube_watch_tell(struct kube_watch *w, enum kube_event ev, const cJSON *object,
    const cJSON *before, double at_ms)
{
	if (w->doomed)
		return;
	if (w->cache_fn != NULL)
		w->cache_fn(w->arg, ev, object, before);
	else if (w->fn != NULL)
		w->fn(w->arg, ev, object, at_ms);
}

/* What a plain watch tells of an object that it has not kept. */
static cJSON *
gravestone(const struct kube_entry *e, const cJSON *sample)
{
	cJSON *o = cJSON_CreateObject(), *meta = json_sub(o, "metadata");
	const char *slash = strchr(e->key, '/');
	char *ns = strndup(e->key, (size_t)(slash - e->key));

	if (json_str(sample, "kind", NULL) != NULL)
		json_set_str(o, "kind", json_str(sample, "kind", NULL));
	if (json_str(sample, "apiVersion", NULL) != NULL)
		json_set_str(
		    o, "apiVersion", json_str(sample, "apiVersion", NULL));
	if (ns != NULL && ns[0] != '\0')
		json_set_str(meta, "namespace", ns);
	json_set_str(meta, "name", slash + 1);
	if (e->uid != NULL)
		json_set_str(meta, "uid", e->uid);
	if (e->version != NULL)
		json_set_str(meta, "resourceVersion", e->version);
	free(ns);
	return o;
}

/* Forgets an entry and tells so; object is the last state, or NULL. */
static void
bury(struct kube_watch *w, struct kube_entry *e, const cJSON *object,
    const cJSON *sample, double at_ms)
{
	cJSON *stone = NULL;

	kube_map_take(&w->known, e);
	if (object == NULL)
		object = e->object;
	if (object == NULL)
		object = stone = gravestone(e, sample);
	kube_watch_tell(w, KUBE_DELETED, object, e->object, at_ms);
	kube_entry_free(e);
	cJSON_Delete(stone);
}

void
kube_watch_upsert(struct kube_watch *w, cJSON *object, double at_ms)
{
	const char *name = json_str(object, "metadata", "name", NULL);
	const char *ns = json_str(object, "metadata", "namespace", NULL);
	const char *uid = json_str(object, "metadata", "uid", NULL);
	const char *version =
	    json_str(object, "metadata", "resourceVersion", NULL);
	enum kube_event ev = KUBE_MODIFIED;
	struct kube_entry *e;
	cJSON *before = NULL;

	if (name == NULL)
		goto out;
	if (ns == NULL)
		ns = "";
	e = kube_map_get(&w->known, ns, name);
	if (e != NULL && uid != NULL && e->uid != NULL &&
	    strcmp(e->uid, uid) != 0) {
		bury(w, e, NULL, object, at_ms); /* another of that name */
		e = NULL;
	}
	if (w->doomed)
		goto out;
	if (e == NULL) {
		ev = KUBE_ADDED;
		e = kube_map_put(&w->known, ns, name);
		if (e == NULL)
			goto nomem;
	}
	e->mark = w->mark;
	if (ev == KUBE_MODIFIED && version != NULL && e->version != NULL &&
	    strcmp(e->version, version) == 0)
		goto out;
	if (kube_watch_string(&e->uid, uid) != 0 ||
	    kube_watch_string(&e->version, version) != 0)
		goto nomem;
	if (w->keep) {
		before = e->object;
		e->object = object;
	}
	kube_watch_tell(w, ev, object, before, at_ms);
	if (w->keep)
		object = before; /* the entry's now: free the old one */
	goto out;
nomem:
	w->expired = 1; /* a list may succeed later */
out:
	cJSON_Delete(object);
}

void
kube_watch_delete(struct kube_watch *w, const cJSON *object, double at_ms)
{
	const char *ns = json_str(object, "metadata", "namespace", NULL);
	const char *name = json_str(object, "metadata", "name", NULL);
	struct kube_entry *e = kube_map_get(
	    &w->known, ns != NULL ? ns : "", name != NULL ? name : "");

	if (e != NULL)
		bury(w, e, object, NULL, at_ms);
}

void
kube_watch_sweep(struct kube_watch *w, const cJSON *sample, double at_ms)
{
	struct kube_entry *e, *after;
	size_t i;

	for (i = 0; i < w->known.slots; i++)
		for (e = w->known.slot[i]; e != NULL && !w->doomed; e = after) {
			after = e->next;
			if (e->mark != w->mark)
				bury(w, e, NULL, sample, at_ms);
		}
}

struct kube_cache *
kube_cache_new(struct kube *k, const char *path, const char *query,
    kube_cache_fn *fn, void *arg, struct fault *f)
{
	struct kube_cache *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		fault_nomem(f);
		return NULL;
	}
	c->w.keep = 1;
	c->w.cache_fn = fn;
	c->w.arg = arg;
	return kube_watch_start(&c->w, k, path, query, f) == 0 ? c : NULL;
}

void
kube_cache_free(struct kube_cache *c)
{
	if (c != NULL)
		kube_watch_free(&c->w);
}

const char *
kube_cache_trouble(const struct kube_cache *c)
{
	return kube_watch_trouble(&c->w);
}

int
kube_cache_synced(const struct kube_cache *c)
{
	return c->w.synced;
}

const cJSON *
kube_cache_get(const struct kube_cache *c, const char *ns, const char *name)
{
	struct kube_entry *e =
	    kube_map_get(&c->w.known, ns != NULL ? ns : "", name);

	return e != NULL ? e->object : NULL;
}

int
kube_cache_each(const struct kube_cache *c,
    int (*fn)(void *arg, const cJSON *object), void *arg)
{
	struct kube_entry *e;
	size_t i;
	int r;

	for (i = 0; i < c->w.known.slots; i++)
		for (e = c->w.known.slot[i]; e != NULL; e = e->next) {
			r = e->object != NULL ? fn(arg, e->object) : 0;
			if (r != 0)
				return r;
		}
	return 0;
}
