/*
 * Deleting and waiting.  Each answer says whether the object is gone at once
 * or on its way; what is on its way is watched, one watch per collection.  Gone
 * means that no object of that uid is there: another of the same name, which a
 * controller may have made at once, does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delete.h"
#include "lib/clock.h"
#include "lib/record.h"
#include "tool.h"

#define AT_ONCE 16 /* DELETE requests under way */

static const char *const results[] = { "pending", "deleted", "absent", "failed",
	"timeout" };

static void
report(struct target *t)
{
	struct fault f = { 0 };
	struct record r;

	record_init(&r);
	record_begin(&r, "delete");
	record_str(&r, "kind", t->kind.kind);
	if (t->ns != NULL)
		record_str(&r, "namespace", t->ns);
	record_str(&r, "name", t->name);
	record_str(&r, "result", results[t->result]);
	record_ms(&r, "ms", t->ms);
	if (t->error != NULL)
		record_str(&r, "error", t->error);
	/* a full disk keeps nothing alive: what is left is still deleted */
	if (record_flush(&r, &f) != 0)
		t->job->status = tool_worse(t->job->status, tool_fault(&f));
	record_release(&r);
}

/* On a terminal: how much is left, and the first of it. */
static void
progress(struct job *j)
{
	const struct target *t = NULL;
	char name[600];
	size_t i;

	if (!j->progress)
		return;
	for (i = 0; i < j->n && t == NULL; i++)
		if (j->v[i]->result == R_PENDING)
			t = j->v[i];
	if (t == NULL)
		fprintf(stderr, "\r\033[K");
	else
		fprintf(stderr, "\r\033[K%zu left: %s", j->left,
		    target_name(t, name, sizeof(name)));
}

/* The end of a target: its record.  A second end does not count. */
static void
settle(struct target *t, enum result result)
{
	if (t->result != R_PENDING)
		return;
	t->result = result;
	t->ms = clock_ms() - t->job->started;
	t->job->left--;
	if (t->job->progress)
		fprintf(stderr, "\r\033[K");
	report(t);
	progress(t->job);
}

static void
fail(struct target *t, int code, const char *reason)
{
	char name[600];

	if (t->result != R_PENDING)
		return;
	t->error = strdup(reason);
	settle(t, R_FAILED);
	tool_warn("%s: %s", target_name(t, name, sizeof(name)), reason);
	t->job->status = tool_worse(t->job->status, code);
}

/* Settles t when the cache knows that its object is gone. */
static void
check(struct target *t)
{
	const struct kube_cache *c = t->group->cache;
	const cJSON *o;
	const char *uid;

	if (t->result != R_PENDING || !t->accepted || c == NULL ||
	    !kube_cache_synced(c))
		return;
	o = kube_cache_get(c, t->ns != NULL ? t->ns : "", t->name);
	uid = json_str(o, "metadata", "uid", NULL);
	if (o == NULL ||
	    (uid != NULL && t->uid[0] != '\0' && strcmp(uid, t->uid) != 0))
		settle(t, R_DELETED);
}

static void
on_change(
    void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct group *g = arg;
	const char *why = json_str(object, "message", NULL);
	struct job *j = g->job;
	size_t i;

	(void)before;
	for (i = 0; i < j->n; i++) {
		if (j->v[i]->group != g)
			continue;
		if (ev == KUBE_BROKEN && j->v[i]->accepted)
			fail(j->v[i], FAULT_UNSURE,
			    why != NULL ? why : "cannot be watched");
		else
			check(j->v[i]);
	}
}

/*
 * Starts the group's watch, when the first of it has to be waited for: most
 * objects are gone with the answer.  Of one object it is by name.
 */
static int
watch(struct group *g, struct fault *f)
{
	struct buf query;
	int r = 0;

	if (g->cache != NULL)
		return 0;
	buf_init(&query, 4096);
	if (g->n == 1) {
		kube_name_query(&query, g->first->name);
		r = buf_check(&query, g->path, f);
	}
	if (r == 0) {
		g->cache = kube_cache_new(g->job->kube, g->path,
		    g->n == 1 ? buf_str(&query) : NULL, on_change, g, f);
		r = g->cache != NULL ? 0 : -1;
	}
	buf_release(&query);
	return r;
}

