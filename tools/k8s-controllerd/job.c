/*
 * Jobs: pods until enough have succeeded or too many have failed.  Counts
 * come from the pods themselves and never go below what the status has told,
 * so that a finished pod that somebody deletes still counts.
 */
#include "k8s-controllerd/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/template.h"

#define INDEX_NOTE "batch.kubernetes.io/job-completion-index"

static void
event(struct control *c, const struct change *ch)
{
	if (ch->resource == JOBS)
		work_add_object(c, &job_controller, JOBS, ch->object);
	if (ch->resource == PODS)
		work_add_owner(c, &job_controller, JOBS, ch->object);
}

long
job_index(const cJSON *pod)
{
	const char *s = meta_note(pod, INDEX_NOTE);

	if (s == NULL || *s == '\0' || strlen(s) > 6)
		return -1;
	return strtol(s, NULL, 10);
}

static int
is_phase(const cJSON *pod, const char *phase)
{
	return strcmp(pod_phase(pod), phase) == 0;
}

/* Restarts of a pod's containers: what counts with restartPolicy OnFailure. */
static long
restarts_of(const cJSON *pod)
{
	static const char *const lists[] = { "initContainerStatuses",
		"containerStatuses" };
	const cJSON *s;
	long n = 0;
	size_t i;

	for (i = 0; i < 2; i++)
		cJSON_ArrayForEach(s, json_at(pod, "status", lists[i], NULL))
			n += (long)json_num(s, "restartCount", 0);
	return n;
}

/* When the last of a pod's containers ended, in seconds since 1970. */
static double
finished_at(const cJSON *pod)
{
	const cJSON *s;
	time_t t, last = 0;

	cJSON_ArrayForEach(
	    s, json_at(pod, "status", "containerStatuses", NULL)) {
		t = meta_time(
		    json_str(s, "state", "terminated", "finishedAt", NULL));
		if (t > last)
			last = t;
	}
	if (last == 0)
		last = meta_time(
		    json_str(pod, "metadata", "creationTimestamp", NULL));
	return (double)last;
}

static void
count_failure(struct job *j, const cJSON *pod)
{
	double t = finished_at(pod);

	j->counted++;
	j->recent_failures++;
	if (t > j->last_failure)
		j->last_failure = t;
}

static void
count_pod(struct job *j, const cJSON *pod)
{
	long i = j->indexed ? job_index(pod) : 0;
	char *done = j->done != NULL && i >= 0 && i < j->n.completions ?
			 &j->done[i] :
			 NULL;

	if (is_phase(pod, "Succeeded")) {
		if (j->indexed && (done == NULL || *done))
			return; /* an index counts once */
		j->n.succeeded++;
		j->recent_failures = 0;
		if (done != NULL)
			*done = 1;
	} else if (is_phase(pod, "Failed"))
		count_failure(j, pod);
	else if (meta_dying(pod))
		j->terminating++;
	else {
		j->n.active++;
		j->ready += pod_ready(pod);
		j->restarts += restarts_of(pod);
		if (done != NULL)
			j->busy[i] = 1;
	}
}

/* Reads the Job and its pods: 0, or -1 without memory. */
static int
read_job(struct job *j)
{
	const cJSON *spec = json_at(j->job, "spec", NULL);
	const char *mode = json_str(spec, "completionMode", NULL);
	size_t i;

	j->n.parallelism = spec_num(j->job, "parallelism", 1);
	j->n.completions = spec_num(j->job, "completions",
	    json_at(spec, "parallelism", NULL) != NULL ? -1 : 1);
	j->n.suspended = json_bool(spec, "suspend", 0);
	j->indexed = mode != NULL && strcmp(mode, "Indexed") == 0 &&
		     j->n.completions >= 0 &&
		     j->n.completions <= JOB_MAX_INDEXES;
	if (j->indexed) {
		j->done = calloc((size_t)j->n.completions + 1, 1);
		j->busy = calloc((size_t)j->n.completions + 1, 1);
		if (j->done == NULL || j->busy == NULL)
			return -1;
	}
	if (control_owned(j->c, PODS, j->job, &j->pods) != 0)
		return -1;
	for (i = 0; i < j->pods.n; i++)
		count_pod(j, j->pods.v[i]);
	if (!j->indexed && status_num(j->job, "succeeded", 0) > j->n.succeeded)
		j->n.succeeded = status_num(j->job, "succeeded", 0);
	j->n.failed = status_num(j->job, "failed", 0);
	if (j->counted > j->n.failed)
		j->n.failed = j->counted;
	return 0;
}

