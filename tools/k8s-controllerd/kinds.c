/*
 * Discovery without blocking: see kinds.h.  lib/kube's own turns the loop
 * until it is answered, which a daemon's callbacks must not do.
 */
#include "k8s-controllerd/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define MAX_KINDS 4096

static void
clear(struct kinds *k)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		free(k->paths[i]);
		free(k->names[i]);
	}
	free(k->paths);
	free(k->names);
	k->paths = k->names = NULL;
	k->n = 0;
}

void
kinds_release(struct control *c)
{
	if (c->kinds != NULL)
		clear(c->kinds);
	free(c->kinds);
	c->kinds = NULL;
}

static int
add(struct kinds *k, const char *path, const char *name)
{
	char **p = reallocarray(k->paths, k->n + 1, sizeof *p), **q;

	if (p != NULL)
		k->paths = p;
	q = reallocarray(k->names, k->n + 1, sizeof *q);
	if (q != NULL)
		k->names = q;
	if (p == NULL || q == NULL || k->n == MAX_KINDS)
		return -1;
	p[k->n] = strdup(path);
	q[k->n] = strdup(name);
	if (p[k->n] == NULL || q[k->n] == NULL) {
		free(p[k->n]);
		free(q[k->n]);
		return -1;
	}
	k->n++;
	return 0;
}

static int
has_verb(const cJSON *resource, const char *verb)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, json_at(resource, "verbs", NULL))
		if (cJSON_IsString(v) && strcmp(v->valuestring, verb) == 0)
			return 1;
	return 0;
}

static void
ask(struct control *c, struct work *w, const char *path,
    void (*then)(struct control *c, struct work *w, void *arg,
	const struct kube_answer *a))
{
	struct act a = { .method = "GET",
		.resource = RESOURCES,
		.path = path,
		.unseen = 1,
		.then = then };

	c->kinds->asking++;
	act(c, w, &a);
}

/* The last answer makes the key go on. */
static void
answered(struct control *c, struct work *w, int good)
{
	c->kinds->failed |= !good;
	if (--c->kinds->asking == 0)
		w->again = 1;
}

static void
on_list(
    struct control *c, struct work *w, void *arg, const struct kube_answer *a)
{
	const char *version = json_str(a->body, "groupVersion", NULL);
	const cJSON *r, *list;
	const char *name;
	char path[200];
	int good = kube_ok(a) && version != NULL;

	(void)arg;
	if (good)
		snprintf(path, sizeof path, "/%s/%s",
		    strchr(version, '/') != NULL ? "apis" : "api", version);
	list = json_at(good ? a->body : NULL, "resources", NULL);
	cJSON_ArrayForEach(r, list) {
		name = json_str(r, "name", NULL);
		if (name != NULL && json_bool(r, "namespaced", 0) &&
		    strchr(name, '/') == NULL && has_verb(r, "delete") &&
		    has_verb(r, "list") && add(c->kinds, path, name) != 0)
			good = 0;
	}
	answered(c, w, good);
}

static void
on_groups(
    struct control *c, struct work *w, void *arg, const struct kube_answer *a)
{
	const cJSON *g;
	const char *version;
	char path[200];

	(void)arg;
	cJSON_ArrayForEach(g, json_at(a->body, "groups", NULL)) {
		version = json_str(g, "preferredVersion", "groupVersion", NULL);
		if (version == NULL || strcmp(version, "events.k8s.io/v1") == 0)
			continue; /* the core group's events once more */
		snprintf(path, sizeof path, "/apis/%.150s", version);
		ask(c, w, path, on_list);
	}
	answered(c, w, kube_ok(a));
}

int
kinds_ready(struct control *c, struct work *w, double max_age_ms)
{
	struct kinds *k = c->kinds;

	if (k == NULL)
		k = c->kinds = calloc(1, sizeof *k);
	if (k == NULL) {
		work_later(c, w, 1000);
		return 0;
	}
	if (k->asking > 0) {
		work_later(c, w, 20);
		return 0;
	}
	if (k->n > 0 && !k->failed && clock_ms() - k->at < max_age_ms)
		return 1;
	clear(k);
	k->failed = 0;
	k->at = clock_ms();
	ask(c, w, "/api/v1", on_list);
	ask(c, w, "/apis", on_groups);
	return 0;
}
