/*
 * The watches.  Targets of one kind in one namespace share one; a single
 * object is watched by its name, what -l selects by its selector.  The pods of
 * workloads come from one watch of the namespace's pods, started with the
 * others and not once the workload's selector is known: so the first sight of a
 * pod is its creation, which startup times are counted from.
 */
#include <stdlib.h>
#include <string.h>

#include "tool.h"
#include "wait.h"

static int
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int
is_pods(const struct kube_kind *k)
{
	return k->group[0] == '\0' && strcmp(k->kind, "Pod") == 0;
}

/*
 * The watch was refused for good.  Its targets cannot be told any more; without
 * the pods, a workload's own status still tells, only failures show late.
 */
static void
broken(struct feed *d, const cJSON *status)
{
	const char *message = json_str(status, "message", NULL);
	struct wait *w = d->wait;
	struct kube_verdict why = { .state = KUBE_FAILED };
	size_t i;

	d->broken = 1;
	snprintf(why.reason, sizeof why.reason, "%s",
	    json_str(status, "reason", NULL) != NULL ?
		json_str(status, "reason", NULL) :
		"WatchFailed");
	snprintf(why.message, sizeof why.message, "%s",
	    message != NULL ? message : "the watch has ended");
	for (i = 0; i < w->n; i++)
		if (w->v[i]->feed == d && w->v[i]->outcome == WAITING)
			target_end(w->v[i], UNSURE, &why);
	/* 400: the server cannot read the selector */
	if (d->selector != NULL && !w->stop)
		fault_set(&w->fault,
		    json_num(status, "code", 0) == 400 ? FAULT_INPUT :
							 FAULT_UNSURE,
		    "%s -l %s: %s", d->kind.resource, d->selector, why.message);
	if (d->pods) {
		live_clear(w);
		tool_warn("pods cannot be watched, so failures show late: %s",
		    why.message);
	}
}

static void
event(void *arg, enum kube_event ev, const cJSON *object, double at_ms)
{
	struct feed *d = arg;
	struct wait *w = d->wait;
	const char *name;
	size_t i;

	if (ev == KUBE_SYNCED) {
		d->synced = 1;
		return;
	}
	if (ev == KUBE_BROKEN) {
		broken(d, object);
		return;
	}
	name = json_str(object, "metadata", "name", NULL);
	if (name == NULL)
		return;
	if (d->selector != NULL)
		selection_event(d, ev, object);
	if (is_pods(&d->kind))
		pod_event(d, ev, object, at_ms);
	/* a shared watch brings its whole collection */
	for (i = 0; i < w->n; i++)
		if (w->v[i]->feed == d && strcmp(w->v[i]->name, name) == 0)
			target_event(w->v[i], ev, object, at_ms);
}

struct feed *
feed_new(struct wait *w, const struct kube_kind *kind, const char *ns)
{
	struct feed *d = calloc(1, sizeof *d), **at = &w->feeds;

	if (d == NULL)
		return NULL;
	d->wait = w;
	d->kind = *kind;
	if (ns != NULL && (d->ns = strdup(ns)) == NULL) {
		free(d);
		return NULL;
	}
	/* at the end: what -l has not found is told in the operands' order */
	while (*at != NULL)
		at = &(*at)->next;
	*at = d;
	return d;
}

/* The feed for that collection; a new one watches name alone. */
static struct feed *
feed_for(struct wait *w, const struct kube_kind *kind, const char *ns,
    const char *name)
{
	struct feed *d;

	for (d = w->feeds; d != NULL; d = d->next)
		if (d->selector == NULL &&
		    strcmp(d->kind.resource, kind->resource) == 0 &&
		    strcmp(d->kind.group, kind->group) == 0 &&
		    same(d->ns, ns)) {
			if (!same(d->name, name))
				d->name = NULL;
			return d;
		}
	d = feed_new(w, kind, ns);
	if (d != NULL)
		d->name = name;
	return d;
}

static int
start(struct feed *d, struct fault *f)
{
	struct buf path, query;
	int rc = -1;

	buf_init(&path, 4096);
	buf_init(&query, 4096);
	kube_path(&path, &d->kind, d->ns, NULL);
	if (d->name != NULL) {
		kube_name_query(&query, d->name);
	} else if (d->selector != NULL) {
		buf_adds(&query, "labelSelector=");
		http_escape(&query, d->selector, strlen(d->selector), 0);
	}
	if (buf_check(&path, "path", f) == 0 &&
	    buf_check(&query, "query", f) == 0) {
		d->watch = kube_watch_new(d->wait->kube, buf_str(&path),
		    query.len > 0 ? buf_str(&query) : NULL, event, d, f);
		rc = d->watch != NULL ? 0 : -1;
	}
	buf_release(&path);
	buf_release(&query);
	return rc;
}

/* The feed of a namespace's pods; NULL without memory. */
static struct feed *
pods_feed(struct wait *w, const char *ns)
{
	static const struct kube_kind pods = { .version = "v1",
		.kind = "Pod",
		.resource = "pods",
		.singular = "pod",
		.namespaced = 1 };
	struct feed *d = feed_for(w, &pods, ns, NULL);

	if (d != NULL)
		d->pods = 1;
	return d;
}

int
feeds_start(struct wait *w, struct fault *f)
{
	struct feed *d;
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct target *t = w->v[i];

		t->feed = feed_for(w, &t->kind, t->ns, t->name);
		if (t->feed == NULL)
			return fault_nomem(f);
		if (t->workload && (t->pods_feed = pods_feed(w, t->ns)) == NULL)
			return fault_nomem(f);
	}
	for (d = w->feeds; d != NULL; d = d->next)
		if (d->selector != NULL && kind_has_pods(w, &d->kind) &&
		    (d->pods_feed = pods_feed(w, d->ns)) == NULL)
			return fault_nomem(f);
	for (d = w->feeds; d != NULL; d = d->next)
		if (start(d, f) != 0)
			return -1;
	return 0;
}

int
feeds_synced(const struct wait *w)
{
	const struct feed *d;

	for (d = w->feeds; d != NULL; d = d->next)
		if (!d->synced && !d->broken)
			return 0;
	return 1;
}

void
feeds_release(struct wait *w)
{
	struct feed *d;

	while ((d = w->feeds) != NULL) {
		w->feeds = d->next;
		kube_watch_free(d->watch);
		free(d->ns);
		free(d);
	}
}
