/*
 * The requests: one PATCH for each object, which is all that server-side
 * apply needs.  Whether an object was changed shows in its resourceVersion:
 * a revision of the whole store, so that one number, asked for at the start,
 * tells for every object (another writer in the same moment may make an
 * unchanged object look configured).  Where that number cannot be had, and
 * for a dry run or --diff, each object is read first.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "tool.h"

#define RETRY_FIRST_MS 20
#define RETRY_LAST_MS 1000
#define RETRY_SOON_MS 5000 /* as kapp: for what should pass at once */

static int start(struct object *o, struct fault *f);

static void
finish(struct object *o, enum result result)
{
	struct apply *a = o->run;

	o->result = result;
	o->ms = clock_ms() - o->started;
	if (!a->diff) {
		cJSON_Delete(o->before);
		o->before = NULL;
	}
	a->done++;
}

void
object_fail(struct object *o, enum fault_code code, const char *fmt, ...)
{
	char name[512];
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&o->error, fmt, ap) == -1)
		o->error = NULL;
	va_end(ap);
	o->code = code != FAULT_NONE ? code : FAULT_UNSURE;
	report_progress(o->run, 1);
	tool_warn("%s: %s", object_name(o, name, sizeof name),
	    o->error != NULL ? o->error : "out of memory");
	if (o->started == 0)
		o->started = clock_ms();
	finish(o, R_FAILED);
}

/*
 * A resourceVersion as a number, 0 when it is none.  Long said to be opaque, it
 * has always been etcd's revision, and may be compared (KEP-5504).
 */
static unsigned long long
revision(const cJSON *object)
{
	const char *s = json_str(object, "metadata", "resourceVersion", NULL);
	unsigned long long v;
	char *end;

	if (s == NULL || *s < '0' || *s > '9')
		return 0;
	v = strtoull(s, &end, 10);
	return *end == '\0' ? v : 0;
}

/* 1 when both are the same but for what the server keeps count with. */
static int
same_content(const cJSON *left, const cJSON *right)
{
	cJSON *a = object_content(left), *b = object_content(right);
	int same = a != NULL && b != NULL && json_equal(a, b);

	cJSON_Delete(a);
	cJSON_Delete(b);
	return same;
}

/*
 * 1 when the object is as new as our last change to it, or as this run when
 * nothing in it is ours to change: then an attempt whose answer was lost has
 * made it.
 */
static int
just_created(const struct object *o, const cJSON *object)
{
	const char *born =
	    json_str(object, "metadata", "creationTimestamp", NULL);
	const char *name, *at;
	const cJSON *e;

	cJSON_ArrayForEach(
	    e, json_at(object, "metadata", "managedFields", NULL)) {
		name = json_str(e, "manager", NULL);
		at = json_str(e, "time", NULL);
		if (name != NULL && strcmp(name, o->run->manager) == 0 &&
		    (at == NULL || born == NULL || strcmp(at, born) != 0))
			return 0;
	}
	return revision(object) > o->run->baseline;
}

/*
 * The server says 201 for what it has made, and 200 for all else: whether that
 * changed anything shows in the version, or, of a dry run, which writes none,
 * in the content.
 */
static enum result
result_of(const struct object *o, const struct kube_answer *answer)
{
	int same;

	if (answer->status == 201 || (o->asked && o->before == NULL) ||
	    (answer->unclear && !o->asked && just_created(o, answer->body)))
		return R_CREATED;
	if (!o->asked)
		same = revision(answer->body) != 0 &&
		       revision(answer->body) <= o->run->baseline;
	else if (o->run->dry_run)
		same = same_content(o->before, answer->body);
	else
		same = revision(o->before) == revision(answer->body);
	return same ? R_UNCHANGED : R_CONFIGURED;
}

static int
has_cause(const cJSON *status, const char *reason)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(status, "details", "causes", NULL)) {
		const char *r = json_str(c, "reason", NULL);

		if (r != NULL && strcmp(r, reason) == 0)
			return 1;
	}
	return 0;
}

/*
 * Refusals that go away.  A 409 that is no matter of field managers, nor of a
 * version that the input names: a quota or an object that somebody writes at
 * the same moment (kubernetes#67761).  A
 * pod before its account: each namespace gets "default" from a controller
 * (kubernetes#66689), others may never come.  A 404 without a name: another
 * API server than the one that was asked does not serve the new kind yet.
 */
static int
may_retry(const struct object *o, const struct kube_answer *answer)
{
	double now = clock_ms();
	int soon = now - o->started < RETRY_SOON_MS;

	if (now >= o->run->deadline)
		return 0;
	switch (answer->status) {
	case 403:
		return strstr(answer->message,
			   "error looking up service account") != NULL &&
		       (soon || strstr(answer->message,
				    "\"default\" not found") != NULL);
	case 404:
		return o->is_new && soon &&
		       json_str(answer->body, "details", "name", NULL) == NULL;
	case 409:
		return soon && strcmp(answer->reason, "Conflict") == 0 &&
		       !has_cause(answer->body, "FieldManagerConflict") &&
		       json_at(o->from->object, "metadata", "resourceVersion",
			   NULL) == NULL;
	default:
		return 0;
	}
}

static void
again(void *arg)
{
	struct object *o = arg;
	struct fault f = { 0 };

	if (start(o, &f) != 0) {
		o->run->busy--;
		object_fail(o, f.code, "%s", f.msg);
	}
}