/* The server has begun: from here on the watch tells. */
static void
await(struct target *t)
{
	struct fault f = { 0 };

	t->accepted = 1;
	if (watch(t->group, &f) != 0)
		fail(t, f.code, f.msg);
	else
		check(t);
}

static void
on_deleted(void *arg, const struct kube_answer *a)
{
	struct target *t = arg;
	struct fault f = { 0 };
	const char *uid;

	t->job->running--;
	if (a->status == 404) {
		/* an earlier attempt has deleted it, whose answer was lost */
		settle(t, a->unclear ? R_DELETED : R_ABSENT);
		return;
	}
	/*
	 * Either a namespace is on its way already, or another object of that
	 * name has come (the uid is a precondition): the watch tells which.
	 */
	if (a->status == 409 &&
	    (t->only_uid || strcmp(t->kind.resource, "namespaces") == 0)) {
		await(t);
		return;
	}
	if (!kube_ok(a)) {
		kube_fault(a, t->name, &f);
		fail(t, f.code, a->message);
		return;
	}
	uid = json_str(a->body, "metadata", "uid", NULL);
	if (uid == NULL) {
		/* a Status: it is gone; else the object, on its way */
		settle(t, R_DELETED);
		return;
	}
	snprintf(t->uid, sizeof(t->uid), "%s", uid);
	await(t);
}

/* The options go in the body, as client-go sends them: all servers take it. */
static int
send_one(struct target *t, struct fault *f)
{
	struct kube_request rq = { .method = "DELETE",
		.path = t->path,
		.done = on_deleted,
		.arg = t };
	const struct job *j = t->job;
	struct buf body;
	int r;

	buf_init(&body, 4096);
	buf_addf(&body,
	    "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
	    "\"propagationPolicy\":\"%s\"",
	    j->cascade);
	if (j->grace >= 0)
		buf_addf(&body, ",\"gracePeriodSeconds\":%lld", j->grace);
	if (t->only_uid) {
		buf_adds(&body, ",\"preconditions\":{\"uid\":");
		json_write_string(&body, t->uid, strlen(t->uid));
		buf_addc(&body, '}');
	}
	buf_addc(&body, '}');
	r = buf_check(&body, t->name, f);
	rq.body = buf_str(&body);
	rq.body_len = body.len;
	if (r == 0 && kube_start(j->kube, &rq, f) == NULL)
		r = -1;
	buf_release(&body);
	return r;
}

/* What is left when the time is up, and why. */
static void
time_out(struct job *j)
{
	struct target *t;
	const cJSON *o;
	char name[600];
	struct buf why;
	size_t i;

	buf_init(&why, 8192);
	for (i = 0; i < j->n; i++) {
		t = j->v[i];
		if (t->result != R_PENDING)
			continue;
		j->status = tool_worse(j->status, FAULT_NO);
		o = t->group->cache != NULL ?
			kube_cache_get(t->group->cache,
			    t->ns != NULL ? t->ns : "", t->name) :
			NULL;
		buf_clear(&why);
		blockers_why(j, t, o, &why);
		t->error = strdup(buf_str(&why));
		settle(t, R_TIMEOUT);
		tool_warn("%s: %s", target_name(t, name, sizeof(name)),
		    buf_str(&why));
		blockers_tell(j, t, o);
	}
	buf_release(&why);
}

int
delete_all(struct job *j, struct fault *f)
{
	struct target *t;
	double left;

	j->left = j->n;
	while (j->left > 0) {
		left = j->deadline - clock_ms();
		if (left <= 0)
			break;
		while (j->sent < j->n && j->running < AT_ONCE) {
			t = j->v[j->sent++];
			j->running++;
			if (send_one(t, f) == 0)
				continue;
			j->running--;
			fail(t, f->code, f->msg);
		}
		progress(j);
		if (j->left == 0)
			break;
		if (loop_once(j->loop, left, f) != 0)
			return -1;
	}
	time_out(j);
	return 0;
}
