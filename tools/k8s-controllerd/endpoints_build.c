/*
 * Subsets: see endpoints_build.h.  Pods with the same ports share a subset;
 * named ports may come to different numbers in different pods.
 */
#include "k8s-controllerd/endpoints_build.h"

#include <string.h>

#include "k8s-controllerd/meta.h"

int
endpoints_selects(const cJSON *service, const cJSON *pod)
{
	const cJSON *want,
	    *selector = json_at(service, "spec", "selector", NULL);
	const char *have;

	cJSON_ArrayForEach(want, selector) {
		have = meta_label(pod, want->string);
		if (have == NULL || !cJSON_IsString(want) ||
		    strcmp(have, want->valuestring) != 0)
			return 0;
	}
	return selector != NULL && selector->child != NULL;
}

static const char *
protocol_of(const cJSON *port)
{
	const char *s = json_str(port, "protocol", NULL);

	return s != NULL ? s : "TCP";
}

/* The number of a pod's container port by name and protocol; 0: none. */
static int
named_port(const cJSON *pod, const char *name, const char *protocol)
{
	const cJSON *c, *p;
	const char *s;

	cJSON_ArrayForEach(c, json_at(pod, "spec", "containers", NULL))
		cJSON_ArrayForEach(p, json_at(c, "ports", NULL)) {
			s = json_str(p, "name", NULL);
			if (s != NULL && strcmp(s, name) == 0 &&
			    strcmp(protocol_of(p), protocol) == 0)
				return (int)json_num(p, "containerPort", 0);
		}
	return 0;
}

/* Where a Service's port leads to in a pod; 0: nowhere. */
static int
target_of(const cJSON *pod, const cJSON *port)
{
	const cJSON *t = json_at(port, "targetPort", NULL);

	if (cJSON_IsString(t))
		return named_port(pod, t->valuestring, protocol_of(port));
	if (cJSON_IsNumber(t) && t->valuedouble > 0)
		return (int)t->valuedouble;
	return (int)json_num(port, "port", 0);
}

/* The EndpointPort list of a pod, or NULL without memory. */
static cJSON *
ports_of(const cJSON *service, const cJSON *pod)
{
	cJSON *list = cJSON_CreateArray(), *out;
	const cJSON *p;
	const char *name;
	int number;

	cJSON_ArrayForEach(p, json_at(service, "spec", "ports", NULL)) {
		number = target_of(pod, p);
		if (number <= 0)
			continue;
		out = cJSON_CreateObject();
		name = json_str(p, "name", NULL);
		if (out == NULL || json_append(list, out) != 0 ||
		    (name != NULL && *name != '\0' &&
			json_set_str(out, "name", name) != 0) ||
		    json_set_num(out, "port", number) != 0 ||
		    json_set_str(out, "protocol", protocol_of(p)) != 0) {
			cJSON_Delete(list);
			return NULL;
		}
	}
	return list;
}

static cJSON *
address_of(const cJSON *service, const cJSON *pod)
{
	cJSON *a = cJSON_CreateObject(), *ref;
	const char *node = json_str(pod, "spec", "nodeName", NULL);
	const char *host = json_str(pod, "spec", "hostname", NULL);
	const char *sub = json_str(pod, "spec", "subdomain", NULL);
	int bad = a == NULL;

	if (bad)
		return NULL;
	bad |= json_set_str(a, "ip", json_str(pod, "status", "podIP", NULL));
	if (host != NULL && sub != NULL && strcmp(sub, meta_name(service)) == 0)
		bad |= json_set_str(a, "hostname", host);
	if (node != NULL)
		bad |= json_set_str(a, "nodeName", node);
	ref = json_sub(a, "targetRef");
	bad |= json_set_str(ref, "kind", "Pod");
	bad |= json_set_str(ref, "namespace", meta_ns(pod));
	bad |= json_set_str(ref, "name", meta_name(pod));
	bad |= json_set_str(ref, "uid", meta_uid(pod));
	if (!bad)
		return a;
	cJSON_Delete(a);
	return NULL;
}

/* The subset with these ports (taken), made when there is none. */
static cJSON *
subset_for(cJSON *subsets, cJSON *ports)
{
	cJSON *s, *have;

	if (ports == NULL)
		return NULL;
	cJSON_ArrayForEach(s, subsets) {
		have = cJSON_GetObjectItemCaseSensitive(s, "ports");
		if (have == NULL ? ports->child == NULL :
				   json_equal(have, ports)) {
			cJSON_Delete(ports);
			return s;
		}
	}
	s = cJSON_CreateObject();
	if (s == NULL || json_append(subsets, s) != 0) {
		cJSON_Delete(ports);
		return NULL;
	}
	if (ports->child == NULL)
		cJSON_Delete(ports);
	else if (json_set(s, "ports", ports) != 0)
		return NULL;
	return s;
}

static int
add_pod(cJSON *subsets, const cJSON *service, const cJSON *pod, int ready)
{
	const char *key = ready ? "addresses" : "notReadyAddresses";
	cJSON *ports = ports_of(service, pod), *subset, *list;

	if (ports != NULL && ports->child == NULL &&
	    json_at(service, "spec", "ports", NULL) != NULL) {
		cJSON_Delete(ports); /* none of the ports is in this pod */
		return 0;
	}
	subset = subset_for(subsets, ports);
	if (subset == NULL)
		return -1;
	list = cJSON_GetObjectItemCaseSensitive(subset, key);
	if (list == NULL)
		list = cJSON_AddArrayToObject(subset, key);
	return list == NULL ? -1 : json_append(list, address_of(service, pod));
}

cJSON *
endpoints_build(const cJSON *service, const cJSON *const *pods, size_t n)
{
	int all = json_bool(
	    json_at(service, "spec", NULL), "publishNotReadyAddresses", 0);
	cJSON *subsets = cJSON_CreateArray();
	const char *ip, *phase;
	size_t i;

	for (i = 0; subsets != NULL && i < n; i++) {
		ip = json_str(pods[i], "status", "podIP", NULL);
		phase = pod_phase(pods[i]);
		if (ip == NULL || *ip == '\0' ||
		    !endpoints_selects(service, pods[i]) ||
		    strcmp(phase, "Succeeded") == 0 ||
		    strcmp(phase, "Failed") == 0 ||
		    (meta_dying(pods[i]) && !all))
			continue;
		if (add_pod(subsets, service, pods[i],
			all || pod_ready(pods[i])) != 0) {
			cJSON_Delete(subsets);
			return NULL;
		}
	}
	return subsets;
}
