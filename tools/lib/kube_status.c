/*
 * Is it ready?  See kube_status.h.  The order of the questions is kstatus':
 * going away, not yet seen by its controller, then the kind's own rule, then
 * a Ready condition; what has none of these is ready by being there.  Where
 * kstatus is known to mislead waiters (failed pods, Jobs that merely
 * started, load balancers without an address) Helm's and kapp's rules stand.
 */
#include "kube_status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct kube_verdict verdict(enum kube_state state, const char *reason,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static struct kube_verdict
verdict(enum kube_state state, const char *reason, const char *fmt, ...)
{
	struct kube_verdict v = { .state = state };
	va_list ap;

	snprintf(v.reason, sizeof v.reason, "%s", reason != NULL ? reason : "");
	va_start(ap, fmt);
	vsnprintf(v.message, sizeof v.message, fmt, ap);
	va_end(ap);
	return v;
}

static struct kube_verdict
ready(void)
{
	return (struct kube_verdict){ .state = KUBE_READY };
}

/* status.conditions' entry of that type, or NULL */
static const cJSON *
condition(const cJSON *object, const char *type)
{
	return json_find(
	    json_at(object, "status", "conditions", NULL), "type", type);
}

static int
condition_is(const cJSON *object, const char *type, const char *status)
{
	return json_is(condition(object, type), "status", status);
}

static const char *
text(const cJSON *v, const char *key)
{
	const char *s = json_str(v, key, NULL);

	return s != NULL ? s : "";
}

/* A verdict with a condition's own reason and message. */
static struct kube_verdict
told(enum kube_state state, const cJSON *c, const char *reason)
{
	const char *r = text(c, "reason");

	return verdict(
	    state, *r != '\0' ? r : reason, "%s", text(c, "message"));
}

/*
 * kstatus' deploymentConditions and kubectl's rollout status, one after the
 * other: the controller's own verdict first, then updated, old ones gone, no
 * surplus, available. ProgressDeadlineExceeded is final for a waiter, though
 * the controller goes on trying: kapp gives up there as well.
 */
static struct kube_verdict
deployment(const cJSON *object)
{
	const cJSON *spec = json_at(object, "spec", NULL);
	const cJSON *status = json_at(object, "status", NULL);
	const cJSON *progress = condition(object, "Progressing");
	double want = json_num(spec, "replicas", 1);
	double have = json_num(status, "replicas", 0);
	double updated = json_num(status, "updatedReplicas", 0);
	double available = json_num(status, "availableReplicas", 0);
	double is_ready = json_num(status, "readyReplicas", 0);

	if (json_is(progress, "reason", "ProgressDeadlineExceeded"))
		return told(KUBE_FAILED, progress, "");
	/* a quota or a webhook that refuses pods: it may pass */
	if (updated < want && condition_is(object, "ReplicaFailure", "True"))
		return told(KUBE_PROGRESSING,
		    condition(object, "ReplicaFailure"), "ReplicaFailure");
	if (updated < want)
		return verdict(KUBE_PROGRESSING, "Updating",
		    "%.0f of %.0f replicas updated", updated, want);
	if (have > updated)
		return verdict(KUBE_PROGRESSING, "Replacing",
		    "%.0f old replicas are still there", have - updated);
	/* scaled down: those that are to go still serve (kstatus) */
	if (have > want)
		return verdict(KUBE_PROGRESSING, "Scaling",
		    "%.0f replicas too many", have - want);
	if (available < want || is_ready < want)
		return verdict(KUBE_PROGRESSING, "Unavailable",
		    "%.0f of %.0f replicas available",
		    available < is_ready ? available : is_ready, want);
	if (!condition_is(object, "Available", "True"))
		return told(KUBE_PROGRESSING, condition(object, "Available"),
		    "Unavailable");
	return ready();
}

