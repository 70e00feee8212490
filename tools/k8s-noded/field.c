/*
 * What a pod may say about itself: see field.h.
 */
#include "k8s-noded/field.h"

#include <math.h>
#include <string.h>

#include "lib/quantity.h"

/*
 * metadata.labels['KEY'] or metadata.annotations['KEY']: 1 and the value
 * ("" when missing), 0 when path is something else.
 */
static int
subscript(const cJSON *pod, const char *path, const char **value)
{
	static const char *const maps[] = { "labels", "annotations" };
	const char *open = strstr(path, "['");
	size_t i, len = strlen(path);
	char key[512];

	if (open == NULL || strncmp(path, "metadata.", 9) != 0 ||
	    len < (size_t)(open - path) + 4 ||
	    strcmp(path + len - 2, "']") != 0)
		return 0;
	len -= (size_t)(open - path) + 4;
	if (len >= sizeof(key))
		return 0;
	memcpy(key, open + 2, len);
	key[len] = '\0';
	for (i = 0; i < 2; i++) {
		size_t n = strlen(maps[i]);

		if ((size_t)(open - path) != 9 + n ||
		    memcmp(path + 9, maps[i], n) != 0)
			continue;
		*value = json_str(pod, "metadata", maps[i], key, NULL);
		if (*value == NULL)
			*value = "";
		return 1;
	}
	return 0;
}

/* key="value" lines, as downwardAPI files hold whole maps. */
static int
add_map(struct buf *out, const cJSON *map)
{
	const cJSON *m;
	int first = 1;

	cJSON_ArrayForEach(m, map) {
		if (!cJSON_IsString(m))
			continue;
		if (!first)
			buf_addc(out, '\n');
		first = 0;
		buf_addf(out, "%s=", m->string);
		json_write_string(out, m->valuestring, strlen(m->valuestring));
	}
	return out->failed ? -1 : 0;
}

/* A list of {"ip": ...} as addresses with commas between. */
static int
add_ips(struct buf *out, const cJSON *list)
{
	const cJSON *v;
	int first = 1;

	cJSON_ArrayForEach(v, list) {
		const char *ip = json_str(v, "ip", NULL);

		if (ip == NULL)
			continue;
		buf_addf(out, "%s%s", first ? "" : ",", ip);
		first = 0;
	}
	return out->failed ? -1 : 0;
}

int
field_value(
    struct buf *out, const cJSON *pod, const char *path, struct fault *f)
{
	static const char *const plain[][3] = {
		{ "metadata.name", "metadata", "name" },
		{ "metadata.namespace", "metadata", "namespace" },
		{ "metadata.uid", "metadata", "uid" },
		{ "spec.nodeName", "spec", "nodeName" },
		{ "spec.serviceAccountName", "spec", "serviceAccountName" },
		{ "status.podIP", "status", "podIP" },
		{ "status.hostIP", "status", "hostIP" },
	};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(path, plain[i][0]) != 0)
			continue;
		value = json_str(pod, plain[i][1], plain[i][2], NULL);
		if (value == NULL)
			value = i == 4 ? "default" : "";
		return buf_adds(out, value) == 0 ? 0 : fault_nomem(f);
	}
	if (subscript(pod, path, &value))
		return buf_adds(out, value) == 0 ? 0 : fault_nomem(f);
	if (strcmp(path, "metadata.labels") == 0)
		return add_map(out, json_at(pod, "metadata", "labels", NULL));
	if (strcmp(path, "metadata.annotations") == 0)
		return add_map(
		    out, json_at(pod, "metadata", "annotations", NULL));
	if (strcmp(path, "status.podIPs") == 0)
		return add_ips(out, json_at(pod, "status", "podIPs", NULL));
	if (strcmp(path, "status.hostIPs") == 0)
		return add_ips(out, json_at(pod, "status", "hostIPs", NULL));
	return fault_set(f, FAULT_INPUT, "unsupported pod fieldPath: %s", path);
}

int
field_resource(struct buf *out, const cJSON *container, const char *resource,
    const char *divisor, const struct field_node *node, struct fault *f)
{
	static const char *const names[] = { "cpu", "memory",
		"ephemeral-storage" };
	const char *what;
	double v = 0, by = 1;
	int limits;
	size_t i;

	limits = strncmp(resource, "limits.", 7) == 0;
	what = limits ? resource + 7 : resource + 9;
	if (!limits && strncmp(resource, "requests.", 9) != 0)
		return fault_set(f, FAULT_INPUT,
		    "unsupported container resource: %s", resource);
	for (i = 0; i < 3 && strcmp(what, names[i]) != 0; i++)
		;
	if (i == 3)
		return fault_set(f, FAULT_INPUT,
		    "unsupported container resource: %s", resource);
	if (quantity_json(json_at(container, "resources",
			      limits ? "limits" : "requests", what, NULL),
		&v) != 0 &&
	    limits)
		v = i == 0 ? node->cpu : i == 1 ? node->memory : 0;
	if (divisor != NULL && quantity_parse(divisor, &by) != 0)
		return fault_set(
		    f, FAULT_INPUT, "malformed divisor: %s", divisor);
	if (by <= 0)
		by = 1;
	/* 0.3 / 0.001 must be 300, not 301 */
	v = ceil(v / by - 1e-9);
	return buf_addf(out, "%.0f", v < 0 ? 0 : v) == 0 ? 0 : fault_nomem(f);
}

const cJSON *
field_container(const cJSON *pod, const char *name)
{
	static const char *const lists[] = { "containers", "initContainers" };
	const cJSON *c = NULL;
	size_t i;

	for (i = 0; i < 2 && c == NULL && name != NULL; i++)
		c = json_find(
		    json_at(pod, "spec", lists[i], NULL), "name", name);
	return c;
}
