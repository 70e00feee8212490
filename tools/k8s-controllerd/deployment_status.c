/*
 * A Deployment's status: see deployment_status.h.  Reasons and messages are
 * kubernetes' own (deployment/progress.go), since tools wait for them.
 */
#include "k8s-controllerd/deployment_status.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/rollout.h"

#define NO_DEADLINE 2147483647L
#define AVAILABLE "NewReplicaSetAvailable"
#define OVERDUE "ProgressDeadlineExceeded"

struct counts {
	long specified, replicas, updated, ready, available;
};

static struct counts
count(const struct deployment_view *v)
{
	struct counts n = { 0 };
	size_t i;

	for (i = 0; i < v->n; i++) {
		n.specified += spec_num(v->sets[i], "replicas", 1);
		n.replicas += status_num(v->sets[i], "replicas", 0);
		n.ready += status_num(v->sets[i], "readyReplicas", 0);
		n.available += status_num(v->sets[i], "availableReplicas", 0);
	}
	if (v->fresh != NULL)
		n.updated = status_num(v->fresh, "replicas", 0);
	return n;
}

static int
set_available(cJSON *status, const struct deployment_view *v, long available)
{
	struct rollout r;

	rollout_limits(&r, v->deployment);
	if (available >= r.replicas - r.max_unavailable)
		return cond_set(status, "Available", "True",
		    "MinimumReplicasAvailable",
		    "Deployment has minimum availability.", 1);
	return cond_set(status, "Available", "False",
	    "MinimumReplicasUnavailable",
	    "Deployment does not have minimum availability.", 1);
}

static int
is_complete(const struct deployment_view *v, const struct counts *n)
{
	long want = spec_num(v->deployment, "replicas", 1);

	return n->updated == want && n->replicas == want &&
	       n->available == want;
}

/* More is up to date, ready or available, or less is old, than before. */
static int
has_moved(const struct deployment_view *v, const struct counts *n)
{
	const cJSON *d = v->deployment;
	long replicas = status_num(d, "replicas", 0);
	long updated = status_num(d, "updatedReplicas", 0);

	return n->updated > updated ||
	       n->replicas - n->updated < replicas - updated ||
	       n->ready > status_num(d, "readyReplicas", 0) ||
	       n->available > status_num(d, "availableReplicas", 0);
}

/* Seconds until the progress that c tells of is overdue. */
static double
time_left(const cJSON *c, long limit)
{
	time_t since = meta_time(json_str(c, "lastUpdateTime", NULL));

	return (double)(since + limit - time(NULL));
}

/*
 * 1 when no progress is to be told of, since the Deployment is paused; what
 * was overdue before stays so.  The time of the pause is not counted.
 */
static int
is_paused(cJSON *status, const struct deployment_view *v, int *bad)
{
	const cJSON *spec = json_at(v->deployment, "spec", NULL);
	const cJSON *c = cond_get(status, "Progressing");
	int told = json_is(c, "reason", "DeploymentPaused");

	if (json_num(spec, "progressDeadlineSeconds", 600) >= NO_DEADLINE)
		return 0;
	if (!json_bool(spec, "paused", 0)) {
		if (told)
			*bad |= cond_set(status, "Progressing", "Unknown",
			    "DeploymentResumed", "Deployment is resumed", 2);
		return 0;
	}
	if (!told && !json_is(c, "reason", OVERDUE))
		*bad |= cond_set(status, "Progressing", "Unknown",
		    "DeploymentPaused", "Deployment is paused", 2);
	return 1;
}

static int
set_progress(cJSON *status, const struct deployment_view *v,
    const struct counts *n, double *deadline)
{
	long limit = spec_num(v->deployment, "progressDeadlineSeconds", 600);
	const cJSON *c = cond_get(status, "Progressing");
	const char *reason = json_str(c, "reason", NULL), *name;
	char text[400];
	double left;

	if (reason == NULL)
		reason = "";
	name = v->created != NULL ? v->created :
	       v->fresh != NULL   ? meta_name(v->fresh) :
				    "";
	if (limit >= NO_DEADLINE || *name == '\0')
		return 0;
	if (v->created != NULL) {
		snprintf(
		    text, sizeof text, "Created new replica set \"%s\"", name);
		return cond_set(status, "Progressing", "True",
		    "NewReplicaSetCreated", text, 2);
	}
	if (n->replicas == n->updated && strcmp(reason, AVAILABLE) == 0)
		return 0;
	if (is_complete(v, n)) {
		snprintf(text, sizeof text,
		    "ReplicaSet \"%s\" has successfully progressed.", name);
		return cond_set(
		    status, "Progressing", "True", AVAILABLE, text, 2);
	}
	if (c == NULL || has_moved(v, n)) {
		snprintf(text, sizeof text, "ReplicaSet \"%s\" is progressing.",
		    name);
		if (limit < *deadline)
			*deadline = (double)limit;
		return cond_set(status, "Progressing", "True",
		    "ReplicaSetUpdated", text, 2);
	}
	left = time_left(c, limit);
	if (left > 0 && strcmp(reason, OVERDUE) != 0) {
		if (left < *deadline)
			*deadline = left;
		return 0;
	}
	snprintf(text, sizeof text,
	    "ReplicaSet \"%s\" has timed out progressing.", name);
	return cond_set(status, "Progressing", "False", OVERDUE, text, 1);
}

/* What keeps a ReplicaSet from making pods, told further up. */
static int
set_failure(cJSON *status, const struct deployment_view *v)
{
	const cJSON *c = NULL;
	size_t i;

	for (i = 0; i < v->n && c == NULL; i++)
		if (meta_is(v->sets[i], "ReplicaFailure"))
			c = meta_condition(v->sets[i], "ReplicaFailure");
	if (c == NULL) {
		cond_drop(status, "ReplicaFailure");
		return 0;
	}
	return cond_set(status, "ReplicaFailure", "True",
	    json_str(c, "reason", NULL), json_str(c, "message", NULL), 1);
}

cJSON *
deployment_status(const struct deployment_view *v, double *deadline)
{
	const cJSON *old = json_at(v->deployment, "status", NULL);
	struct counts n = count(v);
	cJSON *s = old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();
	int bad = s == NULL;

	if (!bad) {
		bad |= json_set_num(s, "observedGeneration",
		    json_num(json_at(v->deployment, "metadata", NULL),
			"generation", 1));
		bad |= status_count(s, "replicas", n.replicas);
		bad |= status_count(s, "updatedReplicas", n.updated);
		bad |= status_count(s, "readyReplicas", n.ready);
		bad |= status_count(s, "availableReplicas", n.available);
		bad |= status_count(
		    s, "unavailableReplicas", n.specified - n.available);
		bad |= status_count(s, "collisionCount", v->collisions);
		bad |= set_available(s, v, n.available);
		if (!is_paused(s, v, &bad))
			bad |= set_progress(s, v, &n, deadline);
		bad |= set_failure(s, v);
	}
	if (!bad)
		return s;
	cJSON_Delete(s);
	return NULL;
}
