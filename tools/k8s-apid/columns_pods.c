/*
 * Columns of pods and of what runs them: see columns.h.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "k8s-apid/columns.h"
#include "lib/clock.h"

static double
count(const cJSON *v, const char *part, const char *key)
{
	return json_num(json_at(v, part, NULL), key, 0);
}

/* ---- pods ---- */

static void
pod_ready(const cJSON *v, struct buf *out)
{
	const cJSON *c;
	int ready = 0;

	cJSON_ArrayForEach(c, json_at(v, "status", "containerStatuses", NULL)) {
		ready += json_bool(c, "ready", 0);
	}
	buf_addf(out, "%d/%d", ready,
	    cJSON_GetArraySize(json_at(v, "spec", "containers", NULL)));
}

/* "Error", "ExitCode:1" or "Signal:9" of a terminated state. */
static int
ended(const cJSON *state, struct buf *out)
{
	const cJSON *t = json_at(state, "terminated", NULL);
	const char *reason = json_str(t, "reason", NULL);

	if (t == NULL)
		return 0;
	buf_clear(out);
	if (reason != NULL && reason[0] != '\0')
		buf_adds(out, reason);
	else if (json_num(t, "signal", 0) != 0)
		buf_addf(out, "Signal:%.0f", json_num(t, "signal", 0));
	else
		buf_addf(out, "ExitCode:%.0f", json_num(t, "exitCode", 0));
	return 1;
}

/* Why a container does not run: the user wants this more than the phase. */
static int
waiting(const cJSON *state, struct buf *out)
{
	const char *reason = json_str(state, "waiting", "reason", NULL);

	if (reason == NULL || reason[0] == '\0')
		return 0;
	buf_clear(out);
	buf_adds(out, reason);
	return 1;
}

/* 1 when an init container is not through: out says which state. */
static int
initialising(const cJSON *v, struct buf *out)
{
	const cJSON *c, *state;
	int n, i = 0;
	struct buf why;

	n = cJSON_GetArraySize(json_at(v, "spec", "initContainers", NULL));
	buf_init(&why, 256);
	cJSON_ArrayForEach(
	    c, json_at(v, "status", "initContainerStatuses", NULL)) {
		state = json_at(c, "state", NULL);
		if (json_num(json_at(state, "terminated", NULL), "exitCode",
			-1) == 0) {
			i++;
			continue;
		}
		buf_clear(out);
		if (ended(state, &why) ||
		    (waiting(state, &why) &&
			strcmp(why.data, "PodInitializing") != 0))
			buf_addf(out, "Init:%s", why.data);
		else
			buf_addf(out, "Init:%d/%d", i, n);
		buf_release(&why);
		return 1;
	}
	buf_release(&why);
	return 0;
}

static int
is_ready(const cJSON *v)
{
	return json_is(json_find(json_at(v, "status", "conditions", NULL),
			   "type", "Ready"),
	    "status", "True");
}

/*
 * printPod's order: the reason, what init containers do, what containers do,
 * and deletion over all.
 */
static void
pod_status(const cJSON *v, struct buf *out)
{
	const char *reason = json_str(v, "status", "reason", NULL);
	const cJSON *list, *c, *state;
	int running = 0, init;

	if (reason == NULL || reason[0] == '\0')
		reason = json_str(v, "status", "phase", NULL);
	if (json_is(json_find(json_at(v, "status", "conditions", NULL), "type",
			"PodScheduled"),
		"reason", "SchedulingGated"))
		reason = "SchedulingGated";
	buf_adds(out, reason != NULL ? reason : "Unknown");
	init = initialising(v, out);
	list = json_at(v, "status", "containerStatuses", NULL);
	if (!init)
		cJSON_ArrayForEach(c, list) {
			state = json_at(c, "state", NULL);
			if (!waiting(state, out) && !ended(state, out))
				running |=
				    json_bool(c, "ready", 0) &&
				    json_at(state, "running", NULL) != NULL;
		}
	if (running && strcmp(out->data, "Completed") == 0) {
		buf_clear(out);
		buf_adds(out, is_ready(v) ? "Running" : "NotReady");
	}
	if (json_at(v, "metadata", "deletionTimestamp", NULL) == NULL)
		return;
	buf_clear(out);
	buf_adds(out, "Terminating");
}

/* With the time of the last one, once there was one. */
static void
pod_restarts(const cJSON *v, struct buf *out)
{
	static const char *const lists[] = { "initContainerStatuses",
		"containerStatuses" };
	const char *last = NULL, *at;
	const cJSON *c;
	double n = 0;
	size_t i;

	for (i = 0; i < 2; i++)
		cJSON_ArrayForEach(c, json_at(v, "status", lists[i], NULL)) {
			n += json_num(c, "restartCount", 0);
			at = json_str(
			    c, "lastState", "terminated", "finishedAt", NULL);
			if (at != NULL &&
			    (last == NULL || strcmp(at, last) > 0))
				last = at;
		}
	buf_addf(out, "%.0f", n);
	if (n > 0 && last != NULL) {
		buf_adds(out, " (");
		column_since(last, out);
		buf_adds(out, " ago)");
	}
}

static void
pod_gates(const cJSON *v, struct buf *out)
{
	(void)v;
	buf_adds(out, "<none>");
}

