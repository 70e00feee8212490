/*
 * The pods behind workloads.  They are found by labels, so that a pod that
 * replaces another is followed, and only those of the newest revision count:
 * what an older one crashes on may be just what the new one mends.  Little
 * is kept of each pod, since a namespace may have thousands.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "wait.h"

static const char *
label(const cJSON *labels, const char *key)
{
	const char *s = json_str(labels, key, NULL);

	return s != NULL ? s : "";
}

/* Seconds of a time in metadata or status, 0 when there is none. */
static time_t
seconds(const char *s)
{
	struct timespec ts;

	return s != NULL && clock_parse(s, &ts) == 0 ? ts.tv_sec : 0;
}

static struct pod *
pod_find(struct wait *w, const char *uid)
{
	struct pod *p;

	for (p = w->pods; p != NULL; p = p->next)
		if (strcmp(p->uid, uid) == 0)
			return p;
	return NULL;
}

static void
pod_free(struct pod *p)
{
	cJSON_Delete(p->labels);
	free(p->cause);
	free(p->ns);
	free(p->name);
	free(p);
}

void
pods_release(struct wait *w)
{
	struct pod *p;

	while ((p = w->pods) != NULL) {
		w->pods = p->next;
		pod_free(p);
	}
}

/*
 * By labels rather than by owner: a Deployment does not own its pods, its
 * ReplicaSets do, and following those as well would be another watch.
 */
static int
belongs(const struct target *t, const struct pod *p)
{
	if (t->ns == NULL || strcmp(t->ns, p->ns) != 0)
		return 0;
	if (t->workload)
		return t->selector != NULL &&
		       kube_selects(t->selector, p->labels);
	return t->kind.group[0] == '\0' && strcmp(t->kind.kind, "Pod") == 0 &&
	       strcmp(t->name, p->name) == 0;
}

static void
assign(struct wait *w, struct pod *p)
{
	size_t i;

	p->target = NULL;
	for (i = 0; i < w->n && p->target == NULL; i++)
		if (belongs(w->v[i], p))
			p->target = w->v[i];
}

void
pods_assign(struct wait *w)
{
	struct pod *p;

	for (p = w->pods; p != NULL; p = p->next)
		assign(w, p);
}

/* From its creation to its getting ready, as the server noted them. */
static double
start_by_status(const cJSON *object)
{
	time_t made =
	    seconds(json_str(object, "metadata", "creationTimestamp", NULL));
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(object, "status", "conditions", NULL)) {
		const char *type = json_str(c, "type", NULL);
		time_t then = seconds(json_str(c, "lastTransitionTime", NULL));

		if (type != NULL && strcmp(type, "Ready") == 0 && made > 0 &&
		    then >= made)
			return (double)(then - made) * 1000;
	}
	return -1;
}

/*
 * Keeps of a pod what is asked of it later.  Its revision is the label that
 * its controller gives it: pod-template-hash from a ReplicaSet,
 * controller-revision-hash from a StatefulSet or DaemonSet.
 */
