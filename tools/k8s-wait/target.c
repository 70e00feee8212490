/*
 * The objects that are waited for, and the decision on each: met, failed, or
 * not yet.  An object that is not there is not yet, unless it is waited for
 * to be gone.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "tool.h"
#include "wait.h"

#define PODS_LATE_MS \
	1000 /* an object's word may come so long before its pods' */

int
kind_has_pods(const struct wait *w, const struct kube_kind *k)
{
	static const char *const kinds[] = { "apps Deployment",
		"apps ReplicaSet", "apps StatefulSet", "apps DaemonSet",
		"batch Job", " ReplicationController", NULL };
	char name[300];
	int i;

	if (w->goal != FOR_READY && w->goal != FOR_COMPLETE)
		return 0;
	snprintf(name, sizeof name, "%s %s", k->group, k->kind);
	for (i = 0; kinds[i] != NULL; i++)
		if (strcmp(name, kinds[i]) == 0)
			return 1;
	return 0;
}

static int
is_core(const struct target *t, const char *kind)
{
	return t->kind.group[0] == '\0' && strcmp(t->kind.kind, kind) == 0;
}

char *
target_name(const struct target *t, char *out, size_t size)
{
	snprintf(out, size, "%s %s%s%s", t->kind.kind,
	    t->ns != NULL ? t->ns : "", t->ns != NULL ? "/" : "", t->name);
	return out;
}

/* The target that ref is already, or NULL. */
static struct target *
known(struct wait *w, const struct kube_kind *kind, const char *ns,
    const char *name)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct target *t = w->v[i];

		if (strcmp(t->kind.resource, kind->resource) == 0 &&
		    strcmp(t->kind.group, kind->group) == 0 &&
		    strcmp(t->name, name) == 0 &&
		    strcmp(t->ns != NULL ? t->ns : "", ns) == 0)
			return t;
	}
	return NULL;
}

struct target *
target_new(struct wait *w, const struct kube_kind *kind, const char *ns,
    const char *name)
{
	struct target **v = reallocarray(w->v, w->n + 1, sizeof *v), *t;

	t = calloc(1, sizeof *t);
	if (v != NULL)
		w->v = v;
	if (v == NULL || t == NULL) {
		free(t);
		fault_nomem(&w->fault);
		return NULL;
	}
	w->v[w->n++] = t;
	w->left++;
	t->wait = w;
	t->kind = *kind;
	t->name = strdup(name);
	if (kind->namespaced)
		t->ns = strdup(ns);
	t->workload = kind_has_pods(w, kind);
	t->job = strcmp(kind->kind, "Job") == 0;
	snprintf(t->now.reason, sizeof t->now.reason, "NotFound");
	snprintf(t->now.message, sizeof t->now.message, "it does not exist");
	if (t->name != NULL && (t->ns != NULL || !kind->namespaced))
		return t;
	fault_nomem(&w->fault);
	target_drop(t);
	return NULL;
}

static void
target_free(struct target *t)
{
	kube_cancel(t->wait->kube, t->asking);
	cJSON_Delete(t->selector);
	free(t->ns);
	free(t->name);
	free(t);
}

void
target_drop(struct target *t)
{
	struct wait *w = t->wait;
	struct pod *p;
	size_t i;

	for (p = w->pods; p != NULL; p = p->next)
		if (p->target == t)
			p->target = NULL;
	for (i = 0; w->v[i] != t; i++)
		;
	w->n--;
	memmove(&w->v[i], &w->v[i + 1], (w->n - i) * sizeof *w->v);
	if (t->outcome == WAITING)
		w->left--;
	target_free(t);
}

int
targets_make(struct wait *w, const struct kube_refs *refs)
{
	int status = 0;
	size_t i;

	for (i = 0; i < refs->n; i++) {
		const struct kube_ref *r = &refs->v[i];
		struct kube_kind kind;
		struct target *t;
		struct fault f = { 0 };
		const char *ns = r->ns != NULL ? r->ns : w->ns;

		if (kube_kind_find(
			w->kube, r->api_version, r->kind, &kind, &f) != 0) {
			status = tool_worse(status, tool_fault(&f));
			if (f.code == FAULT_UNSURE)
				break;
			continue;
		}
		/* "ns/x" beside -n: kubectl does not mind either */
		if (!kind.namespaced)
			ns = "";
		if (known(w, &kind, ns, r->name) != NULL)
			continue;
		t = target_new(w, &kind, ns, r->name);
		if (t == NULL)
			return tool_fault(&w->fault);
		t->applied_ms = (double)r->changed.tv_sec * 1000 +
				(double)r->changed.tv_nsec / 1e6;
	}
	return status;
}

