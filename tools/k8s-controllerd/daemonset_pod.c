/*
 * Pods of DaemonSets: see daemonset.h.  As upstream's, they go through the
 * scheduler, held to their node by a required affinity to its name.
 */
#include "k8s-controllerd/daemonset.h"

#include <stdio.h>
#include <string.h>

#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/schedule.h"
#include "k8s-controllerd/template.h"

#define REQUIRED "requiredDuringSchedulingIgnoredDuringExecution"

/* A node's troubles are no reason for a daemon to leave it. */
static int
add_tolerations(cJSON *spec)
{
	static const struct {
		const char *key, *effect;
	} all[] = {
		{ "node.kubernetes.io/not-ready", "NoExecute" },
		{ "node.kubernetes.io/unreachable", "NoExecute" },
		{ "node.kubernetes.io/disk-pressure", "NoSchedule" },
		{ "node.kubernetes.io/memory-pressure", "NoSchedule" },
		{ "node.kubernetes.io/pid-pressure", "NoSchedule" },
		{ "node.kubernetes.io/unschedulable", "NoSchedule" },
	};
	cJSON *list = json_at(spec, "tolerations", NULL), *t;
	size_t i;
	int bad = 0;

	if (list == NULL)
		list = cJSON_AddArrayToObject(spec, "tolerations");
	for (i = 0; i < sizeof all / sizeof all[0]; i++) {
		t = cJSON_CreateObject();
		bad |= json_set_str(t, "key", all[i].key);
		bad |= json_set_str(t, "operator", "Exists");
		bad |= json_set_str(t, "effect", all[i].effect);
		bad |= json_append(list, t);
	}
	return bad;
}

/* In each term, as one of them is enough. */
static int
pin_term(cJSON *term, const char *node)
{
	cJSON *list = cJSON_CreateArray(), *r = cJSON_CreateObject();
	cJSON *values = cJSON_AddArrayToObject(r, "values");
	int bad = json_append(values, cJSON_CreateString(node));

	bad |= json_set_str(r, "key", "metadata.name");
	bad |= json_set_str(r, "operator", "In");
	bad |= json_append(list, r);
	return bad | json_set(term, "matchFields", list);
}

static int
pin(cJSON *spec, const char *node)
{
	cJSON *must = json_sub(
	    json_sub(json_sub(spec, "affinity"), "nodeAffinity"), REQUIRED);
	cJSON *terms = json_at(must, "nodeSelectorTerms", NULL), *term;
	int bad = 0;

	if (terms == NULL)
		terms = cJSON_AddArrayToObject(must, "nodeSelectorTerms");
	if (cJSON_GetArraySize(terms) == 0)
		bad |= json_append(terms, cJSON_CreateObject());
	cJSON_ArrayForEach(term, terms)
		bad |= pin_term(term, node);
	return bad;
}

cJSON *
daemonset_pod(const cJSON *set, const char *node, const char *hash)
{
	char base[TEMPLATE_NAME_SIZE], name[TEMPLATE_NAME_SIZE];
	cJSON *pod, *spec;

	snprintf(base, sizeof base, "%.200s-", meta_name(set));
	template_name(base, name);
	pod = template_pod(json_at(set, "spec", "template", NULL), set,
	    "apps/v1", "DaemonSet", base, name);
	spec = json_at(pod, "spec", NULL);
	if (pod != NULL &&
	    json_set_str(json_sub(json_sub(pod, "metadata"), "labels"),
		DAEMONSET_HASH_LABEL, hash) == 0 &&
	    pin(spec, node) == 0 && add_tolerations(spec) == 0)
		return pod;
	cJSON_Delete(pod);
	return NULL;
}

const char *
daemonset_node(const cJSON *pod)
{
	const char *s = json_str(pod, "spec", "nodeName", NULL);
	const cJSON *term, *field;

	if (s != NULL && *s != '\0')
		return s;
	term =
	    cJSON_GetArrayItem(json_at(pod, "spec", "affinity", "nodeAffinity",
				   REQUIRED, "nodeSelectorTerms", NULL),
		0);
	field = json_find(
	    json_at(term, "matchFields", NULL), "key", "metadata.name");
	s = cJSON_GetStringValue(
	    cJSON_GetArrayItem(json_at(field, "values", NULL), 0));
	return s != NULL ? s : "";
}

int
daemonset_wants(const cJSON *set, const cJSON *node)
{
	cJSON *pod = daemonset_pod(set, meta_name(node), "");
	int yes = pod != NULL && node_selected(node, pod) &&
		  node_taint(node, pod) == NULL;

	cJSON_Delete(pod);
	return yes;
}
