/*
 * Defaults of the plain kinds, and which function does which kind: see
 * defaults.h.  The values are those of kubernetes' pkg/apis/KIND/v1/defaults.go
 * at 1.32.
 */
#include "k8s-apid/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"

#define SECRET_MAX (3U << 20) /* bytes of a value as base64 */

int
default_str(cJSON *v, const char *key, const char *value)
{
	const cJSON *is = json_at(v, key, NULL);

	if (is != NULL && (!cJSON_IsString(is) || is->valuestring[0] != '\0'))
		return 0;
	return json_set_str(v, key, value);
}

int
default_num(cJSON *v, const char *key, double value)
{
	return json_at(v, key, NULL) != NULL ? 0 : json_set_num(v, key, value);
}

int
default_bool(cJSON *v, const char *key, int value)
{
	return json_at(v, key, NULL) != NULL ? 0 : json_set_bool(v, key, value);
}

int
default_object(cJSON *v, const char *key)
{
	return json_at(v, key, NULL) != NULL ?
		   0 :
		   json_set(v, key, cJSON_CreateObject());
}

/* ---- kinds ---- */

static int namespace(cJSON *v)
{
	const char *name = json_str(v, "metadata", "name", NULL);
	cJSON *labels = json_sub(json_sub(v, "metadata"), "labels"), *list;

	if (json_set_str(labels, "kubernetes.io/metadata.name", name) != 0)
		return -1;
	if (json_at(v, "spec", "finalizers", NULL) == NULL &&
	    json_at(v, "metadata", "deletionTimestamp", NULL) == NULL) {
		list =
		    cJSON_AddArrayToObject(json_sub(v, "spec"), "finalizers");
		cJSON_AddItemToArray(list, cJSON_CreateString("kubernetes"));
	}
	return default_str(json_sub(v, "status"), "phase", "Active");
}

static int
service_port(cJSON *p)
{
	cJSON *port = json_at(p, "port", NULL);
	int rc = default_str(p, "protocol", "TCP");

	if (json_at(p, "targetPort", NULL) == NULL && port != NULL)
		rc |= json_set(p, "targetPort", cJSON_Duplicate(port, 1));
	return rc;
}

/* How long a client stays with its endpoint: three hours. */
static int
service_affinity(cJSON *spec)
{
	cJSON *config;

	if (!json_is(spec, "sessionAffinity", "ClientIP")) {
		cJSON_DeleteItemFromObjectCaseSensitive(
		    spec, "sessionAffinityConfig");
		return 0;
	}
	config = json_sub(json_sub(spec, "sessionAffinityConfig"), "clientIP");
	return default_num(config, "timeoutSeconds", 10800);
}

/* The address itself is service_ips.h's to give. */
static int
service(cJSON *v)
{
	cJSON *spec = json_sub(v, "spec"), *p, *list;
	const char *type;
	int rc = default_str(spec, "sessionAffinity", "None") |
		 default_str(spec, "type", "ClusterIP") |
		 service_affinity(spec);

	cJSON_ArrayForEach(p, json_at(spec, "ports", NULL)) {
		rc |= service_port(p);
	}
	type = json_str(spec, "type", NULL);
	rc |= default_object(json_sub(v, "status"), "loadBalancer");
	if (rc != 0 || type == NULL || strcmp(type, "ExternalName") == 0)
		return rc;
	rc |= default_str(spec, "internalTrafficPolicy", "Cluster") |
	      default_str(spec, "ipFamilyPolicy", "SingleStack");
	if (strcmp(type, "ClusterIP") != 0)
		rc |= default_str(spec, "externalTrafficPolicy", "Cluster");
	if (json_at(spec, "ipFamilies", NULL) == NULL) {
		list = cJSON_AddArrayToObject(spec, "ipFamilies");
		cJSON_AddItemToArray(list, cJSON_CreateString("IPv4"));
	}
	return rc;
}