static void
decide(
    struct job *j, const char *verdict, const char *reason, const char *message)
{
	j->verdict = verdict;
	j->reason = reason;
	j->message = message;
}

/* 1 when restarts in place were too many (restartPolicy OnFailure). */
static int
restarted_too_often(const struct job *j, long limit)
{
	const char *policy =
	    json_str(j->job, "spec", "template", "spec", "restartPolicy", NULL);

	if (policy == NULL || strcmp(policy, "OnFailure") != 0)
		return 0;
	return limit == 0 ? j->restarts > 0 : j->restarts >= limit;
}

/* Whether and how the Job ends; asks to be called when it may. */
static void
judge(struct job *j)
{
	long limit = spec_num(j->job, "backoffLimit", 6);
	long deadline = spec_num(j->job, "activeDeadlineSeconds", -1);
	const cJSON *target = meta_condition(j->job, "FailureTarget");
	time_t start = meta_time(json_str(j->job, "status", "startTime", NULL));
	double left;

	if (target != NULL)
		decide(j, "Failed", json_str(target, "reason", NULL),
		    json_str(target, "message", NULL));
	else if (j->n.failed > limit || restarted_too_often(j, limit))
		decide(j, "Failed", "BackoffLimitExceeded",
		    "Job has reached the specified backoff limit");
	else if (job_is_complete(&j->n) && !j->n.suspended)
		decide(j, "Complete", "CompletionsReached",
		    "Reached expected number of succeeded pods");
	else if (deadline >= 0 && start != 0 && !j->n.suspended) {
		left = (double)(start + deadline - time(NULL));
		if (left <= 0)
			decide(j, "Failed", "DeadlineExceeded",
			    "Job was active longer than specified deadline");
		else
			work_later(j->c, j->w, left * 1000 + 50);
	}
}

/* Deletes up to n active pods, the least worth first. */
static void
stop_pods(struct job *j, long n)
{
	char note[400];
	size_t i;

	if (j->pods.n > 1)
		qsort(j->pods.v, j->pods.n, sizeof(*j->pods.v), pods_by_worth);
	for (i = 0; i < j->pods.n && n > 0; i++) {
		if (!pod_active(j->pods.v[i]))
			continue;
		snprintf(note, sizeof note, "Deleted pod: %s",
		    meta_name(j->pods.v[i]));
		pods_delete(j->c, j->w, JOBS, j->job, j->pods.v[i],
		    "SuccessfulDelete", note);
		j->n.active--;
		j->terminating++;
		n--;
	}
}

/* JOB_COMPLETION_INDEX in every container. */
static int
add_env(cJSON *containers, const char *index)
{
	cJSON *c, *env, *e;

	cJSON_ArrayForEach(c, containers) {
		env = cJSON_GetObjectItemCaseSensitive(c, "env");
		if (env == NULL)
			env = cJSON_AddArrayToObject(c, "env");
		e = cJSON_CreateObject();
		if (env == NULL || e == NULL ||
		    json_set_str(e, "name", "JOB_COMPLETION_INDEX") != 0 ||
		    json_set_str(e, "value", index) != 0 ||
		    !cJSON_AddItemToArray(env, e)) {
			cJSON_Delete(e);
			return -1;
		}
	}
	return 0;
}

/* Makes pod the one of an index. */
static int
set_index(const struct job *j, cJSON *pod, long index)
{
	cJSON *meta = json_at(pod, "metadata", NULL);
	cJSON *spec = json_at(pod, "spec", NULL);
	char text[24], host[64];
	int bad = 0;

	snprintf(text, sizeof text, "%ld", index);
	snprintf(host, sizeof host, "%.40s-%ld", meta_name(j->job), index);
	bad |= json_set_str(json_sub(meta, "annotations"), INDEX_NOTE, text);
	bad |= json_set_str(json_sub(meta, "labels"), INDEX_NOTE, text);
	bad |= json_set_str(spec, "hostname", host);
	bad |= add_env(json_at(spec, "initContainers", NULL), text);
	bad |= add_env(json_at(spec, "containers", NULL), text);
	return bad;
}