void
targets_release(struct wait *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		target_free(w->v[i]);
	free(w->v);
}

/*
 * The LabelSelector of a workload.  ReplicationControllers have bare labels;
 * a Job's pods bear its name in any case.
 */
static void
take_selector(struct target *t, const cJSON *object)
{
	const cJSON *s = json_at(object, "spec", "selector", NULL);
	cJSON *labels;

	if (t->selector != NULL || (s == NULL && !t->job))
		return;
	if (s != NULL && !is_core(t, "ReplicationController"))
		t->selector = cJSON_Duplicate(s, 1);
	else if ((t->selector = cJSON_CreateObject()) != NULL) {
		labels =
		    s != NULL ? cJSON_Duplicate(s, 1) : cJSON_CreateObject();
		if (s == NULL && labels != NULL)
			json_set_str(labels, "job-name", t->name);
		json_set(t->selector, "matchLabels", labels);
	}
	if (t->selector == NULL)
		fault_nomem(&t->wait->fault);
	pods_assign(t->wait);
}

/*
 * A claim that waits for its first pod is as good as bound: its pod may well
 * be what is waited for next (kstatus leaves such claims out for that).
 */
static void
bind_late(struct target *t)
{
	if (!t->binds_late || t->now.state != KUBE_PROGRESSING ||
	    strcmp(t->now.reason, "Pending") != 0)
		return;
	t->now.state = KUBE_READY;
	snprintf(t->now.reason, sizeof t->now.reason, "WaitForFirstConsumer");
	snprintf(t->now.message, sizeof t->now.message,
	    "it is bound when a pod uses it");
}

static void
on_class(void *arg, const struct kube_answer *answer)
{
	struct target *t = arg;
	const char *mode = json_str(answer->body, "volumeBindingMode", NULL);

	t->asking = NULL;
	t->binds_late = kube_ok(answer) && mode != NULL &&
			strcmp(mode, "WaitForFirstConsumer") == 0;
	bind_late(t);
}

static void
ask_class(struct target *t, const cJSON *object)
{
	const char *name = json_str(object, "spec", "storageClassName", NULL);
	struct kube_request rq = {
		.method = "GET", .done = on_class, .arg = t
	};
	struct buf path;

	if (t->asked_class || name == NULL || *name == '\0')
		return;
	t->asked_class = 1;
	buf_init(&path, 1024);
	buf_adds(&path, "/apis/storage.k8s.io/v1/storageclasses/");
	http_escape(&path, name, strlen(name), 0);
	rq.path = buf_str(&path);
	/* when it cannot be asked, Bound is what is waited for */
	if (!path.failed)
		t->asking = kube_start(t->wait->kube, &rq, NULL);
	buf_release(&path);
}

void
target_event(
    struct target *t, enum kube_event ev, const cJSON *object, double at_ms)
{
	const char *revision =
	    json_str(object, "status", "updateRevision", NULL);

	if (t->outcome != WAITING)
		return;
	t->there = ev != KUBE_DELETED;
	/* another of its name may come with the next event already */
	if (!t->there && t->wait->goal == FOR_DELETED) {
		target_end(t, MET, NULL);
		return;
	}
	/* it may come again, under another selector: a new object's wait */
	if (!t->there) {
		t->holds = 0;
		t->now = (struct kube_verdict){ .reason = "NotFound",
			.message = "it was deleted" };
		cJSON_Delete(t->selector);
		t->selector = NULL;
		return;
	}
	if (t->first_ms == 0)
		t->first_ms = at_ms;
	t->now = kube_status(object);
	goal_test(t, object);
	if (t->workload)
		take_selector(t, object);
	snprintf(t->revision, sizeof t->revision, "%s",
	    revision != NULL ? revision : "");
	if (is_core(t, "PersistentVolumeClaim") &&
	    t->now.state == KUBE_PROGRESSING) {
		ask_class(t, object);
		bind_late(t); /* when its class has answered before */
	}
	/* Succeeded is ready, but ready is not complete */
	if (t->wait->goal == FOR_COMPLETE && is_core(t, "Pod") &&
	    t->now.state == KUBE_READY) {
		const char *phase = json_str(object, "status", "phase", NULL);

		if (phase == NULL || strcmp(phase, "Succeeded") != 0) {
			t->now.state = KUBE_PROGRESSING;
			snprintf(
			    t->now.reason, sizeof t->now.reason, "Running");
		}
	}
}

void
target_end(
    struct target *t, enum outcome outcome, const struct kube_verdict *why)
{
	struct wait *w = t->wait;