static struct pod *
pod_new(struct feed *d, const cJSON *object, double at_ms)
{
	const char *ns = json_str(object, "metadata", "namespace", NULL);
	const char *name = json_str(object, "metadata", "name", NULL);
	const cJSON *labels = json_at(object, "metadata", "labels", NULL);
	time_t made =
	    seconds(json_str(object, "metadata", "creationTimestamp", NULL));
	struct pod *p = calloc(1, sizeof *p);
	struct wait *w = d->wait;
	struct timespec now;
	const char *revision;

	if (p == NULL)
		return NULL;
	p->ns = strdup(ns != NULL ? ns : "");
	p->name = strdup(name != NULL ? name : "");
	p->labels =
	    labels != NULL ? cJSON_Duplicate(labels, 1) : cJSON_CreateObject();
	if (p->ns == NULL || p->name == NULL || p->labels == NULL) {
		pod_free(p);
		return NULL;
	}
	revision = label(labels, "pod-template-hash");
	if (*revision == '\0')
		revision = label(labels, "controller-revision-hash");
	snprintf(p->revision, sizeof p->revision, "%s", revision);
	p->first_ms = at_ms;
	p->feed = d;
	p->listed = !d->synced;
	p->made = made;
	clock_gettime(CLOCK_REALTIME, &now);
	p->met_ms = (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
	p->was_ready = kube_status_pod(object).state == KUBE_READY;
	/* whole seconds first, then the order in which they were seen */
	p->order = (unsigned long long)made << 24 | (w->pods_seen++ & 0xffffff);
	p->next = w->pods;
	w->pods = p;
	return p;
}

static void
pod_drop(struct wait *w, struct pod *p)
{
	struct pod **at;
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->v[i]->culprit == p)
			w->v[i]->culprit = NULL;
	for (at = &w->pods; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	pod_free(p);
}

int
pod_is_replaced(const cJSON *object)
{
	const char *phase = json_str(object, "status", "phase", NULL);

	return phase != NULL && strcmp(phase, "Failed") == 0 &&
	       kube_status_pod(object).state == KUBE_PROGRESSING;
}

void
pod_event(struct feed *d, enum kube_event ev, const cJSON *object, double at_ms)
{
	const char *uid = json_str(object, "metadata", "uid", NULL);
	struct wait *w = d->wait;
	struct pod *p = uid != NULL ? pod_find(w, uid) : NULL;

	/* selected, and of a workload as well: one watch of it will do */
	if (p != NULL && p->feed != d)
		return;
	if (ev == KUBE_DELETED) {
		if (p != NULL)
			pod_drop(w, p);
		return;
	}
	if (p == NULL) {
		p = pod_new(d, object, at_ms);
		if (p == NULL) {
			fault_nomem(&w->fault);
			return;
		}
		snprintf(p->uid, sizeof p->uid, "%s", uid != NULL ? uid : "");
		assign(w, p);
	}
	p->now = kube_status(object).state == KUBE_TERMINATING ?
		     kube_status(object) :
		     kube_status_pod(object);
	p->replaced =
	    p->now.state == KUBE_PROGRESSING && pod_is_replaced(object);
	if (p->now.state == KUBE_READY && p->ready_ms == 0) {
		p->ready_ms = at_ms;
		p->start_ms = start_by_status(object);
	}
	/* ImagePullBackOff only says that there was an ErrImagePull */
	if (p->now.state == KUBE_DOOMED && p->cause == NULL) {
		p->cause = malloc(sizeof *p->cause);
		if (p->cause != NULL)
			*p->cause = p->now;
	}
}

/* The revision whose pods count: StatefulSets say it, else the newest. */
static const char *
current_revision(const struct target *t)
{
	const struct pod *p, *newest = NULL;

	if (t->revision[0] != '\0')
		return t->revision;
	for (p = t->wait->pods; p != NULL; p = p->next)
		if (p->target == t &&
		    (newest == NULL || p->order > newest->order))
			newest = p;
	return newest != NULL ? newest->revision : "";
}

/*
 * Pods of an older revision do not count: what fails there may be just what
 * the newest mends.  Those that are going neither succeed nor fail.
 */
static int
counts(const struct target *t, const struct pod *p, const char *revision)
{
	return p->target == t && p->now.state != KUBE_TERMINATING &&
	       (p->revision[0] == '\0' || strcmp(p->revision, revision) == 0);
}

/* A Job makes up for failed pods and crashes until its backoffLimit. */
static int
is_doomed(const struct target *t, const struct pod *p)
{
	if (p->now.state == KUBE_FAILED)
		return !t->job;
	return p->now.state == KUBE_DOOMED &&
	       !(t->job && strcmp(p->now.reason, "CrashLoopBackOff") == 0);
}

struct kube_verdict
pods_verdict(struct target *t, struct pod **which)
{
	struct kube_verdict v = { .state = KUBE_READY };
	const char *revision = current_revision(t);
	struct pod *p, *sad = NULL, *slow = NULL;
	size_t n = 0, doomed = 0, well = 0;

	for (p = t->wait->pods; p != NULL; p = p->next) {
		if (!counts(t, p, revision))
			continue;
		if (p->replaced) {
			slow = slow != NULL ? slow : p;
			continue;
		}
		n++;
		if (is_doomed(t, p)) {
			doomed++;
			sad = p;
		} else if (p->now.state != KUBE_READY)
			slow = p;
		else
			well++;
	}
	/* a new start has its own grace */
	if (well > 0 || strcmp(t->pods_rev, revision) != 0) {
		snprintf(t->pods_rev, sizeof t->pods_rev, "%s", revision);
		t->doomed_ms = 0;
	}
	/* the one that fails says more than one that is slow */
	p = sad != NULL ? sad : slow;
	if (which != NULL)
		*which = p;
	if (p == NULL)
		return v;
	v = p->now;
	if (p == sad && p->cause != NULL &&
	    strcmp(p->now.reason, "ImagePullBackOff") == 0)
		v = *p->cause;
	v.state = n > 0 && doomed == n ? KUBE_DOOMED : KUBE_PROGRESSING;
	return v;
}

/* 1 when t's apply made p: a pod of that second is not older. */
static int
is_applied(const struct target *t, const struct pod *p)
{
	return t->applied_ms > 0 &&
	       (double)p->made * 1000 > t->applied_ms - 1000;
}

/* From p's creation to its being ready, and how that is known. */
static double
startup(const struct target *t, const struct pod *p, double now_ms,
    const char **from)
{
	double since_apply = p->met_ms - t->applied_ms;
	double age = p->met_ms - (double)p->made * 1000 - 500;
	double ms = (p->ready_ms > 0 ? p->ready_ms : now_ms) - p->first_ms;

	*from = "watch";
	if (!p->listed)
		return ms;
	/* ready already: what is nearer than the server's seconds can be */
	if (p->was_ready) {
		*from = "status";
		if (!is_applied(t, p) || since_apply >= p->start_ms + 1000)
			return p->start_ms;
		ms = 0;
	}
	if (is_applied(t, p)) {
		*from = "apply";
		return ms + since_apply;
	}
	/* half a second is what whole seconds are early on average */
	*from = "status";
	return ms + (p->made > 0 && age > 0 ? age : 0);
}

double
pods_startup(const struct target *t, double now_ms, const char **from)
{
	const char *revision = current_revision(t), *source;
	const struct pod *p;
	double most = -1, ms;

	for (p = t->wait->pods; p != NULL; p = p->next) {
		if (!counts(t, p, revision))
			continue;
		/* the workload may be told ready before its pod is */
		ms = startup(t, p, now_ms, &source);
		if (ms > most) {
			most = ms;
			*from = source;
		}
	}
	return most;
}
