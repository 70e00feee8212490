/*
 * Is a Pod ready, and if not, will it ever be?  See kube_status.h.  A reason
 * is doomed here, not failed: nearly all of them go away by themselves at
 * times (a service that crashes until its database is up), so that the
 * caller gives them a grace.
 */
#include "kube_status.h"

#include <stdio.h>
#include <string.h>

static const char *
text(const cJSON *v, const char *key)
{
	const char *s = json_str(v, key, NULL);

	return s != NULL ? s : "";
}

/* Waiting reasons that do not get better as a rule (kubelet's own names). */
static int
is_fatal(const char *reason, const char *message)
{
	/* kubelet: images/types.go, kuberuntime_container.go, sync_result.go */
	static const char fatal[] =
	    " CrashLoopBackOff ErrImagePull ImagePullBackOff InvalidImageName"
	    " ErrImageNeverPull ImageInspectError RegistryUnavailable"
	    " CreateContainerConfigError CreateContainerError"
	    " RunContainerError PreStartHookError PostStartHookError"
	    " PreCreateHookError ";
	char word[80];

	if (*reason == '\0' ||
	    snprintf(word, sizeof word, " %s ", reason) >= (int)sizeof word ||
	    strstr(fatal, word) == NULL)
		return 0;
	/* the kubelet has not read the ConfigMap yet, that is all */
	return strcmp(reason, "CreateContainerConfigError") != 0 ||
	       strstr(message, "failed to sync") == NULL ||
	       strstr(message, "cache") == NULL;
}

/* How the container ended before, for a message: ", exit status 2". */
static void
last_end(const cJSON *status, char *out, size_t size)
{
	const cJSON *end = json_at(status, "lastState", "terminated", NULL);

	*out = '\0';
	if (end == NULL)
		return;
	if (strcmp(text(end, "reason"), "OOMKilled") == 0)
		snprintf(out, size, ", out of memory (OOMKilled)");
	else
		snprintf(out, size, ", exit status %.0f",
		    json_num(end, "exitCode", 0));
}

/* 1 when a container of the list is doomed, with the verdict. */
static int
doomed(const cJSON *statuses, struct kube_verdict *v)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, statuses) {
		const cJSON *waiting = json_at(s, "state", "waiting", NULL);
		const char *reason = text(waiting, "reason");
		const char *message = text(waiting, "message");
		char end[64];

		if (!is_fatal(reason, message))
			continue;
		last_end(s, end, sizeof end);
		v->state = KUBE_DOOMED;
		snprintf(v->reason, sizeof v->reason, "%s", reason);
		snprintf(v->message, sizeof v->message, "container %s%s%s%s",
		    text(s, "name"), end, *message != '\0' ? ": " : "",
		    message);
		return 1;
	}
	return 0;
}

/* What an unfinished pod waits for, of the containers of one list. */
static int
waits(const cJSON *statuses, int init, struct kube_verdict *v)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, statuses) {
		const cJSON *waiting = json_at(s, "state", "waiting", NULL);
		const char *reason = text(waiting, "reason");
		const cJSON *end = json_at(s, "state", "terminated", NULL);

		if (json_bool(s, "ready", 0) ||
		    (init && end != NULL && json_num(end, "exitCode", 1) == 0))
			continue;
		if (waiting == NULL && end != NULL) {
			snprintf(v->reason, sizeof v->reason, "%s",
			    text(end, "reason"));
			snprintf(v->message, sizeof v->message,
			    "container %s ended with exit status %.0f",
			    text(s, "name"), json_num(end, "exitCode", 0));
			return 1;
		}
		snprintf(v->reason, sizeof v->reason, "%s",
		    *reason != '\0' ? reason : "NotReady");
		snprintf(v->message, sizeof v->message, "%scontainer %s %s",
		    init ? "init " : "", text(s, "name"),
		    waiting != NULL ? "waits" : "runs but is not ready");
		return 1;
	}
	return 0;
}

static const cJSON *
condition(const cJSON *pod, const char *type)
{
	return json_find(
	    json_at(pod, "status", "conditions", NULL), "type", type);
}

