/*
 * What is applied, and in which order.  All of the input is looked at before
 * the first request changes anything, so that a misspelt kind in the last
 * file does not leave half an application behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "tool.h"

#define NEW_KIND_FIRST_MS 20
#define NEW_KIND_LAST_MS 500

/*
 * The order is that of Helm (kind_sorter.go) and cli-utils (ordering/sort.go);
 * only what would be refused, or start without what it needs, is kept behind a
 * tier's end.  As in Helm, a kind counts by its name, whatever its group.
 */
static const struct {
	const char *kind;
	enum tier tier;
} ranks[] = {
	{ "Namespace", TIER_NAMESPACE },
	{ "CustomResourceDefinition", TIER_CRD },
	{ "PriorityClass", TIER_CONFIG },
	{ "NetworkPolicy", TIER_CONFIG },
	{ "ResourceQuota", TIER_CONFIG },
	{ "LimitRange", TIER_CONFIG },
	{ "PodDisruptionBudget", TIER_CONFIG },
	{ "ServiceAccount", TIER_CONFIG },
	{ "Secret", TIER_CONFIG },
	{ "ConfigMap", TIER_CONFIG },
	{ "StorageClass", TIER_CONFIG },
	{ "PersistentVolume", TIER_CONFIG },
	{ "PersistentVolumeClaim", TIER_CONFIG },
	{ "ClusterRole", TIER_CONFIG },
	{ "ClusterRoleBinding", TIER_CONFIG },
	{ "Role", TIER_CONFIG },
	{ "RoleBinding", TIER_CONFIG },
	{ "Service", TIER_CONFIG },
	{ "DaemonSet", TIER_WORKLOAD },
	{ "Pod", TIER_WORKLOAD },
	{ "ReplicationController", TIER_WORKLOAD },
	{ "ReplicaSet", TIER_WORKLOAD },
	{ "Deployment", TIER_WORKLOAD },
	{ "StatefulSet", TIER_WORKLOAD },
	{ "Job", TIER_WORKLOAD },
	{ "CronJob", TIER_WORKLOAD },
};

static const char *
text(const struct object *o, const char *key)
{
	return json_str(o->from->object, key, NULL);
}

char *
object_name(const struct object *o, char *out, size_t size)
{
	snprintf(out, size, "%s:%lu: %s %s%s%s", o->from->source, o->from->line,
	    text(o, "kind"), o->ns != NULL ? o->ns : "",
	    o->ns != NULL ? "/" : "", o->name);
	return out;
}

static void
set_rank(struct object *o)
{
	const char *kind = text(o, "kind");
	unsigned i;

	o->tier = TIER_REST;
	o->rank = sizeof ranks / sizeof *ranks;
	for (i = 0; i < sizeof ranks / sizeof *ranks; i++)
		if (strcmp(kind, ranks[i].kind) == 0) {
			o->tier = ranks[i].tier;
			o->rank = i;
			return;
		}
}

/* 1 when a CRD of the input defines o's kind. */
static int
defined_here(const struct apply *a, const struct object *o)
{
	const char *api = text(o, "apiVersion"), *kind = text(o, "kind");
	size_t i, group = strcspn(api, "/");

	for (i = 0; i < a->n; i++) {
		const cJSON *spec = json_at(a->v[i].from->object, "spec", NULL);
		const char *g = json_str(spec, "group", NULL);
		const char *k = json_str(spec, "names", "kind", NULL);

		if (a->v[i].tier == TIER_CRD && g != NULL && k != NULL &&
		    strcmp(k, kind) == 0 && strlen(g) == group &&
		    strncmp(g, api, group) == 0)
			return 1;
	}
	return 0;
}

/*
 * The namespace that the object goes to; 0, or an exit status (told).  As with
 * kubectl, -n does not move an object that names another namespace.
 */
static int
set_namespace(const struct apply *a, struct object *o)
{
	const char *own =
	    json_str(o->from->object, "metadata", "namespace", NULL);

	o->ns = NULL;
	if (!o->kind.namespaced) {
		/* servers drop it as well, but not that of a Namespace */
		cJSON_DeleteItemFromObjectCaseSensitive(
		    json_at(o->from->object, "metadata", NULL), "namespace");
		return 0;
	}
	o->ns = own != NULL && *own != '\0' ? own : a->ns;
	if (!a->forced_ns || strcmp(o->ns, a->ns) == 0)
		return 0;
	tool_warn("%s:%lu: %s %s: the object names the namespace %s, -n the "
		  "namespace %s",
	    o->from->source, o->from->line, text(o, "kind"), o->name, o->ns,
	    a->ns);
	return FAULT_INPUT;
}

/* 1 when the object before is of the same kind, which then is o's. */
static int
same_kind(const struct apply *a, struct object *o)
{
	const struct object *before = o - 1;

	if (o == a->v || !before->known ||
	    strcmp(text(before, "kind"), text(o, "kind")) != 0 ||
	    strcmp(text(before, "apiVersion"), text(o, "apiVersion")) != 0)
		return 0;
	o->kind = before->kind;
	return 1;
}

/* Manifests have kinds in full, operands of tools need not. */
static int
find_kind(struct apply *a, struct object *o, struct fault *f)
{
	const char *api = text(o, "apiVersion"), *kind = text(o, "kind");

	if (kube_kind_find(a->kube, api, kind, &o->kind, f) != 0)
		return -1;
	if (strcmp(o->kind.kind, kind) == 0)
		return 0;
	return fault_set(f, FAULT_INPUT,
	    "%s: no such kind in %s; did you mean %s", kind, api, o->kind.kind);
}