const struct column columns_pods[] = {
	COLUMN("Name", column_name),
	COLUMN("Ready", pod_ready),
	COLUMN("Status", pod_status),
	COLUMN("Restarts", pod_restarts),
	COLUMN("Age", column_age),
	COLUMN_WIDE("IP", column_text_or_none, "status", "podIP"),
	COLUMN_WIDE("Node", column_text_or_none, "spec", "nodeName"),
	COLUMN_WIDE("Nominated Node", column_text_or_none, "status",
	    "nominatedNodeName"),
	COLUMN_WIDE("Readiness Gates", pod_gates),
	{ 0 },
};

/* ---- what runs pods ---- */

static void
names(const cJSON *v, const char *key, struct buf *out)
{
	const cJSON *list, *c;
	const char *s;

	list = json_at(v, "spec", "template", "spec", "containers", NULL);
	cJSON_ArrayForEach(c, list) {
		s = json_str(c, key, NULL);
		buf_addf(out, "%s%s", c == list->child ? "" : ",",
		    s != NULL ? s : "");
	}
}

static void
containers(const cJSON *v, struct buf *out)
{
	names(v, "name", out);
}

static void
images(const cJSON *v, struct buf *out)
{
	names(v, "image", out);
}

static void
ready_of_wanted(const cJSON *v, struct buf *out)
{
	buf_addf(out, "%.0f/%.0f", count(v, "status", "readyReplicas"),
	    count(v, "spec", "replicas"));
}

const struct column columns_deployments[] = {
	COLUMN("Name", column_name),
	COLUMN("Ready", ready_of_wanted),
	COLUMN_INT("Up-to-date", column_number, "status", "updatedReplicas"),
	COLUMN_INT("Available", column_number, "status", "availableReplicas"),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Containers", containers),
	COLUMN_WIDE("Images", images),
	COLUMN_WIDE(
	    "Selector", column_labels, "spec", "selector", "matchLabels"),
	{ 0 },
};

const struct column columns_replicasets[] = {
	COLUMN("Name", column_name),
	COLUMN_INT("Desired", column_number, "spec", "replicas"),
	COLUMN_INT("Current", column_number, "status", "replicas"),
	COLUMN_INT("Ready", column_number, "status", "readyReplicas"),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Containers", containers),
	COLUMN_WIDE("Images", images),
	COLUMN_WIDE(
	    "Selector", column_labels, "spec", "selector", "matchLabels"),
	{ 0 },
};

const struct column columns_statefulsets[] = {
	COLUMN("Name", column_name),
	COLUMN("Ready", ready_of_wanted),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Containers", containers),
	COLUMN_WIDE("Images", images),
	{ 0 },
};

const struct column columns_daemonsets[] = {
	COLUMN("Name", column_name),
	COLUMN_INT(
	    "Desired", column_number, "status", "desiredNumberScheduled"),
	COLUMN_INT(
	    "Current", column_number, "status", "currentNumberScheduled"),
	COLUMN_INT("Ready", column_number, "status", "numberReady"),
	COLUMN_INT(
	    "Up-to-date", column_number, "status", "updatedNumberScheduled"),
	COLUMN_INT("Available", column_number, "status", "numberAvailable"),
	COLUMN("Node Selector", column_labels, "spec", "template", "spec",
	    "nodeSelector"),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Containers", containers),
	COLUMN_WIDE("Images", images),
	COLUMN_WIDE(
	    "Selector", column_labels, "spec", "selector", "matchLabels"),
	{ 0 },
};

/* ---- jobs ---- */

/* The last condition that is true wins; deletion wins over all. */
static void
job_status(const cJSON *v, struct buf *out)
{
	const cJSON *c;
	const char *type, *status;

	buf_adds(out, "Running");
	cJSON_ArrayForEach(c, json_at(v, "status", "conditions", NULL)) {
		type = json_str(c, "type", NULL);
		status = json_str(c, "status", NULL);
		if (type == NULL || status == NULL ||
		    strcmp(status, "True") != 0)
			continue;
		if (strcmp(type, "Complete") == 0 ||
		    strcmp(type, "Failed") == 0 ||
		    strcmp(type, "Suspended") == 0) {
			buf_clear(out);
			buf_adds(out, type);
		}
	}
	if (json_at(v, "metadata", "deletionTimestamp", NULL) != NULL) {
		buf_clear(out);
		buf_adds(out, "Terminating");
	}
}

static void
job_completions(const cJSON *v, struct buf *out)
{
	double wanted = count(v, "spec", "completions");
	double parallel = count(v, "spec", "parallelism");

	buf_addf(out, "%.0f/", count(v, "status", "succeeded"));
	if (json_at(v, "spec", "completions", NULL) != NULL)
		buf_addf(out, "%.0f", wanted);
	else if (parallel > 1)
		buf_addf(out, "1 of %.0f", parallel);
	else
		buf_adds(out, "1");
}

static void
job_duration(const cJSON *v, struct buf *out)
{
	const char *from = json_str(v, "status", "startTime", NULL);
	const char *to = json_str(v, "status", "completionTime", NULL);
	struct timespec a, b;

	if (from == NULL || clock_parse(from, &a) != 0)
		return;
	if (to == NULL || clock_parse(to, &b) != 0)
		column_since(from, out);
	else
		column_duration((double)(b.tv_sec - a.tv_sec), out);
}

const struct column columns_jobs[] = {
	COLUMN("Name", column_name),
	COLUMN("Status", job_status),
	COLUMN("Completions", job_completions),
	COLUMN("Duration", job_duration),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Containers", containers),
	COLUMN_WIDE("Images", images),
	COLUMN_WIDE(
	    "Selector", column_labels, "spec", "selector", "matchLabels"),
	{ 0 },
};