static int
has_controller(const cJSON *pod)
{
	const cJSON *ref;

	cJSON_ArrayForEach(
	    ref, json_at(pod, "metadata", "ownerReferences", NULL))
		if (json_bool(ref, "controller", 0))
			return 1;
	return 0;
}

/* The first container that ended badly, for the message. */
static void
explain_failure(const cJSON *statuses, struct kube_verdict *v)
{
	const cJSON *s;

	cJSON_ArrayForEach(s, statuses) {
		const cJSON *end = json_at(s, "state", "terminated", NULL);

		if (end == NULL || json_num(end, "exitCode", 0) == 0)
			continue;
		if (v->reason[0] == '\0')
			snprintf(v->reason, sizeof v->reason, "%s",
			    text(end, "reason"));
		if (v->message[0] == '\0')
			snprintf(v->message, sizeof v->message,
			    "container %s ended with exit status %.0f%s%s",
			    text(s, "name"), json_num(end, "exitCode", 0),
			    *text(end, "message") != '\0' ? ": " : "",
			    text(end, "message"));
		return;
	}
}

/*
 * Phase Failed. kstatus calls it Current (cli-utils#633); who waits for a pod
 * wants to hear, as Helm's readers hold.
 */
static struct kube_verdict
failed(const cJSON *pod)
{
	const cJSON *status = json_at(pod, "status", NULL);
	struct kube_verdict v = { .state = KUBE_FAILED };
	const char *reason = text(status, "reason");

	snprintf(v.reason, sizeof v.reason, "%s", reason);
	snprintf(v.message, sizeof v.message, "%s", text(status, "message"));
	/* the node's doing: a controller makes another one */
	if (has_controller(pod) && (strcmp(reason, "Evicted") == 0 ||
				       strcmp(reason, "Preempting") == 0 ||
				       strcmp(reason, "Preempted") == 0 ||
				       strcmp(reason, "NodeShutdown") == 0 ||
				       strcmp(reason, "Shutdown") == 0 ||
				       strcmp(reason, "Terminated") == 0))
		v.state = KUBE_PROGRESSING;
	explain_failure(json_at(status, "initContainerStatuses", NULL), &v);
	explain_failure(json_at(status, "containerStatuses", NULL), &v);
	if (v.reason[0] == '\0')
		snprintf(v.reason, sizeof v.reason, "Failed");
	return v;
}

struct kube_verdict
kube_status_pod(const cJSON *pod)
{
	const cJSON *status = json_at(pod, "status", NULL);
	const char *phase = text(status, "phase");
	const cJSON *scheduled = condition(pod, "PodScheduled");
	const cJSON *inits = json_at(status, "initContainerStatuses", NULL);
	const cJSON *mains = json_at(status, "containerStatuses", NULL);
	struct kube_verdict v = { .state = KUBE_READY };

	if (strcmp(phase, "Succeeded") == 0)
		return v;
	if (strcmp(phase, "Failed") == 0)
		return failed(pod);
	if (strcmp(phase, "Running") == 0 &&
	    strcmp(text(condition(pod, "Ready"), "status"), "True") == 0)
		return v;
	/* init containers first: while one fails, the others only wait */
	if (doomed(inits, &v) || doomed(mains, &v))
		return v;
	v.state = KUBE_PROGRESSING;
	/*
	 * not bound to a node: no container says anything yet; other reasons
	 * than Unschedulable (a gate, the scheduler's own trouble) are not the
	 * pod's fault
	 */
	if (strcmp(text(scheduled, "status"), "False") == 0) {
		snprintf(
		    v.reason, sizeof v.reason, "%s", text(scheduled, "reason"));
		snprintf(v.message, sizeof v.message, "%s",
		    text(scheduled, "message"));
		if (strcmp(v.reason, "Unschedulable") == 0)
			v.state = KUBE_DOOMED;
		return v;
	}
	if (!waits(inits, 1, &v) && !waits(mains, 0, &v)) {
		snprintf(v.reason, sizeof v.reason, "%s",
		    *phase != '\0' ? phase : "Pending");
		snprintf(v.message, sizeof v.message, "%s",
		    text(condition(pod, "Ready"), "message"));
	}
	return v;
}