static int
set_kind(struct apply *a, struct object *o)
{
	struct fault f = { 0 };
	int here;

	if (same_kind(a, o) || find_kind(a, o, &f) == 0) {
		o->known = 1;
		return set_namespace(a, o);
	}
	if (f.code != FAULT_INPUT)
		return tool_fault(&f);
	here = defined_here(a, o);
	if (here && !a->dry_run)
		return 0;
	tool_warn("%s:%lu: %s%s", o->from->source, o->from->line, f.msg,
	    here ? "; its definition is in this input, but a dry run "
		   "defines nothing" :
		   "");
	return FAULT_INPUT;
}

static int
by_order(const void *left, const void *right)
{
	const struct object *a = *(struct object *const *)left;
	const struct object *b = *(struct object *const *)right;

	if (a->tier != b->tier)
		return a->tier < b->tier ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Not by version: an object is the same one in each that is served. */
static int
by_identity(const void *left, const void *right)
{
	const struct object *a = *(struct object *const *)left;
	const struct object *b = *(struct object *const *)right;
	int c = strcmp(a->kind.resource, b->kind.resource);

	if (c == 0)
		c = strcmp(a->kind.group, b->kind.group);
	if (c == 0)
		c = strcmp(
		    a->ns != NULL ? a->ns : "", b->ns != NULL ? b->ns : "");
	if (c == 0)
		c = strcmp(a->name, b->name);
	return c;
}

/* Requests run side by side: which of two texts won would be chance. */
static int
check_duplicates(struct apply *a)
{
	char first[512], second[512];
	int status = 0;
	size_t i;

	qsort(a->order, a->n, sizeof *a->order, by_identity);
	for (i = 1; i < a->n; i++) {
		struct object *x = a->order[i - 1], *y = a->order[i];

		if (!x->known || !y->known || by_identity(&x, &y) != 0)
			continue;
		snprintf(first, sizeof first, "%s:%lu", x->from->source,
		    x->from->line);
		tool_warn("%s: also given in %s",
		    object_name(y, second, sizeof second), first);
		status = FAULT_INPUT;
	}
	return status;
}

int
plan_make(struct apply *a, const struct manifests *m)
{
	struct fault f = { 0 };
	int status = 0;
	size_t i;

	a->n = m->n;
	a->v = calloc(m->n > 0 ? m->n : 1, sizeof *a->v);
	a->order = calloc(m->n > 0 ? m->n : 1, sizeof *a->order);
	if (a->v == NULL || a->order == NULL) {
		tool_warn("out of memory");
		return FAULT_UNSURE;
	}
	for (i = 0; i < m->n; i++) {
		struct object *o = &a->v[i];

		o->from = &m->v[i];
		o->run = a;
		o->index = i;
		o->name = json_str(m->v[i].object, "metadata", "name", NULL);
		set_rank(o);
		a->order[i] = o;
		/* one that was read from a server may carry them, but apply
		 * with managedFields is refused (KEP-555) */
		cJSON_DeleteItemFromObjectCaseSensitive(
		    json_at(m->v[i].object, "metadata", NULL), "managedFields");
	}
	/* their lists come beside each other; what fails is told below */
	for (i = 0; i < a->n; i++)
		kube_kind_expect(a->kube, text(&a->v[i], "apiVersion"), &f);
	/* no answer for one kind is no answer for any */
	for (i = 0; i < a->n && status != FAULT_UNSURE; i++)
		status = tool_worse(status, set_kind(a, &a->v[i]));
	if (status == 0)
		status = check_duplicates(a);
	for (i = 0; i < a->n && a->v[i].known; i++)
		;
	if (i == a->n)
		kube_kind_forget(a->kube); /* its memory is of use */
	qsort(a->order, a->n, sizeof *a->order, by_order);
	return status;
}

/*
 * Looks up the kind of o.  Discovery is written by another controller than the
 * condition Established (both in apiextensions-apiserver), so that a kind may
 * be missing there for a moment; patient: it will come.
 */
static int
find_new_kind(struct apply *a, struct object *o, int patient, struct fault *f)
{
	double wait = NEW_KIND_FIRST_MS, left;

	for (;;) {
		if (find_kind(a, o, f) == 0)
			return 0;
		left = a->deadline - clock_ms();
		if (!patient || f->code != FAULT_INPUT || left <= 0)
			return -1;
		if (loop_pause(a->loop, wait < left ? wait : left, f) != 0)
			return -1;
		wait =
		    wait * 2 < NEW_KIND_LAST_MS ? wait * 2 : NEW_KIND_LAST_MS;
		kube_kind_forget(a->kube);
	}
}

int
plan_again(struct apply *a, int established)
{
	int status = 0, forgot = 0;
	size_t i;

	for (i = 0; i < a->n; i++) {
		struct object *o = &a->v[i];
		struct fault f = { 0 };

		if (o->known || o->result != R_PENDING)
			continue;
		if (!forgot)
			kube_kind_forget(a->kube);
		forgot = 1;
		if (find_new_kind(a, o, established, &f) != 0) {
			/* it is in the input: the server's fault, not ours */
			object_fail(o,
			    f.code == FAULT_INPUT ? FAULT_NO : f.code, "%s",
			    f.msg);
			continue;
		}
		o->known = o->is_new = 1;
		if (set_namespace(a, o) != 0) {
			object_fail(o, FAULT_INPUT, "namespaces differ");
			status = FAULT_INPUT;
		}
	}
	return status;
}

void
plan_release(struct apply *a)
{
	size_t i;

	for (i = 0; i < a->n && a->v != NULL; i++) {
		cJSON_Delete(a->v[i].before);
		cJSON_Delete(a->v[i].after);
		free(a->v[i].error);
	}
	free(a->v);
	free(a->order);
}