static int
endpoints(cJSON *v)
{
	cJSON *subset, *p;
	int rc = 0;

	cJSON_ArrayForEach(subset, json_at(v, "subsets", NULL)) {
		cJSON_ArrayForEach(p, json_at(subset, "ports", NULL)) {
			rc |= default_str(p, "protocol", "TCP");
		}
	}
	return rc;
}

/* stringData is for writing: it becomes data, and wins over it. */
static int
secret(cJSON *v)
{
	cJSON *text = cJSON_DetachItemFromObjectCaseSensitive(v, "stringData");
	cJSON *data = text != NULL ? json_sub(v, "data") : NULL, *m;
	int rc = default_str(v, "type", "Opaque");
	struct buf b;

	buf_init(&b, SECRET_MAX);
	cJSON_ArrayForEach(m, text) {
		buf_clear(&b);
		if (!cJSON_IsString(m) ||
		    digest_base64(m->valuestring, strlen(m->valuestring), &b))
			rc = -1;
		else
			rc |= json_set_str(data, m->string, buf_str(&b));
	}
	buf_release(&b);
	cJSON_Delete(text);
	return rc;
}

/* Nothing binds it: it stays Pending, which is the truth. */
static int
claim(cJSON *v)
{
	return default_str(json_sub(v, "spec"), "volumeMode", "Filesystem") |
	       default_str(json_sub(v, "status"), "phase", "Pending");
}

#define RBAC_GROUP "rbac.authorization.k8s.io"

/* Subjects name a group of their own, by their kind. */
static int
role_binding(cJSON *v)
{
	cJSON *s;
	const char *kind;
	int rc = default_str(json_sub(v, "roleRef"), "apiGroup", RBAC_GROUP);

	cJSON_ArrayForEach(s, json_at(v, "subjects", NULL)) {
		kind = json_str(s, "kind", NULL);
		if (kind != NULL && strcmp(kind, "ServiceAccount") != 0)
			rc |= default_str(s, "apiGroup", RBAC_GROUP);
	}
	return rc;
}

static int
pod(cJSON *v)
{
	return defaults_pod_spec(json_sub(v, "spec"));
}

/* What the server makes of each state of an object; others pass. */
static const struct {
	const char *kind;
	int (*fn)(cJSON *v);
} kinds[] = {
	{ "ClusterRoleBinding", role_binding },
	{ "Endpoints", endpoints },
	{ "Namespace", namespace },
	{ "PersistentVolumeClaim", claim },
	{ "Pod", pod },
	{ "RoleBinding", role_binding },
	{ "Secret", secret },
	{ "Service", service },
};

/*
 * A status that a client sends with a new object is not believed, but a
 * node's, which registers itself with it.
 */
int
defaults_create(const struct type *t, cJSON *v, struct status *st)
{
	int rc = 0;

	if (t->subs & SUB_STATUS && strcmp(t->kind, "Node") != 0)
		cJSON_DeleteItemFromObjectCaseSensitive(v, "status");
	if (strcmp(t->kind, "Pod") == 0)
		rc = defaults_pod(v);
	else if (strcmp(t->kind, "Job") == 0)
		rc = defaults_job_selector(v);
	if (rc == 0 && t->subs & SUB_STATUS)
		rc = default_object(v, "status");
	return rc == 0 ? defaults_update(t, NULL, v, st) : status_nomem(st);
}

/* A Job may be replaced by a manifest that knows nothing of its selector. */
int
defaults_update(
    const struct type *t, const cJSON *old, cJSON *v, struct status *st)
{
	const cJSON *was;
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, t->kind) == 0)
			rc = kinds[i].fn(v);
	rc |= defaults_workload(t->kind, v);
	was = json_at(old, "spec", "selector", NULL);
	if (was != NULL && strcmp(t->kind, "Job") == 0 &&
	    json_at(v, "spec", "selector", NULL) == NULL)
		rc |= json_set(
		    json_sub(v, "spec"), "selector", cJSON_Duplicate(was, 1));
	return rc == 0 ? 0 : status_nomem(st);
}