static cJSON *
build(const struct job *j, const char *base, const char *name, long index)
{
	static const char *const keys[] = {
		"batch.kubernetes.io/controller-uid", "controller-uid",
		"batch.kubernetes.io/job-name", "job-name"
	};
	cJSON *pod = template_pod(json_at(j->job, "spec", "template", NULL),
	    j->job, "batch/v1", "Job", base, name);
	cJSON *labels = json_sub(json_at(pod, "metadata", NULL), "labels");
	int bad = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		bad |= json_set_str(labels, keys[i],
		    i < 2 ? meta_uid(j->job) : meta_name(j->job));
	if (!bad && index >= 0)
		bad = set_index(j, pod, index);
	if (!bad)
		return pod;
	cJSON_Delete(pod);
	return NULL;
}

/* The lowest index that is neither done nor under way, or -1. */
static long
next_index(const struct job *j)
{
	long i;

	for (i = 0; i < j->n.completions; i++)
		if (!j->done[i] && !j->busy[i])
			return i;
	return -1;
}

static void
start_pods(struct job *j, long n)
{
	char base[TEMPLATE_NAME_SIZE], name[TEMPLATE_NAME_SIZE], note[300];
	long index = -1;

	for (; n > 0; n--) {
		snprintf(base, sizeof base, "%.200s-", meta_name(j->job));
		if (j->indexed) {
			index = next_index(j);
			if (index < 0)
				return;
			j->busy[index] = 1;
			snprintf(base, sizeof base, "%.200s-%ld-",
			    meta_name(j->job), index);
		}
		template_name(base, name);
		snprintf(note, sizeof note, "Created pod: %s", name);
		pods_create(j->c, j->w, JOBS, j->job,
		    build(j, base, name, index), "SuccessfulCreate", note);
	}
}

/* Starts and stops pods as the numbers want it. */
static void
move(struct job *j)
{
	long want = job_wants(&j->n);
	double wait;

	if (j->verdict != NULL) {
		stop_pods(j, j->n.active);
		/* what a failure ends has failed too */
		if (strcmp(j->verdict, "Failed") == 0 &&
		    j->counted + j->terminating > j->n.failed)
			j->n.failed = j->counted + j->terminating;
		return;
	}
	if (want < 0)
		stop_pods(j, -want);
	if (want <= 0)
		return;
	wait = j->last_failure + job_backoff(j->recent_failures) -
	       (double)time(NULL);
	if (j->recent_failures > 0 && wait > 0)
		work_later(j->c, j->w, wait * 1000);
	else
		start_pods(j, want);
}

/* Deletes a Job that has ended ttlSecondsAfterFinished ago. */
static void
expire(struct control *c, struct work *w, const cJSON *job)
{
	long ttl = spec_num(job, "ttlSecondsAfterFinished", -1);
	const cJSON *end = meta_condition(
	    job, meta_is(job, "Complete") ? "Complete" : "Failed");
	time_t at = meta_time(json_str(end, "lastTransitionTime", NULL));
	double left;

	if (ttl < 0 || at == 0)
		return;
	left = (double)(at + ttl - time(NULL));
	if (left > 0)
		work_later(c, w, left * 1000 + 50);
	else
		act_delete(c, w, JOBS, job);
}

static void
reconcile(struct control *c, struct work *w)
{
	struct job j = { .c = c, .w = w };

	j.job = control_get(c, JOBS, w->ns, w->name);
	if (j.job == NULL || meta_dying(j.job))
		return;
	if (job_ended(j.job)) {
		expire(c, w, j.job);
		return;
	}
	if (read_job(&j) == 0 && control_ns_open(c, w->ns)) {
		judge(&j);
		move(&j);
		job_keep_status(&j);
	}
	objects_release(&j.pods);
	free(j.done);
	free(j.busy);
}

const struct controller job_controller = { "job", event, reconcile };
