/*
 * A Job's status: see job.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/job.h"
#include "k8s-controllerd/meta.h"
#include "lib/clock.h"

int
job_ended(const cJSON *job)
{
	return meta_is(job, "Complete") || meta_is(job, "Failed");
}

static int
set_condition(cJSON *status, const char *type, const char *value,
    const char *reason, const char *message)
{
	char now[CLOCK_TS_SIZE];
	cJSON *c;

	if (cond_set(status, type, value, reason, message, 0) != 0)
		return -1;
	c = cond_get(status, type);
	if (json_str(c, "lastProbeTime", NULL) != NULL)
		return 0;
	return json_set_str(c, "lastProbeTime", meta_now(now));
}

/* The end, in the two steps that newer clients know. */
static int
set_verdict(struct job *j, cJSON *status)
{
	int complete = strcmp(j->verdict, "Complete") == 0, bad = 0;
	char now[CLOCK_TS_SIZE];

	bad |= set_condition(status,
	    complete ? "SuccessCriteriaMet" : "FailureTarget", "True",
	    j->reason, j->message);
	if (!complete && j->n.active + j->terminating > 0)
		return bad; /* Failed once the last pod is gone */
	bad |= set_condition(status, j->verdict, "True", j->reason, j->message);
	if (complete)
		bad |= json_set_str(status, "completionTime", meta_now(now));
	act_event(j->c, JOBS, j->job, complete ? "Normal" : "Warning",
	    complete ? "Completed" : j->reason,
	    complete ? "Job completed" : j->message, "job");
	return bad;
}

static int
set_suspended(const struct job *j, cJSON *status)
{
	char now[CLOCK_TS_SIZE];

	if (j->n.suspended) {
		cJSON_DeleteItemFromObjectCaseSensitive(status, "startTime");
		return set_condition(status, "Suspended", "True",
		    "JobSuspended", "Job suspended");
	}
	if (cond_get(status, "Suspended") != NULL &&
	    set_condition(
		status, "Suspended", "False", "JobResumed", "Job resumed") != 0)
		return -1;
	if (json_str(status, "startTime", NULL) == NULL)
		return json_set_str(status, "startTime", meta_now(now));
	return 0;
}

static int
set_indexes(const struct job *j, cJSON *status)
{
	struct buf b;
	int r = 0;

	if (!j->indexed)
		return 0;
	buf_init(&b, 1 << 20);
	r = job_print_indexes(&b, j->done, (size_t)j->n.completions);
	if (r == 0 && b.len > 0)
		r = json_set_str(status, "completedIndexes", b.data);
	buf_release(&b);
	return r;
}

void
job_keep_status(struct job *j)
{
	const cJSON *old = json_at(j->job, "status", NULL);
	cJSON *s = old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();
	int bad = s == NULL;

	if (!bad) {
		bad |= set_suspended(j, s);
		bad |= status_count(s, "active", j->n.active);
		bad |= status_count(s, "succeeded", j->n.succeeded);
		bad |= status_count(s, "failed", j->n.failed);
		bad |= json_set_num(s, "ready", (double)j->ready);
		bad |= json_set_num(s, "terminating", (double)j->terminating);
		bad |= set_indexes(j, s);
		if (j->verdict != NULL)
			bad |= set_verdict(j, s);
	}
	if (bad)
		cJSON_Delete(s);
	else
		act_status(j->c, j->w, JOBS, j->job, s);
}