/* The end of a PATCH: the object's end too, unless it is sent again. */
static void
answered(void *arg, const struct kube_answer *answer)
{
	struct object *o = arg;
	struct apply *a = o->run;
	struct fault f = { 0 };
	const char *uid;

	if (kube_ok(answer)) {
		uid = json_str(answer->body, "metadata", "uid", NULL);
		snprintf(o->uid, sizeof o->uid, "%s", uid != NULL ? uid : "");
		if (a->diff)
			o->after = cJSON_Duplicate(answer->body, 1);
		a->busy--;
		finish(o, result_of(o, answer));
		return;
	}
	if (may_retry(o, answer)) {
		o->retry_ms = o->retry_ms == 0 ? RETRY_FIRST_MS :
			      o->retry_ms * 2 < RETRY_LAST_MS ?
						 o->retry_ms * 2 :
						 RETRY_LAST_MS;
		if (loop_timer(a->loop, o->retry_ms, again, o, &f) != NULL)
			return;
	}
	a->busy--;
	kube_fault(answer, "", &f);
	/* so servers before 1.21 call a field that their schema lacks, with 500
	 */
	if (strstr(answer->message, "failed to create typed patch") != NULL)
		f.code = FAULT_NO;
	object_fail(o, f.code, "%s", answer->message);
	report_refusal(o, answer->body);
}

/* The object as it is now; a 404 is an answer as well. */
static void
read_before(void *arg, const struct kube_answer *answer)
{
	struct object *o = arg;
	struct fault f = { 0 };

	if (kube_ok(answer))
		o->before = cJSON_Duplicate(answer->body, 1);
	else if (answer->status != 404) {
		o->run->busy--;
		kube_fault(answer, "", &f);
		object_fail(o, f.code, "%s", answer->message);
		return;
	}
	again(o);
}

static int
start(struct object *o, struct fault *f)
{
	struct apply *a = o->run;
	struct kube_request rq = { .arg = o };
	struct buf path, body;
	int rc = -1;

	buf_init(&path, 4096);
	buf_init(&body, MANIFEST_MAX);
	if (o->started == 0) {
		o->started = clock_ms();
		clock_ts(o->ts);
	}
	kube_path(&path, &o->kind, o->ns, o->name);
	if ((a->dry_run || a->diff || a->baseline == 0) && !o->asked) {
		o->asked = 1;
		rq.method = "GET";
		rq.done = read_before;
	} else {
		rq.method = "PATCH";
		rq.done = answered;
		rq.content_type = "application/apply-patch+yaml";
		buf_adds(&path, "?fieldValidation=Strict&fieldManager=");
		http_escape(&path, a->manager, strlen(a->manager), 0);
		buf_adds(&path, a->force ? "&force=true" : "");
		buf_adds(&path, a->dry_run ? "&dryRun=All" : "");
		json_write(&body, o->from->object);
		rq.body = buf_str(&body);
		rq.body_len = body.len;
	}
	if (buf_check(&path, "path", f) == 0 &&
	    buf_check(&body, "object", f) == 0) {
		rq.path = path.data;
		rc = kube_start(a->kube, &rq, f) != NULL ? 0 : -1;
	}
	buf_release(&path);
	buf_release(&body);
	return rc;
}

/* Starts what the tier has left while there is room. */
static void
fill(struct apply *a, enum tier tier)
{
	while (a->next < a->n && a->busy < a->jobs) {
		struct object *o = a->order[a->next];
		struct fault f = { 0 };

		if (o->tier != tier)
			return;
		a->next++;
		if (o->result != R_PENDING)
			continue;
		a->busy++;
		if (start(o, &f) != 0) {
			a->busy--;
			object_fail(o, f.code, "%s", f.msg);
		}
	}
}

int
send_tier(struct apply *a, enum tier tier, struct fault *f)
{
	double left;

	for (;;) {
		left = a->deadline - clock_ms();
		if (left <= 0)
			return 0;
		fill(a, tier);
		if (report_ready(a, f) != 0)
			return -1;
		report_progress(a, 0);
		if (a->busy == 0 &&
		    (a->next == a->n || a->order[a->next]->tier != tier))
			return 0;
		if (a->busy > 0 && loop_once(a->loop, left, f) != 0)
			return -1;
	}
}

static void
on_baseline(void *arg, const struct kube_answer *answer)
{
	struct apply *a = arg;

	a->asking = 0;
	if (kube_ok(answer))
		a->baseline = revision(answer->body);
}

void
send_baseline_early(struct apply *a)
{
	struct kube_request rq = {
		.method = "GET", .done = on_baseline, .arg = a
	};
	struct buf path;

	if (a->dry_run || a->diff)
		return;
	buf_init(&path, 4096);
	buf_adds(&path, "/api/v1/namespaces/");
	http_escape(&path, a->ns, strlen(a->ns), 0);
	buf_adds(&path, "/configmaps?limit=1");
	rq.path = buf_str(&path);
	if (!path.failed && kube_start(a->kube, &rq, NULL) != NULL)
		a->asking = 1;
	buf_release(&path);
}

void
send_baseline(struct apply *a)
{
	const struct object *o = NULL;
	cJSON *list = NULL;
	struct buf path;
	int status;
	size_t i;

	while (a->asking && loop_once(a->loop, -1, NULL) == 0)
		;
	for (i = 0; i < a->n && o == NULL; i++)
		if (a->v[i].known)
			o = &a->v[i];
	if (o == NULL || a->dry_run || a->diff || a->baseline != 0)
		return;
	buf_init(&path, 4096);
	kube_path(&path, &o->kind, o->ns, NULL);
	buf_adds(&path, "?limit=1");
	if (!path.failed &&
	    kube_call(a->kube, "GET", path.data, NULL, NULL, &list, &status,
		NULL) == 0 &&
	    status == 200)
		a->baseline = revision(list);
	cJSON_Delete(list);
	buf_release(&path);
}
