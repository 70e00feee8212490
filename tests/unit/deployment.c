/* A Deployment's status from its ReplicaSets. */
#include "k8s-controllerd/deployment_status.h"

#include <string.h>

#include "json_quote.h"
#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"
#include "lib/clock.h"
#include "tap.h"

#define SET(name, spec, have, ready)                               \
	"{'metadata':{'name':'" name "'},'spec':{'replicas':" spec \
	"},'status':{'replicas':" have ",'readyReplicas':" ready   \
	",'availableReplicas':" ready "}}"

/* The status of a Deployment with old and fresh sets (either may be NULL). */
static cJSON *
status(const char *deployment, const char *old, const char *fresh,
    const char *created, double *deadline)
{
	cJSON *d = json(deployment), *sets[2] = { json(old), json(fresh) }, *s;
	const cJSON *all[2];
	struct deployment_view v = { .deployment = d,
		.sets = all,
		.fresh = sets[1],
		.created = created };
	size_t i;

	for (i = 0; i < 2; i++)
		if (sets[i] != NULL)
			all[v.n++] = sets[i];
	s = deployment_status(&v, deadline);
	cJSON_Delete(d);
	cJSON_Delete(sets[0]);
	cJSON_Delete(sets[1]);
	return s;
}

static const char *
reason(const cJSON *s, const char *type)
{
	return json_str(cond_get(s, type), "reason", NULL);
}

static void
test_progress(void)
{
	double deadline = 1e9;
	cJSON *s;

	s = status("{'metadata':{'generation':3},'spec':{'replicas':2}}", NULL,
	    NULL, "d-1", &deadline);
	tap_str(
	    reason(s, "Progressing"), "NewReplicaSetCreated", "a set is made");
	tap_str(json_str(cond_get(s, "Progressing"), "message", NULL),
	    "Created new replica set \"d-1\"", "and named");
	tap_ok(json_num(s, "observedGeneration", 0) == 3, "generation");
	cJSON_Delete(s);
	s = status("{'spec':{'replicas':2}}", SET("o", "2", "2", "2"),
	    SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "ReplicaSetUpdated", "on its way");
	tap_str(reason(s, "Available"), "MinimumReplicasAvailable",
	    "available all the time");
	tap_ok(json_num(s, "replicas", 0) == 3 &&
		   json_num(s, "updatedReplicas", 0) == 1 &&
		   json_num(s, "readyReplicas", 0) == 2 &&
		   json_num(s, "unavailableReplicas", 0) == 1,
	    "counts");
	cJSON_Delete(s);
	s = status("{'spec':{'replicas':2}}", SET("o", "0", "0", "0"),
	    SET("n", "2", "2", "2"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "NewReplicaSetAvailable", "done");
	tap_ok(json_at(s, "unavailableReplicas", NULL) == NULL,
	    "zeros are left out");
	cJSON_Delete(s);
	s = status("{'spec':{'replicas':2,'progressDeadlineSeconds':"
		   "2147483647}}",
	    NULL, SET("n", "2", "2", "0"), NULL, &deadline);
	tap_ok(reason(s, "Progressing") == NULL,
	    "no condition without a deadline");
	tap_str(reason(s, "Available"), "MinimumReplicasUnavailable",
	    "not available");
	cJSON_Delete(s);
}

#define WAITING(since, reason)                                                 \
	"{'spec':{'replicas':1,'progressDeadlineSeconds':60},'status':{"       \
	"'replicas':1,'updatedReplicas':1,'conditions':[{'type':'Progressing'" \
	",'status':'True','reason':'" reason "','lastUpdateTime':'" since      \
	"'}]}}"

static void
test_deadline(void)
{
	char now[CLOCK_TS_SIZE], text[600];
	double deadline = 1e9;
	cJSON *s;

	snprintf(text, sizeof text, WAITING("%s", "ReplicaSetUpdated"),
	    meta_now(now));
	s = status(text, NULL, SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(
	    reason(s, "Progressing"), "ReplicaSetUpdated", "it still has time");
	tap_ok(deadline > 55 && deadline <= 60, "of a minute");
	cJSON_Delete(s);
	s = status(WAITING("2026-01-01T00:00:00Z", "ReplicaSetUpdated"), NULL,
	    SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "ProgressDeadlineExceeded",
	    "until time is up");
	tap_str(json_str(cond_get(s, "Progressing"), "message", NULL),
	    "ReplicaSet \"n\" has timed out progressing.",
	    "in kubernetes' words");
	cJSON_Delete(s);
	s = status(WAITING("2026-01-01T00:00:00Z", "NewReplicaSetAvailable"),
	    NULL, SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "NewReplicaSetAvailable",
	    "a finished roll-out does not time out");
	cJSON_Delete(s);
	s = status(WAITING("2026-01-01T00:00:00Z", "ProgressDeadlineExceeded"),
	    NULL, SET("n", "1", "1", "1"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "NewReplicaSetAvailable",
	    "one that timed out may still finish");
	cJSON_Delete(s);
}

#define PAUSED(paused, since, reason)                                           \
	"{'spec':{'replicas':1,'paused':" paused ",'progressDeadline"           \
	"Seconds':60},'status':{'replicas':1,'updatedReplicas':1,"              \
	"'conditions':[{'type':'Progressing','status':'True','reason':'" reason \
	"','lastUpdateTime':'" since "'}]}}"

static void
test_pause(void)
{
	static const char long_ago[] = "2026-01-01T00:00:00Z";
	double deadline = 1e9;
	cJSON *s;

	s = status(PAUSED("true", "2026-01-01T00:00:00Z", "ReplicaSetUpdated"),
	    NULL, SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "DeploymentPaused",
	    "a paused one is not overdue");
	cJSON_Delete(s);
	s = status(
	    PAUSED("true", "2026-01-01T00:00:00Z", "ProgressDeadlineExceeded"),
	    NULL, SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "ProgressDeadlineExceeded",
	    "but what was overdue stays so");
	cJSON_Delete(s);
	s = status(PAUSED("false", "2026-01-01T00:00:00Z", "DeploymentPaused"),
	    NULL, SET("n", "1", "1", "0"), NULL, &deadline);
	tap_str(reason(s, "Progressing"), "DeploymentResumed",
	    "its time begins when it is resumed");
	tap_ok(
	    strcmp(json_str(cond_get(s, "Progressing"), "lastUpdateTime", NULL),
		long_ago) > 0,
	    "from now on");
	cJSON_Delete(s);
}

static void
test_failure(void)
{
	double deadline = 1e9;
	cJSON *s;

	s = status("{'spec':{'replicas':1}}", NULL,
	    "{'metadata':{'name':'n'},'spec':{'replicas':1},'status':{"
	    "'conditions':[{'type':'ReplicaFailure','status':'True','reason':"
	    "'FailedCreate','message':'no'}]}}",
	    NULL, &deadline);
	tap_str(reason(s, "ReplicaFailure"), "FailedCreate",
	    "what keeps pods from being made is told");
	cJSON_Delete(s);
}

int
main(void)
{
	test_progress();
	test_deadline();
	test_pause();
	test_failure();
	return tap_end();
}
