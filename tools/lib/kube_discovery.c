/*
 * Which kinds there are, and their paths.  The core group and the list of
 * groups are fetched together, then the groups' lists, a few at a time; when
 * the version is known from the start, its one list is enough.  A group whose
 * server is down (an aggregated API) does not hide the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_discovery.h"

#define DISCOVERY_AT_ONCE 6
#define DISCOVERY_PATIENCE_MS 2000 /* for a group's list */

void
kube_discovery_free(struct kube_discovery *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->n; i++) {
		cJSON_Delete(d->v[i]->list);
		free(d->v[i]);
	}
	free(d->v);
	cJSON_Delete(d->groups);
	kube_discovery_free(d->older);
	free(d);
}

struct kube_discovery *
kube_discovery(struct kube *k, struct fault *f)
{
	if (k->discovery == NULL) {
		k->discovery = calloc(1, sizeof(*k->discovery));
		if (k->discovery == NULL)
			fault_nomem(f);
		else
			k->discovery->k = k;
	}
	return k->discovery;
}

void
kube_kind_forget(struct kube *k)
{
	struct kube_discovery *d;

	if (k->discovery == NULL)
		return;
	/* somebody further up the stack may be waiting for its lists */
	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return; /* then what is known has to do */
	d->k = k;
	d->older = k->discovery;
	k->discovery = d;
	if (d->older->running == 0 && d->older->waiting == 0 &&
	    d->older->older == NULL) {
		kube_discovery_free(d->older);
		d->older = NULL;
	}
}

static struct gv *
gv_find(const struct kube_discovery *d, const char *group, const char *version)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->v[i]->group, group) == 0 &&
		    strcmp(d->v[i]->version, version) == 0)
			return d->v[i];
	return NULL;
}

static struct gv *
gv_add(struct kube_discovery *d, const char *group, const char *version,
    struct fault *f)
{
	struct gv *g = gv_find(d, group, version), **v;

	if (g != NULL)
		return g;
	v = reallocarray(d->v, d->n + 1, sizeof(*v));
	if (v == NULL)
		goto nomem;
	d->v = v;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		goto nomem;
	g->d = d;
	snprintf(g->group, sizeof(g->group), "%s", group);
	snprintf(g->version, sizeof(g->version), "%s", version);
	v[d->n++] = g;
	return g;
nomem:
	fault_nomem(f);
	return NULL;
}

static void
on_list(void *arg, const struct kube_answer *a)
{
	struct gv *g = arg;

	g->d->running--;
	g->done = 1;
	if (kube_ok(a) && a->body != NULL) {
		g->list = cJSON_Duplicate(a->body, 1);
		if (g->list == NULL)
			snprintf(
			    g->trouble, sizeof(g->trouble), "out of memory");
	} else if (a->status != 404) {
		snprintf(g->trouble, sizeof(g->trouble), "%s",
		    kube_ok(a) ? "its answer is not JSON" : a->message);
	}
}

static int
ask_list(struct gv *g, double patience_ms, struct fault *f)
{
	struct kube_request rq = { .method = "GET",
		.patience_ms = patience_ms,
		.done = on_list,
		.arg = g };
	struct buf path;
	int r = -1;

	buf_init(&path, 4096);
	if (g->group[0] == '\0') {
		buf_adds(&path, "/api/");
	} else {
		buf_adds(&path, "/apis/");
		http_escape(&path, g->group, strlen(g->group), 0);
		buf_addc(&path, '/');
	}
	http_escape(&path, g->version, strlen(g->version), 0);
	rq.path = buf_str(&path);
	if (buf_check(&path, "discovery", f) == 0 &&
	    kube_start(g->d->k, &rq, f) != NULL)
		r = 0;
	buf_release(&path);
	if (r == 0) {
		g->asked = 1;
		g->d->running++;
	}
	return r;
}

static void
on_groups(void *arg, const struct kube_answer *a)
{
	struct kube_discovery *d = arg;

	d->running--;
	if (kube_ok(a) && a->body != NULL)
		d->groups = cJSON_Duplicate(a->body, 1);
	else
		snprintf(d->trouble, sizeof(d->trouble), "%s",
		    kube_ok(a) ? "its answer is not JSON" : a->message);
}

/* Turns the loop until at most n requests are under way. */
static int
wait_for(struct kube_discovery *d, int n, struct fault *f)
{
	int r = 0;

	d->waiting++;
	while (r == 0 && d->running > n)
		r = kube_turn(d->k, -1, f);
	d->waiting--;
	return r;
}

/* The preferred version of each group comes first. */
static int
add_groups(struct kube_discovery *d, struct fault *f)
{
	const cJSON *group, *version;
	const char *name, *v, *preferred;
	struct gv *g;

	cJSON_ArrayForEach(group, json_at(d->groups, "groups", NULL)) {
		name = json_str(group, "name", NULL);
		preferred =
		    json_str(group, "preferredVersion", "version", NULL);
		if (name == NULL)
			continue;
		if (preferred != NULL) {
			g = gv_add(d, name, preferred, f);
			if (g == NULL)
				return -1;
			g->preferred = 1;
		}
		cJSON_ArrayForEach(version, json_at(group, "versions", NULL)) {
			v = json_str(version, "version", NULL);
			if (v != NULL && gv_add(d, name, v, f) == NULL)
				return -1;
		}
	}
	return 0;
}

int
kube_discovery_all(struct kube_discovery *d, struct fault *f)
{
	struct kube_request rq = {
		.method = "GET", .path = "/apis", .done = on_groups, .arg = d
	};
	struct gv *core = gv_add(d, "", "v1", f);
	size_t i;

	if (core == NULL || (!core->asked && ask_list(core, 0, f) != 0))
		return -1;
	core->preferred = 1;
	if (kube_start(d->k, &rq, f) == NULL)
		return -1;
	d->running++;
	if (wait_for(d, 0, f) != 0 || add_groups(d, f) != 0)
		return -1;
	for (i = 0; i < d->n; i++) {
		if (d->v[i]->asked)
			continue;
		if (wait_for(d, DISCOVERY_AT_ONCE - 1, f) != 0 ||
		    ask_list(d->v[i], DISCOVERY_PATIENCE_MS, f) != 0)
			return -1;
	}
	if (wait_for(d, 0, f) != 0)
		return -1;
	d->complete = 1;
	return 0;
}

int
kube_discovery_ask(struct kube_discovery *d, const char *group,
    const char *version, struct fault *f)
{
	struct gv *g = gv_add(d, group, version, f);

	return g != NULL && (g->asked || ask_list(g, 0, f) == 0) ? 0 : -1;
}

struct gv *
kube_discovery_one(struct kube_discovery *d, const char *group,
    const char *version, struct fault *f)
{
	struct gv *g = gv_add(d, group, version, f);

	if (g == NULL || (!g->asked && ask_list(g, 0, f) != 0))
		return NULL;
	d->waiting++;
	while (!g->done && kube_turn(d->k, -1, f) == 0)
		;
	d->waiting--;
	return g->done ? g : NULL;
}
