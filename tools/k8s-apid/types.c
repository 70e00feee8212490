/*
 * The table of kinds: see types.h.
 */
#include "k8s-apid/types.h"

#include <stdio.h>
#include <string.h>

#define APPS "apps", "v1"
#define RBAC "rbac.authorization.k8s.io", "v1"
#define SCALED (SUB_STATUS | SUB_SCALE)

const struct type types[] = {
	/* group, version, plural, singular, kind, short names, categories,
	 * namespaced, subresources, how */
	{ "", "v1", "configmaps", "configmap", "ConfigMap", "cm", "", 1, 0, 0 },
	{ "", "v1", "endpoints", "endpoints", "Endpoints", "ep", "", 1, 0, 0 },
	{ "", "v1", "events", "event", "Event", "ev", "", 1, 0, 0 },
	{ "", "v1", "limitranges", "limitrange", "LimitRange", "limits", "", 1,
	    0, 0 },
	{ "", "v1", "namespaces", "namespace", "Namespace", "ns", "", 0,
	    SUB_STATUS | SUB_FINALIZE, 0 },
	{ "", "v1", "nodes", "node", "Node", "no", "", 0,
	    SUB_STATUS | SUB_PROXY, 0 },
	{ "", "v1", "persistentvolumeclaims", "persistentvolumeclaim",
	    "PersistentVolumeClaim", "pvc", "", 1, SUB_STATUS, 0 },
	{ "", "v1", "pods", "pod", "Pod", "po", "all", 1,
	    SUB_STATUS | SUB_LOG | SUB_BINDING | SUB_EVICTION | SUB_PORTFORWARD,
	    0 },
	{ "", "v1", "resourcequotas", "resourcequota", "ResourceQuota", "quota",
	    "", 1, SUB_STATUS, 0 },
	{ "", "v1", "secrets", "secret", "Secret", "", "", 1, 0, 0 },
	{ "", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", "sa",
	    "", 1, SUB_TOKEN, 0 },
	{ "", "v1", "services", "service", "Service", "svc", "all", 1,
	    SUB_STATUS, 0 },
	{ APPS, "controllerrevisions", "controllerrevision",
	    "ControllerRevision", "", "", 1, 0, 0 },
	{ APPS, "daemonsets", "daemonset", "DaemonSet", "ds", "all", 1,
	    SUB_STATUS, 0 },
	{ APPS, "deployments", "deployment", "Deployment", "deploy", "all", 1,
	    SCALED, 0 },
	{ APPS, "replicasets", "replicaset", "ReplicaSet", "rs", "all", 1,
	    SCALED, 0 },
	{ APPS, "statefulsets", "statefulset", "StatefulSet", "sts", "all", 1,
	    SCALED, 0 },
	{ "authentication.k8s.io", "v1", "selfsubjectreviews",
	    "selfsubjectreview", "SelfSubjectReview", "", "", 0, 0,
	    TYPE_REVIEW },
	{ "authorization.k8s.io", "v1", "selfsubjectaccessreviews",
	    "selfsubjectaccessreview", "SelfSubjectAccessReview", "", "", 0, 0,
	    TYPE_REVIEW },
	{ "authorization.k8s.io", "v1", "selfsubjectrulesreviews",
	    "selfsubjectrulesreview", "SelfSubjectRulesReview", "", "", 0, 0,
	    TYPE_REVIEW },
	{ "batch", "v1", "jobs", "job", "Job", "", "all", 1, SUB_STATUS, 0 },
	{ "coordination.k8s.io", "v1", "leases", "lease", "Lease", "", "", 1, 0,
	    0 },
	{ "events.k8s.io", "v1", "events", "event", "Event", "ev", "", 1, 0,
	    TYPE_EVENTS },
	{ "metrics.k8s.io", "v1beta1", "pods", "", "PodMetrics", "", "", 1, 0,
	    0 },
	{ RBAC, "clusterrolebindings", "clusterrolebinding",
	    "ClusterRoleBinding", "", "", 0, 0, 0 },
	{ RBAC, "clusterroles", "clusterrole", "ClusterRole", "", "", 0, 0, 0 },
	{ RBAC, "rolebindings", "rolebinding", "RoleBinding", "", "", 1, 0, 0 },
	{ RBAC, "roles", "role", "Role", "", "", 1, 0, 0 },
	{ 0 },
};

static const struct {
	enum type_sub bit;
	const char *name;
} subs[] = {
	{ SUB_STATUS, "status" },
	{ SUB_SCALE, "scale" },
	{ SUB_LOG, "log" },
	{ SUB_BINDING, "binding" },
	{ SUB_FINALIZE, "finalize" },
	{ SUB_TOKEN, "token" },
	{ SUB_PROXY, "proxy" },
	{ SUB_EVICTION, "eviction" },
	{ SUB_PORTFORWARD, "portforward" },
};

size_t
types_count(void)
{
	return sizeof types / sizeof types[0] - 1;
}

size_t
type_index(const struct type *t)
{
	return (size_t)(t - types);
}

/* One version of each group is served: a look-up by name decides. */
const struct type *
type_find(const char *group, const char *version, const char *plural)
{
	const struct type *t = type_named(group, plural);

	return t != NULL && strcmp(t->version, version) == 0 ? t : NULL;
}

const struct type *
type_named(const char *group, const char *plural)
{
	const struct type *t;

	for (t = types; t->plural != NULL; t++)
		if (strcmp(t->plural, plural) == 0 &&
		    strcmp(t->group, group) == 0)
			return t;
	return NULL;
}

const struct type *
type_storage(const struct type *t)
{
	return t->how == TYPE_EVENTS ? type_named("", "events") : t;
}

int
type_deletes_collections(const struct type *t)
{
	return strcmp(t->plural, "namespaces") != 0;
}

const char *
type_api_version(const struct type *t, char *out, size_t size)
{
	snprintf(
	    out, size, "%s%s%s", t->group, t->group[0] ? "/" : "", t->version);
	return out;
}

/* apimachinery prints GroupResource and GroupKind alike. */
static const char *
with_group(const char *s, const struct type *t, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", s, t->group[0] ? "." : "", t->group);
	return out;
}

const char *
type_resource(const struct type *t, char *out, size_t size)
{
	return with_group(t->plural, t, out, size);
}

const char *
type_group_kind(const struct type *t, char *out, size_t size)
{
	return with_group(t->kind, t, out, size);
}

const char *
type_sub_name(enum type_sub sub)
{
	size_t i;

	for (i = 0; i < sizeof subs / sizeof subs[0]; i++)
		if (subs[i].bit == sub)
			return subs[i].name;
	return "";
}

unsigned
type_sub_bit(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof subs / sizeof subs[0]; i++)
		if (strcmp(subs[i].name, name) == 0)
			return subs[i].bit;
	return 0;
}