/*
 * Also of ReplicationControllers.  ReplicaFailure is told and waited through,
 * as kstatus and kapp do: what fails is often a quota or a webhook of the
 * moment.
 */
static struct kube_verdict
replica_set(const cJSON *object)
{
	const cJSON *status = json_at(object, "status", NULL);
	double want = json_num(json_at(object, "spec", NULL), "replicas", 1);
	double have = json_num(status, "replicas", 0);
	double available = json_num(status, "availableReplicas", 0);

	if (available < want)
		return condition_is(object, "ReplicaFailure", "True") ?
			   told(KUBE_PROGRESSING,
			       condition(object, "ReplicaFailure"),
			       "ReplicaFailure") :
			   verdict(KUBE_PROGRESSING, "Unavailable",
			       "%.0f of %.0f replicas available", available,
			       want);
	if (have > want)
		return verdict(KUBE_PROGRESSING, "Scaling",
		    "%.0f replicas too many", have - want);
	return ready();
}

/*
 * kstatus and kubectl's rollout status. A partition keeps the pods below it on
 * the old revision for good, so that the revisions never become one; what is
 * updated is counted then.
 */
static struct kube_verdict
stateful_set(const cJSON *object)
{
	const cJSON *spec = json_at(object, "spec", NULL);
	const cJSON *status = json_at(object, "status", NULL);
	const cJSON *strategy = json_at(spec, "updateStrategy", NULL);
	double want = json_num(spec, "replicas", 1);
	double have = json_num(status, "replicas", 0);
	double is_ready = json_num(status, "readyReplicas", 0);
	double updated = json_num(status, "updatedReplicas", 0);
	double partition =
	    json_num(json_at(strategy, "rollingUpdate", NULL), "partition", 0);

	/* with OnDelete the user replaces pods, when he likes */
	if (json_is(strategy, "type", "OnDelete"))
		return ready();
	if (is_ready < want || have < want)
		return verdict(KUBE_PROGRESSING, "Unavailable",
		    "%.0f of %.0f replicas ready", is_ready, want);
	if (have > want)
		return verdict(KUBE_PROGRESSING, "Scaling",
		    "%.0f replicas too many", have - want);
	if (partition > 0)
		return updated >= want - partition ?
			   ready() :
			   verdict(KUBE_PROGRESSING, "Updating",
			       "%.0f of %.0f replicas updated", updated,
			       want - partition);
	if (strcmp(text(status, "currentRevision"),
		text(status, "updateRevision")) != 0)
		return verdict(KUBE_PROGRESSING, "Updating",
		    "%.0f of %.0f replicas updated", updated, want);
	return ready();
}

/*
 * kstatus insists that the generation was observed: before, a status of zeros
 * looks like a set for no nodes. What nodes it should not be on does not
 * matter.
 */
static struct kube_verdict
daemon_set(const cJSON *object)
{
	const cJSON *status = json_at(object, "status", NULL);
	double want = json_num(status, "desiredNumberScheduled", -1);
	double updated = json_num(status, "updatedNumberScheduled", 0);
	double available = json_num(status, "numberAvailable", 0);
	double is_ready = json_num(status, "numberReady", 0);

	if (json_num(status, "observedGeneration", 0) < 1 || want < 0)
		return verdict(KUBE_PROGRESSING, "NotObserved",
		    "no controller has seen it yet");
	if (json_is(json_at(object, "spec", "updateStrategy", NULL), "type",
		"OnDelete"))
		updated = want;
	if (updated < want)
		return verdict(KUBE_PROGRESSING, "Updating",
		    "%.0f of %.0f nodes updated", updated, want);
	if (available < want || is_ready < want)
		return verdict(KUBE_PROGRESSING, "Unavailable",
		    "available on %.0f of %.0f nodes",
		    available < is_ready ? available : is_ready, want);
	return ready();
}

/*
 * As Helm's and kubectl wait's users mean it: done, where kstatus is content
 * with a Job that has started.
 */
