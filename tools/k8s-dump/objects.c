/*
 * All that can be listed in the namespace, kinds in the order of discovery,
 * several lists under way at once.  What cannot be had is told and passed
 * over: a dump is made when things are broken.
 */
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "lib/kube_event.h"
#include "tool.h"

#define AT_ONCE 8
#define PATIENCE_MS 5000

struct listings;

struct listing {
	struct listings *all;
	struct kube_kind kind;
	cJSON *list; /* NULL: none is there, or */
	char *why;   /* it is not to be had */
};

struct listings {
	struct dump *d;
	struct listing **v;
	size_t n;
	unsigned running;
};

/* Kinds that say again what others say, or nothing of use. */
static int
is_double(const struct kube_kind *k)
{
	return strcmp(k->group, "events.k8s.io") == 0 ||
	       strcmp(k->group, "extensions") == 0 ||
	       strcmp(k->group, "metrics.k8s.io") == 0;
}

/* Of what cannot be listed, such as a TokenReview, nothing is stored. */
static int
add_kind(void *arg, const struct kube_kind *kind)
{
	struct listings *l = arg;
	struct listing **v, *one;

	if (!kind->namespaced || !kind->listable || is_double(kind))
		return 0;
	v = reallocarray(l->v, l->n + 1, sizeof(*v));
	if (v == NULL)
		return 1;
	l->v = v;
	one = calloc(1, sizeof(*one));
	if (one == NULL)
		return 1;
	one->all = l;
	one->kind = *kind;
	v[l->n++] = one;
	return 0;
}

/* A part that is missing is told, and makes the exit status 3: a dump that
 * looks whole and is not would mislead. */
static void
unavailable(struct dump *d, const char *what, const char *why)
{
	tool_warn("%s: %s", what, why);
	d->status = tool_worse(d->status, FAULT_UNSURE);
}

static void
on_list(void *arg, const struct kube_answer *a)
{
	struct listing *one = arg;

	one->all->running--;
	/* 405 and 404: nothing of the kind can be there */
	if (a->status == 404 || a->status == 405)
		return;
	/* the server's words to it are another sentence for each kind */
	if (a->status == 403)
		one->why = strdup("no right to list these");
	else if (!kube_ok(a))
		one->why = strdup(a->message);
	else
		one->list = cJSON_Duplicate(a->body, 1);
	if (one->list == NULL && one->why == NULL)
		unavailable(one->all->d, one->kind.resource, "out of memory");
}

/*
 * Not in pages: a namespace's objects of one kind are few, and a token for the
 * next page may expire while the server is in trouble.
 */
static int
start(struct listing *one, struct fault *f)
{
	struct kube_request rq = { .method = "GET",
		.patience_ms = PATIENCE_MS,
		.done = on_list,
		.arg = one };
	struct dump *d = one->all->d;
	struct buf path;
	int r = -1;

	buf_init(&path, 4096);
	kube_path(&path, &one->kind, d->ns, NULL);
	rq.path = buf_str(&path);
	if (buf_check(&path, one->kind.resource, f) == 0 &&
	    kube_start(d->kube, &rq, f) != NULL) {
		one->all->running++;
		r = 0;
	}
	buf_release(&path);
	return r;
}

static int
fetch(struct listings *l, struct fault *f)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		while (l->running >= AT_ONCE)
			if (loop_once(l->d->loop, -1, f) != 0)
				return -1;
		if (start(l->v[i], f) != 0)
			return -1;
	}
	while (l->running > 0)
		if (loop_once(l->d->loop, -1, f) != 0)
			return -1;
	return 0;
}

static void
add_name(struct buf *b, const struct kube_kind *kind)
{
	buf_addf(b, "%s%s%s%s", b->len > 0 ? ", " : "", kind->resource,
	    kind->group[0] != '\0' ? "." : "", kind->group);
}

/* What is not to be had: a line for each reason. */
static void
tell_missing(struct listings *l)
{
	struct listing *one, *other;
	struct buf names;
	size_t i, j;

	buf_init(&names, 1 << 16);
	for (i = 0; i < l->n; i++) {
		one = l->v[i];
		if (one->why == NULL)
			continue;
		buf_clear(&names);
		add_name(&names, &one->kind);
		for (j = i + 1; j < l->n; j++) {
			other = l->v[j];
			if (other->why == NULL ||
			    strcmp(other->why, one->why) != 0)
				continue;
			add_name(&names, &other->kind);
			free(other->why);
			other->why = NULL;
		}
		unavailable(l->d, buf_str(&names), one->why);
	}
	buf_release(&names);
}