	if (t->outcome != WAITING)
		return;
	t->outcome = outcome;
	t->end_ms = clock_ms();
	t->end = why != NULL ? *why : (struct kube_verdict){ 0 };
	w->left--;
	if (outcome == FAILED || outcome == UNSURE)
		w->stop = 1;
	report_end(t);
}

/* Ends t for what pod p says; the message tells which pod. */
static void
fail_by_pod(struct target *t, struct pod *p, const struct kube_verdict *said)
{
	struct kube_verdict v = *said;

	t->culprit = p;
	if (p != NULL && t->workload)
		snprintf(v.message, sizeof v.message, "pod %.180s: %.320s",
		    p->name, said->message);
	target_end(t, FAILED, &v);
}

/* 1 while t's pods are told of, or will be. */
static int
pods_watched(const struct target *t)
{
	const struct feed *d = t->pods_feed;

	return d != NULL && !d->broken && kube_watch_trouble(d->watch) == NULL;
}

/*
 * 1 while the first list of t's pods is under way.  Both lists are asked for
 * together, and without the pods there is no startup time to tell.
 */
static int
pods_coming(const struct target *t)
{
	return pods_watched(t) && !t->pods_feed->synced;
}

/*
 * Ready or complete: what t and its pods say.  Time to look again, or 0.  The
 * object's own word comes first; its pods are asked only for why it is not
 * ready, and whether that can change.  cli-utils has a workload fail with any
 * one of its pods, which hurt where services restart until their database is
 * up (skaffold#6912, tilt#4194); here it takes all of them (krane), and a
 * grace.
 */
static double
decide(struct target *t, double now)
{
	struct kube_verdict v = t->now;
	struct pod *p = NULL;

	if (!t->there)
		return 0;
	if (v.state == KUBE_READY) {
		if (t->ready_ms == 0)
			t->ready_ms = now;
		if (pods_coming(t) && now < t->ready_ms + PODS_LATE_MS)
			return t->ready_ms + PODS_LATE_MS;
		target_end(t, MET, &v);
		return 0;
	}
	if (v.state == KUBE_FAILED) {
		if (t->failed_ms == 0)
			t->failed_ms = now;
		pods_verdict(t, &p);
		/* its pod's end, on another watch, may be told after its own */
		if (p == NULL && t->job && pods_watched(t) && !t->wait->stop &&
		    now < t->failed_ms + PODS_LATE_MS)
			return t->failed_ms + PODS_LATE_MS;
		t->culprit = p;
		target_end(t, FAILED, &v);
		return 0;
	}
	if (v.state == KUBE_PROGRESSING && t->workload)
		v = pods_verdict(t, &p);
	else if (v.state == KUBE_DOOMED)
		v = pods_verdict(t, &p); /* its own, with the first cause */
	if (v.state == KUBE_READY)
		t->doomed_ms = 0;
	if (v.state != KUBE_DOOMED)
		return 0;
	if (t->doomed_ms == 0)
		t->doomed_ms = now;
	/* what came with the last event may say better in a moment */
	if (now < t->doomed_ms + t->wait->grace_ms && !t->wait->stop)
		return t->doomed_ms + t->wait->grace_ms;
	fail_by_pod(t, p, &v);
	return 0;
}

/* Time to look again without an event, or 0; ends t when it can. */
static double
check_one(struct target *t, double now)
{
	switch (t->wait->goal) {
	case FOR_DELETED:
		if (!t->there && t->feed->synced)
			target_end(t, MET, NULL);
		return 0;
	case FOR_JQ:
	case FOR_CONDITION:
		if (t->there && t->holds)
			target_end(t, MET, NULL);
		else if (t->wait->goal == FOR_CONDITION && t->there &&
			 t->now.state == KUBE_FAILED)
			target_end(t, FAILED, &t->now);
		return 0;
	default:
		return decide(t, now);
	}
}

double
targets_check(struct wait *w)
{
	double now = clock_ms(), next = 0, at;
	int stopped = w->stop;
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct target *t = w->v[i];

		if (t->outcome != WAITING)
			continue;
		at = check_one(t, now);
		if (t->outcome == WAITING && w->each_ms > 0 &&
		    t->first_ms > 0) {
			double end = t->first_ms + w->each_ms;

			if (now >= end) {
				report_timeout(t);
				w->stop = 1;
			} else if (at == 0 || end < at)
				at = end;
		}
		if (at > 0 && (next == 0 || at < next))
			next = at;
	}
	/* with one failed all is over: those that would follow are told too */
	if (w->stop && !stopped)
		targets_check(w);
	return next;
}
