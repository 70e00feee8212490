/*
 * Whether a pod fits on a node: see schedule.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/schedule.h"
#include "lib/quantity.h"

static double
asked(const cJSON *container, const char *what)
{
	const cJSON *v =
	    json_at(container, "resources", "requests", what, NULL);
	double n;

	if (v == NULL)
		v = json_at(container, "resources", "limits", what, NULL);
	return quantity_json(v, &n) == 0 && n > 0 ? n : 0;
}

struct requests
pod_requests(const cJSON *pod)
{
	struct requests sum = { 0, 0 }, one;
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(pod, "spec", "containers", NULL)) {
		sum.cpu += asked(c, "cpu");
		sum.memory += asked(c, "memory");
	}
	cJSON_ArrayForEach(c, json_at(pod, "spec", "initContainers", NULL)) {
		one.cpu = asked(c, "cpu");
		one.memory = asked(c, "memory");
		if (one.cpu > sum.cpu)
			sum.cpu = one.cpu;
		if (one.memory > sum.memory)
			sum.memory = one.memory;
	}
	return sum;
}

static int
holds(const cJSON *list, const char *s)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, list)
		if (cJSON_IsString(v) && strcmp(v->valuestring, s) == 0)
			return 1;
	return 0;
}

/* Gt and Lt compare whole numbers; what is none does not match. */
static int
compares(const cJSON *want, const char *have, int greater)
{
	const char *s = cJSON_GetStringValue(cJSON_GetArrayItem(want, 0));
	char *end, *end2;
	long long a, b;

	if (s == NULL || have == NULL)
		return 0;
	a = strtoll(have, &end, 10);
	b = strtoll(s, &end2, 10);
	return end != have && *end == '\0' && end2 != s && *end2 == '\0' &&
	       (greater ? a > b : a < b);
}

/* One requirement of a term against a label or the name (NULL: not there). */
static int requires(const cJSON *r, const char *have)
{
	const cJSON *values = json_at(r, "values", NULL);

	if (json_is(r, "operator", "In"))
		return have != NULL && holds(values, have);
	if (json_is(r, "operator", "NotIn"))
		return have == NULL || !holds(values, have);
	if (json_is(r, "operator", "Exists"))
		return have != NULL;
	if (json_is(r, "operator", "DoesNotExist"))
		return have == NULL;
	return compares(values, have, json_is(r, "operator", "Gt"));
}

/* All requirements of a term; one without any selects nothing. */
static int
term_selects(const cJSON *term, const cJSON *node)
{
	const cJSON *labels = json_at(term, "matchExpressions", NULL), *r;
	const cJSON *fields = json_at(term, "matchFields", NULL);
	const char *key;

	cJSON_ArrayForEach(r, labels) {
		key = json_str(r, "key", NULL);
		if (!requires(r, key != NULL ? meta_label(node, key) : NULL))
			return 0;
	}
	cJSON_ArrayForEach(r, fields)
		if (!requires(r, json_is(r, "key", "metadata.name") ?
				     meta_name(node) :
				     NULL))
			return 0;
	return cJSON_GetArraySize(labels) + cJSON_GetArraySize(fields) > 0;
}

static int
affine(const cJSON *pod, const cJSON *node)
{
	const cJSON *must = json_at(pod, "spec", "affinity", "nodeAffinity",
	    "requiredDuringSchedulingIgnoredDuringExecution", NULL);
	const cJSON *term;

	if (must == NULL)
		return 1;
	cJSON_ArrayForEach(term, json_at(must, "nodeSelectorTerms", NULL))
		if (term_selects(term, node))
			return 1;
	return 0;
}

int
node_selected(const cJSON *node, const cJSON *pod)
{
	const cJSON *want;
	const char *have;

	cJSON_ArrayForEach(want, json_at(pod, "spec", "nodeSelector", NULL)) {
		have = meta_label(node, want->string);
		if (have == NULL || !cJSON_IsString(want) ||
		    strcmp(have, want->valuestring) != 0)
			return 0;
	}
	return affine(pod, node);
}

static int
is_text(const cJSON *v, const char *key, const char *want, int otherwise)
{
	const char *s = json_str(v, key, NULL);

	return s == NULL ? otherwise : strcmp(s, want) == 0;
}

static int
tolerates(const cJSON *pod, const cJSON *taint)
{
	const char *key = json_str(taint, "key", NULL);
	const char *value = json_str(taint, "value", NULL);
	const char *effect = json_str(taint, "effect", NULL);
	const cJSON *t;

	cJSON_ArrayForEach(t, json_at(pod, "spec", "tolerations", NULL)) {
		if (!is_text(t, "effect", effect != NULL ? effect : "", 1))
			continue;
		if (!is_text(t, "key", key != NULL ? key : "",
			is_text(t, "operator", "Exists", 0)))
			continue;
		if (is_text(t, "operator", "Exists", 0) ||
		    is_text(t, "value", value != NULL ? value : "",
			value == NULL || *value == '\0'))
			return 1;
	}
	return 0;
}

const cJSON *
node_taint(const cJSON *node, const cJSON *pod)
{
	const cJSON *t;

	cJSON_ArrayForEach(t, json_at(node, "spec", "taints", NULL))
		if (!is_text(t, "effect", "PreferNoSchedule", 0) &&
		    !tolerates(pod, t))
			return t;
	return NULL;
}

/* Room for what is asked on top of what is used; unknown room is endless. */
static int
has_room(const cJSON *node, const char *what, double used, double more)
{
	const cJSON *v = json_at(node, "status", "allocatable", what, NULL);
	double all;

	if (quantity_json(v, &all) != 0)
		return 1;
	return more <= 0 || all < 0 || used + more <= all * (1 + 1e-9);
}

int
node_fits(const cJSON *node, const struct requests *used, const cJSON *pod,
    char *out, size_t size)
{
	struct requests more = pod_requests(pod);
	const cJSON *taint = node_taint(node, pod);
	const char *key;

	if (!meta_is(node, "Ready"))
		snprintf(out, size,
		    "node(s) had untolerated taint "
		    "{node.kubernetes.io/not-ready: }");
	else if (json_bool(json_at(node, "spec", NULL), "unschedulable", 0))
		snprintf(out, size, "node(s) were unschedulable");
	else if (taint != NULL) {
		key = json_str(taint, "key", NULL);
		snprintf(out, size, "node(s) had untolerated taint {%s: %s}",
		    key != NULL ? key : "",
		    json_str(taint, "value", NULL) != NULL ?
			json_str(taint, "value", NULL) :
			"");
	} else if (!node_selected(node, pod))
		snprintf(out, size,
		    "node(s) didn't match Pod's node affinity/selector");
	else if (!has_room(node, "cpu", used->cpu, more.cpu))
		snprintf(out, size, "Insufficient cpu");
	else if (!has_room(node, "memory", used->memory, more.memory))
		snprintf(out, size, "Insufficient memory");
	else
		return 1;
	return 0;
}
