/*
 * The schema facts: see fields_schema.h.  They are those of Kubernetes 1.32's
 * OpenAPI document (x-kubernetes-list-type, -list-map-keys, -map-type,
 * -patch-strategy and -patch-merge-key).  Rows are sorted by type and field,
 * for a binary search; kinds that share a shape share a type.
 */
#include "fields_schema.h"

#include <stdlib.h>
#include <string.h>

#define ROW(t, f, how, keys, ref, merge, flags)             \
	{                                                   \
		t, f, SCHEMA_##how, keys, ref, merge, flags \
	}
#define STRUCT(t, f, ref) ROW(t, f, PLAIN, NULL, ref, NULL, 0)
#define HERE(t, f, ref) ROW(t, f, PLAIN, NULL, ref, NULL, SCHEMA_HERE)
#define ATOM(t, f) ROW(t, f, ATOMIC, NULL, NULL, NULL, 0)
#define DICT(t, f) ROW(t, f, DICT, NULL, NULL, NULL, 0)
#define SET(t, f) ROW(t, f, SET, NULL, NULL, "", 0)
#define LIST(t, f, key, ref) ROW(t, f, MAP, key, ref, key, 0)

static const struct schema_row rows[] = {
	HERE("APIService", "metadata", "ObjectMeta"),
	HERE("APIService", "spec", NULL),
	HERE("APIService", "status", "APIServiceStatus"),
	LIST("APIServiceStatus", "conditions", "type", NULL),
	STRUCT("Affinity", "nodeAffinity", "NodeAffinity"),
	ATOM("ClaimSpec", "dataSource"),
	HERE("ClaimSpec", "resources", "Resources"),
	ATOM("ClaimSpec", "selector"),
	DICT("ClaimStatus", "allocatedResources"),
	DICT("ClaimStatus", "capacity"),
	LIST("ClaimStatus", "conditions", "type", NULL),
	HERE("ClaimTemplate", "metadata", "ObjectMeta"),
	HERE("ClaimTemplate", "spec", "ClaimSpec"),
	HERE("ClusterRole", "metadata", "ObjectMeta"),
	HERE("ClusterRoleBinding", "metadata", "ObjectMeta"),
	ATOM("ClusterRoleBinding", "roleRef"),
	DICT("ConfigMap", "binaryData"),
	DICT("ConfigMap", "data"),
	HERE("ConfigMap", "metadata", "ObjectMeta"),
	LIST("Container", "env", "name", "EnvVar"),
	ROW("Container", "ports", MAP, "containerPort,protocol=TCP", NULL,
	    "containerPort", 0),
	HERE("Container", "resources", "Resources"),
	LIST("Container", "volumeDevices", "devicePath", NULL),
	LIST("Container", "volumeMounts", "mountPath", NULL),
	HERE("ControllerRevision", "metadata", "ObjectMeta"),
	HERE("CronJob", "metadata", "ObjectMeta"),
	HERE("CronJob", "spec", "CronJobSpec"),
	HERE("CronJob", "status", NULL),
	HERE("CronJobSpec", "jobTemplate", "JobTemplateSpec"),
	HERE("CustomResourceDefinition", "metadata", "ObjectMeta"),
	HERE("CustomResourceDefinition", "spec", NULL),
	HERE("CustomResourceDefinition", "status",
	    "CustomResourceDefinitionStatus"),
	LIST("CustomResourceDefinitionStatus", "conditions", "type", NULL),
	HERE("DaemonSet", "metadata", "ObjectMeta"),
	HERE("DaemonSet", "spec", "DaemonSetSpec"),
	HERE("DaemonSet", "status", "DaemonSetStatus"),
	ATOM("DaemonSetSpec", "selector"),
	HERE("DaemonSetSpec", "template", "PodTemplateSpec"),
	HERE("DaemonSetSpec", "updateStrategy", NULL),
	LIST("DaemonSetStatus", "conditions", "type", NULL),
	HERE("Deployment", "metadata", "ObjectMeta"),
	HERE("Deployment", "spec", "DeploymentSpec"),
	HERE("Deployment", "status", "DeploymentStatus"),
	ATOM("DeploymentSpec", "selector"),
	ROW("DeploymentSpec", "strategy", PLAIN, NULL, NULL, NULL,
	    SCHEMA_RETAIN | SCHEMA_HERE),
	HERE("DeploymentSpec", "template", "PodTemplateSpec"),
	LIST("DeploymentStatus", "conditions", "type", NULL),
	HERE("EndpointSlice", "metadata", "ObjectMeta"),
	HERE("Endpoints", "metadata", "ObjectMeta"),
	STRUCT("EnvVar", "valueFrom", "EnvVarSource"),
	ATOM("EnvVarSource", "configMapKeyRef"),
	ATOM("EnvVarSource", "fieldRef"),
	ATOM("EnvVarSource", "resourceFieldRef"),
	ATOM("EnvVarSource", "secretKeyRef"),
	STRUCT("EphemeralVolume", "volumeClaimTemplate", "ClaimTemplate"),
	ATOM("Event", "involvedObject"),
	HERE("Event", "metadata", "ObjectMeta"),
	ATOM("Event", "related"),
	HERE("Event", "source", NULL),
	HERE("HorizontalPodAutoscaler", "metadata", "ObjectMeta"),
	HERE("HorizontalPodAutoscaler", "spec", NULL),
	HERE("HorizontalPodAutoscaler", "status",
	    "HorizontalPodAutoscalerStatus"),
	LIST("HorizontalPodAutoscalerStatus", "conditions", "type", NULL),
	HERE("Ingress", "metadata", "ObjectMeta"),
	HERE("Ingress", "spec", "IngressSpec"),
	HERE("Ingress", "status", NULL),
	ATOM("IngressBackend", "resource"),
	STRUCT("IngressSpec", "defaultBackend", "IngressBackend"),
	HERE("Job", "metadata", "ObjectMeta"),
	HERE("Job", "spec", "JobSpec"),
	HERE("Job", "status", "JobStatus"),
	ATOM("JobSpec", "selector"),
	HERE("JobSpec", "template", "PodTemplateSpec"),
	ROW("JobStatus", "conditions", PLAIN, NULL, NULL, "type", 0),
	HERE("JobTemplateSpec", "metadata", "ObjectMeta"),
	HERE("JobTemplateSpec", "spec", "JobSpec"),
	HERE("Lease", "metadata", "ObjectMeta"),
	HERE("Lease", "spec", NULL),
	HERE("LimitRange", "metadata", "ObjectMeta"),
	HERE("LimitRange", "spec", NULL),
	HERE("Namespace", "metadata", "ObjectMeta"),
	HERE("Namespace", "spec", NULL),
	HERE("Namespace", "status", "NamespaceStatus"),
	LIST("NamespaceStatus", "conditions", "type", NULL),
	HERE("NetworkPolicy", "metadata", "ObjectMeta"),
	HERE("NetworkPolicy", "spec", "NetworkPolicySpec"),
	ATOM("NetworkPolicySpec", "podSelector"),
	HERE("Node", "metadata", "ObjectMeta"),
	HERE("Node", "spec", "NodeSpec"),
	HERE("Node", "status", "NodeStatus"),
	ATOM("NodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
	SET("NodeSpec", "podCIDRs"),
	LIST("NodeStatus", "addresses", "type", NULL),
	DICT("NodeStatus", "allocatable"),
	DICT("NodeStatus", "capacity"),
	LIST("NodeStatus", "conditions", "type", NULL),
	HERE("NodeStatus", "daemonEndpoints", NULL),
	HERE("NodeStatus", "nodeInfo", NULL),
	DICT("ObjectMeta", "annotations"),
	SET("ObjectMeta", "finalizers"),
	DICT("ObjectMeta", "labels"),
	LIST("ObjectMeta", "ownerReferences", "uid", NULL),
	HERE("PersistentVolume", "metadata", "ObjectMeta"),
	HERE("PersistentVolume", "spec", "PersistentVolumeSpec"),
	HERE("PersistentVolume", "status", NULL),
	HERE("PersistentVolumeClaim", "metadata", "ObjectMeta"),
	HERE("PersistentVolumeClaim", "spec", "ClaimSpec"),
	HERE("PersistentVolumeClaim", "status", "ClaimStatus"),
	DICT("PersistentVolumeSpec", "capacity"),
	ATOM("PersistentVolumeSpec", "claimRef"),
	HERE("Pod", "metadata", "ObjectMeta"),
	HERE("Pod", "spec", "PodSpec"),
	HERE("Pod", "status", "PodStatus"),
	HERE("PodDisruptionBudget", "metadata", "ObjectMeta"),
	HERE("PodDisruptionBudget", "spec", "PodDisruptionBudgetSpec"),
	HERE("PodDisruptionBudget", "status", "PodDisruptionBudgetStatus"),
	ATOM("PodDisruptionBudgetSpec", "selector"),
	LIST("PodDisruptionBudgetStatus", "conditions", "type", NULL),
	DICT("PodDisruptionBudgetStatus", "disruptedPods"),
	HERE("PodMetrics", "metadata", "ObjectMeta"),
	STRUCT("PodSpec", "affinity", "Affinity"),
	ROW("PodSpec", "containers", MAP, "name", "Container", "name",
	    SCHEMA_HERE),
	LIST("PodSpec", "ephemeralContainers", "name", "Container"),
	LIST("PodSpec", "hostAliases", "ip", NULL),
	LIST("PodSpec", "imagePullSecrets", "name", NULL),
	LIST("PodSpec", "initContainers", "name", "Container"),
	ATOM("PodSpec", "nodeSelector"),
	DICT("PodSpec", "overhead"),
	LIST("PodSpec", "resourceClaims", "name", NULL),
	LIST("PodSpec", "schedulingGates", "name", NULL),
	ROW("PodSpec", "topologySpreadConstraints", MAP,
	    "topologyKey,whenUnsatisfiable", "TopologySpreadConstraint",
	    "topologyKey", 0),
	ROW("PodSpec", "volumes", MAP, "name", "Volume", "name", SCHEMA_RETAIN),
	LIST("PodStatus", "conditions", "type", NULL),
	LIST("PodStatus", "podIPs", "ip", NULL),
	HERE("PodTemplateSpec", "metadata", "ObjectMeta"),
	HERE("PodTemplateSpec", "spec", "PodSpec"),
	HERE("PriorityClass", "metadata", "ObjectMeta"),
	HERE("ReplicaSet", "metadata", "ObjectMeta"),
	HERE("ReplicaSet", "spec", "ReplicaSetSpec"),
	HERE("ReplicaSet", "status", "ReplicaSetStatus"),
	ATOM("ReplicaSetSpec", "selector"),
	HERE("ReplicaSetSpec", "template", "PodTemplateSpec"),
	LIST("ReplicaSetStatus", "conditions", "type", NULL),
	HERE("ResourceQuota", "metadata", "ObjectMeta"),
	HERE("ResourceQuota", "spec", "ResourceQuotaSpec"),
	HERE("ResourceQuota", "status", "ResourceQuotaStatus"),
	DICT("ResourceQuotaSpec", "hard"),
	ATOM("ResourceQuotaSpec", "scopeSelector"),
	DICT("ResourceQuotaStatus", "hard"),
	DICT("ResourceQuotaStatus", "used"),
	LIST("Resources", "claims", "name", NULL),
	DICT("Resources", "limits"),
	DICT("Resources", "requests"),
	HERE("Role", "metadata", "ObjectMeta"),
	HERE("RoleBinding", "metadata", "ObjectMeta"),
	ATOM("RoleBinding", "roleRef"),
	DICT("Secret", "data"),
	HERE("Secret", "metadata", "ObjectMeta"),
	DICT("Secret", "stringData"),
	HERE("Service", "metadata", "ObjectMeta"),
	HERE("Service", "spec", "ServiceSpec"),
	HERE("Service", "status", "ServiceStatus"),
	HERE("ServiceAccount", "metadata", "ObjectMeta"),
	LIST("ServiceAccount", "secrets", "name", NULL),
	ROW("ServiceSpec", "ports", MAP, "port,protocol=TCP", NULL, "port", 0),
	ATOM("ServiceSpec", "selector"),
	LIST("ServiceStatus", "conditions", "type", NULL),
	HERE("ServiceStatus", "loadBalancer", NULL),
	HERE("StatefulSet", "metadata", "ObjectMeta"),
	HERE("StatefulSet", "spec", "StatefulSetSpec"),
	HERE("StatefulSet", "status", "StatefulSetStatus"),
	ATOM("StatefulSetSpec", "selector"),
	HERE("StatefulSetSpec", "template", "PodTemplateSpec"),
	HERE("StatefulSetSpec", "updateStrategy", NULL),
	LIST("StatefulSetStatus", "conditions", "type", NULL),
	HERE("StorageClass", "metadata", "ObjectMeta"),
	DICT("StorageClass", "parameters"),
	ATOM("TopologySpreadConstraint", "labelSelector"),
	HERE("Unknown", "metadata", "ObjectMeta"),
	STRUCT("Volume", "ephemeral", "EphemeralVolume"),
};

/* The kinds whose type bears the kind's name, by API version. */
static const struct {
	const char *api_version;
	const char *kinds; /* blank-separated */
} known[] = {
	{ "v1",
	    "Namespace Pod Service Endpoints ConfigMap Secret ServiceAccount Event Node PersistentVolume PersistentVolumeClaim ResourceQuota LimitRange" },
	{ "apps/v1",
	    "Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision" },
	{ "batch/v1", "Job CronJob" },
	{ "batch/v1beta1", "CronJob" },
	{ "rbac.authorization.k8s.io/v1",
	    "Role ClusterRole RoleBinding ClusterRoleBinding" },
	{ "networking.k8s.io/v1", "Ingress NetworkPolicy" },
	{ "policy/v1", "PodDisruptionBudget" },
	{ "autoscaling/v2", "HorizontalPodAutoscaler" },
	{ "discovery.k8s.io/v1", "EndpointSlice" },
	{ "events.k8s.io/v1", "Event" },
	{ "coordination.k8s.io/v1", "Lease" },
	{ "storage.k8s.io/v1", "StorageClass" },
	{ "scheduling.k8s.io/v1", "PriorityClass" },
	{ "metrics.k8s.io/v1beta1", "PodMetrics" },
	{ "apiextensions.k8s.io/v1", "CustomResourceDefinition" },
	{ "apiregistration.k8s.io/v1", "APIService" },
};

/* The part of blank-separated words that is word, or NULL. */
static const char *
find_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	const char *p = words;

	for (; n > 0 && (p = strstr(p, word)) != NULL; p += n)
		if ((p == words || p[-1] == ' ') &&
		    (p[n] == ' ' || p[n] == '\0'))
			return p;
	return NULL;
}

const char *
schema_kind(const char *api_version, const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(known[i].api_version, api_version) != 0)
			continue;
		if (strchr(kind, ' ') == NULL &&
		    find_word(known[i].kinds, kind) != NULL)
			return schema_field(kind, "metadata")->type;
	}
	return SCHEMA_UNKNOWN;
}

static int
compare_row(const void *key, const void *row)
{
	const struct schema_row *a = key, *b = row;
	int c = strcmp(a->type, b->type);

	return c != 0 ? c : strcmp(a->field, b->field);
}

const struct schema_row *
schema_field(const char *type, const char *field)
{
	struct schema_row key = { .type = type, .field = field };

	if (type == NULL)
		return NULL;
	return bsearch(
	    &key, rows, sizeof rows / sizeof *rows, sizeof *rows, compare_row);
}

const struct schema_row *
schema_rows(size_t *n)
{
	*n = sizeof rows / sizeof *rows;
	return rows;
}