static struct kube_verdict
job(const cJSON *object)
{
	const cJSON *spec = json_at(object, "spec", NULL);
	const cJSON *status = json_at(object, "status", NULL);
	double want = json_num(spec, "completions", 1);

	if (condition_is(object, "Failed", "True"))
		return told(KUBE_FAILED, condition(object, "Failed"), "Failed");
	if (condition_is(object, "Complete", "True"))
		return ready();
	/* set before Failed: it only waits for its pods to end */
	if (condition_is(object, "FailureTarget", "True"))
		return told(
		    KUBE_FAILED, condition(object, "FailureTarget"), "Failed");
	if (condition_is(object, "Suspended", "True"))
		return told(KUBE_PROGRESSING, condition(object, "Suspended"),
		    "Suspended");
	return verdict(KUBE_PROGRESSING, "Running",
	    "%.0f of %.0f completions, %.0f pods active, %.0f failed",
	    json_num(status, "succeeded", 0), want,
	    json_num(status, "active", 0), json_num(status, "failed", 0));
}

static struct kube_verdict
claim(const cJSON *object)
{
	const char *phase = text(json_at(object, "status", NULL), "phase");

	if (strcmp(phase, "Bound") == 0)
		return ready();
	/*
	 * Lost: its volume is gone for good.  Whether a pending claim waits
	 * for its first pod only the storage class knows: the caller's part.
	 */
	return verdict(
	    strcmp(phase, "Lost") == 0 ? KUBE_FAILED : KUBE_PROGRESSING,
	    *phase != '\0' ? phase : "Pending", "not bound to a volume");
}

/*
 * kapp's rule; kstatus is content with a cluster IP. Addresses of the user's
 * own (externalIPs) need nobody to hand one out, as Helm knows.
 */
static struct kube_verdict
service(const cJSON *object)
{
	const cJSON *spec = json_at(object, "spec", NULL);

	if (!json_is(spec, "type", "LoadBalancer"))
		return ready();
	if (cJSON_GetArraySize(json_at(spec, "externalIPs", NULL)) > 0 ||
	    cJSON_GetArraySize(
		json_at(object, "status", "loadBalancer", "ingress", NULL)) > 0)
		return ready();
	return verdict(KUBE_PROGRESSING, "NoIngress",
	    "the load balancer has no address yet");
}

static struct kube_verdict namespace(const cJSON *object)
{
	const char *phase = text(json_at(object, "status", NULL), "phase");

	if (strcmp(phase, "Terminating") == 0)
		return verdict(KUBE_TERMINATING, "Terminating",
		    "the namespace is going away");
	return ready();
}

/*
 * kstatus: names that are taken stay so, and Established is only ever False on
 * its way to True while its reason is Installing.
 */
static struct kube_verdict
definition(const cJSON *object)
{
	const cJSON *names = condition(object, "NamesAccepted");
	const cJSON *established = condition(object, "Established");

	if (json_is(names, "status", "False"))
		return told(KUBE_FAILED, names, "NamesNotAccepted");
	if (json_is(established, "status", "True"))
		return ready();
	if (json_is(established, "status", "False") &&
	    !json_is(established, "reason", "Installing"))
		return told(KUBE_FAILED, established, "NotEstablished");
	return verdict(KUBE_PROGRESSING, "Installing", "not served yet");
}

/*
 * Custom resources: by convention (API conventions, "Typical status
 * properties") a Ready condition sums up; one that has none has nothing to
 * wait for.
 */
static struct kube_verdict
other(const cJSON *object)
{
	const cJSON *c = condition(object, "Ready");

	if (c == NULL || json_is(c, "status", "True"))
		return ready();
	return told(KUBE_PROGRESSING, c, "NotReady");
}