/* Events in the order in which they came about. */
static void
tell_events(struct dump *d, const cJSON *list)
{
	const cJSON *items = json_at(list, "items", NULL), *e, **v;
	size_t i = 0, n = (size_t)cJSON_GetArraySize(items);

	v = calloc(n + 1, sizeof(*v));
	if (v == NULL) {
		unavailable(d, "events", "out of memory");
		return;
	}
	cJSON_ArrayForEach(e, items)
		v[i++] = e;
	qsort(v, n, sizeof(*v), kube_event_order);
	for (i = 0; i < n && !d->failed; i++)
		out_event(d, v[i]);
	free(v);
}

/*
 * An item of a list as an object of its own.  Items bear neither apiVersion nor
 * kind, since the list does; a file that can be applied again needs both, in
 * front, where people look for them.
 */
static cJSON *
as_object(cJSON *item, const struct kube_kind *kind)
{
	cJSON *o = cJSON_CreateObject(), *child;
	char version[200];

	snprintf(version, sizeof(version), "%s%s%s", kind->group,
	    kind->group[0] != '\0' ? "/" : "", kind->version);
	json_set_str(o, "apiVersion", version);
	json_set_str(o, "kind", kind->kind);
	while (o != NULL && (child = item->child) != NULL) {
		cJSON_DetachItemViaPointer(item, child);
		if (strcmp(child->string, "apiVersion") == 0 ||
		    strcmp(child->string, "kind") == 0)
			cJSON_Delete(child);
		else
			cJSON_AddItemToArray(o, child);
	}
	return o;
}

static void
tell_objects(struct dump *d, struct listing *one)
{
	cJSON *item, *o;

	cJSON_ArrayForEach(item, json_at(one->list, "items", NULL)) {
		o = as_object(item, &one->kind);
		if (o == NULL)
			unavailable(d, one->kind.resource, "out of memory");
		else
			out_object(d, &one->kind, o);
		cJSON_Delete(o);
	}
}

/* All lists, in the order of discovery: core first, then by group. */
static void
tell_all(struct listings *l)
{
	struct dump *d = l->d;
	struct listing *one;
	int core;
	size_t i;

	for (i = 0; i < l->n; i++) {
		one = l->v[i];
		core = one->kind.group[0] == '\0';
		if (core && strcmp(one->kind.resource, "events") == 0) {
			tell_events(d, one->list);
			continue;
		}
		/* the logs' part needs them as well */
		if (core && strcmp(one->kind.resource, "pods") == 0)
			d->pods = cJSON_Duplicate(one->list, 1);
		tell_objects(d, one);
	}
}

/* The namespace itself: what its conditions say may be the reason. */
static int
tell_namespace(struct dump *d, struct fault *f)
{
	static const struct kube_kind kind = { .version = "v1",
		.kind = "Namespace",
		.resource = "namespaces",
		.singular = "namespace" };
	struct kube_answer a = { 0 };
	cJSON *ns = NULL;
	struct buf path;
	int r;

	buf_init(&path, 4096);
	kube_path(&path, &kind, NULL, d->ns);
	r = buf_check(&path, d->ns, f);
	if (r == 0)
		r = kube_call(d->kube, "GET", buf_str(&path), NULL, NULL, &ns,
		    &a.status, f);
	buf_release(&path);
	if (r == 0 && kube_ok(&a)) {
		out_object(d, &kind, ns);
	} else if (r == 0) {
		a.message = json_str(ns, "message", NULL);
		if (a.message == NULL)
			a.message = "refused";
		if (a.status == 404)
			r = kube_fault(&a, d->ns, f);
		else
			unavailable(d, d->ns, a.message);
	}
	cJSON_Delete(ns);
	return r;
}

int
dump_objects(struct dump *d, struct fault *f)
{
	struct listings l = { .d = d };
	struct buf missing;
	size_t i;
	int r;

	if (tell_namespace(d, f) != 0)
		return -1;
	buf_init(&missing, 1 << 16);
	r = kube_kind_each(d->kube, add_kind, &l, &missing, f);
	if (r == 1)
		r = fault_nomem(f);
	if (missing.len > 0)
		unavailable(d, "discovery", buf_str(&missing));
	buf_release(&missing);
	if (r == 0)
		r = fetch(&l, f);
	tell_missing(&l);
	if (r == 0)
		tell_all(&l);
	for (i = 0; i < l.n; i++) {
		cJSON_Delete(l.v[i]->list);
		free(l.v[i]->why);
		free(l.v[i]);
	}
	free(l.v);
	return r;
}
