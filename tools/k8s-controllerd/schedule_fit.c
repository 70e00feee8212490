/*
 * Whether a pod fits on a node: see schedule.h.
 */
#include <stdio.h>
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
selects(const cJSON *pod, const cJSON *node)
{
	const cJSON *want;
	const char *have;

	cJSON_ArrayForEach(want, json_at(pod, "spec", "nodeSelector", NULL)) {
		have = meta_label(node, want->string);
		if (have == NULL || !cJSON_IsString(want) ||
		    strcmp(have, want->valuestring) != 0)
			return 0;
	}
	return 1;
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

/* A taint that keeps the pod away, or NULL. */
static const cJSON *
bad_taint(const cJSON *node, const cJSON *pod)
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
	const cJSON *taint = bad_taint(node, pod);
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
	} else if (!selects(pod, node))
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