/* group is what stands before the slash, so that versions do not matter */
static const struct {
	const char *group, *kind;
	struct kube_verdict (*rule)(const cJSON *object);
} rules[] = {
	{ "apps", "Deployment", deployment },
	{ "apps", "ReplicaSet", replica_set },
	{ "apps", "StatefulSet", stateful_set },
	{ "apps", "DaemonSet", daemon_set },
	{ "batch", "Job", job },
	{ "", "Pod", kube_status_pod },
	{ "", "ReplicationController", replica_set },
	{ "", "PersistentVolumeClaim", claim },
	{ "", "Service", service },
	{ "", "Namespace", namespace },
	{ "apiextensions.k8s.io", "CustomResourceDefinition", definition },
};

static struct kube_verdict
by_kind(const cJSON *object)
{
	const char *api = text(object, "apiVersion");
	const char *kind = text(object, "kind");
	const char *slash = strchr(api, '/');
	size_t i, n = slash != NULL ? (size_t)(slash - api) : 0;

	for (i = 0; i < sizeof rules / sizeof *rules; i++)
		if (strcmp(kind, rules[i].kind) == 0 &&
		    strlen(rules[i].group) == n &&
		    strncmp(api, rules[i].group, n) == 0)
			return rules[i].rule(object);
	return other(object);
}

struct kube_verdict
kube_status(const cJSON *object)
{
	const cJSON *meta = json_at(object, "metadata", NULL);
	const cJSON *status = json_at(object, "status", NULL);
	double seen;

	if (json_at(meta, "deletionTimestamp", NULL) != NULL)
		return verdict(
		    KUBE_TERMINATING, "Terminating", "it is being deleted");
	/*
	 * a status without it says nothing of its age: taken as it is
	 * (kstatus)
	 */
	seen = json_num(status, "observedGeneration", -1);
	if (seen >= 0 && seen < json_num(meta, "generation", 0))
		return verdict(KUBE_PROGRESSING, "NotObserved",
		    "generation %.0f is not yet taken up",
		    json_num(meta, "generation", 0));
	/* kstatus' own conditions, which Flux and others write */
	if (condition_is(object, "Reconciling", "True"))
		return told(KUBE_PROGRESSING, condition(object, "Reconciling"),
		    "Reconciling");
	if (condition_is(object, "Stalled", "True"))
		return told(
		    KUBE_FAILED, condition(object, "Stalled"), "Stalled");
	return by_kind(object);
}

int
kube_owned_by(const cJSON *pod, const char *owner_uid)
{
	const cJSON *ref;

	cJSON_ArrayForEach(
	    ref, json_at(pod, "metadata", "ownerReferences", NULL))
		if (json_is(ref, "uid", owner_uid))
			return 1;
	return 0;
}

static int
in_values(const cJSON *values, const char *s)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, values)
		if (cJSON_IsString(v) && strcmp(v->valuestring, s) == 0)
			return 1;
	return 0;
}

/*
 * One of matchExpressions, as apimachinery's labels.Requirement: what is not
 * there is not in a list either, so that NotIn holds of it.
 */
static int
requirement(const cJSON *r, const cJSON *labels)
{
	const char *key = text(r, "key"), *op = text(r, "operator");
	const char *value = json_str(labels, key, NULL);
	const cJSON *values = json_at(r, "values", NULL);

	if (strcmp(op, "In") == 0)
		return value != NULL && in_values(values, value);
	if (strcmp(op, "NotIn") == 0)
		return value == NULL || !in_values(values, value);
	if (strcmp(op, "Exists") == 0)
		return value != NULL;
	return strcmp(op, "DoesNotExist") == 0 && value == NULL;
}

int
kube_selects(const cJSON *selector, const cJSON *labels)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, json_at(selector, "matchLabels", NULL))
		if (!cJSON_IsString(m) ||
		    !json_is(labels, m->string, m->valuestring))
			return 0;
	cJSON_ArrayForEach(m, json_at(selector, "matchExpressions", NULL))
		if (!requirement(m, labels))
			return 0;
	return 1;
}
