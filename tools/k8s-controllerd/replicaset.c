/*
 * ReplicaSets: as many active pods as spec.replicas says, and a status that
 * counts them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/own.h"
#include "k8s-controllerd/pods.h"
#include "k8s-controllerd/template.h"

#define BURST 500 /* pods made or deleted in one go */

static void
event(struct control *c, const struct change *ch)
{
	struct objects sets;
	size_t i;

	if (ch->resource == REPLICASETS)
		work_add_object(
		    c, &replicaset_controller, REPLICASETS, ch->object);
	if (ch->resource != PODS)
		return;
	work_add_owner(c, &replicaset_controller, REPLICASETS, ch->object);
	/* a pod of nobody may be adopted */
	if (meta_controller(ch->object) != NULL || ch->event == KUBE_DELETED ||
	    control_list(
		c, REPLICASETS, meta_ns(ch->object), NULL, NULL, &sets) != 0)
		return;
	for (i = 0; i < sets.n; i++)
		work_add_object(
		    c, &replicaset_controller, REPLICASETS, sets.v[i]);
	objects_release(&sets);
}

static int
is_orphan(const void *arg, const cJSON *pod)
{
	return pod_active(pod) && own_is_orphan(arg, pod);
}

static int
is_own(const void *arg, const cJSON *pod)
{
	return pod_active(pod) && meta_controlled_by(pod, arg);
}

static void
grow(struct control *c, struct work *w, const cJSON *set, long n)
{
	const cJSON *template = json_at(set, "spec", "template", NULL);
	char base[TEMPLATE_NAME_SIZE], name[TEMPLATE_NAME_SIZE], note[300];
	long i;

	snprintf(base, sizeof base, "%.200s-", meta_name(set));
	for (i = 0; i < n && i < BURST; i++) {
		template_name(base, name);
		snprintf(note, sizeof note, "Created pod: %s", name);
		pods_create(c, w, REPLICASETS, set,
		    template_pod(
			template, set, "apps/v1", "ReplicaSet", base, name),
		    "SuccessfulCreate", note);
	}
}

static void
shrink(struct control *c, struct work *w, const cJSON *set,
    struct objects *pods, long n)
{
	char note[300];
	long i;

	if (pods->n > 1)
		qsort(pods->v, pods->n, sizeof(*pods->v), pods_by_worth);
	for (i = 0; i < n && i < BURST; i++) {
		snprintf(note, sizeof note, "Deleted pod: %s",
		    meta_name(pods->v[i]));
		pods_delete(c, w, REPLICASETS, set, pods->v[i],
		    "SuccessfulDelete", note);
	}
}

/* 1 when labels has all of want's members. */
static int
has_labels(const cJSON *labels, const cJSON *want)
{
	const cJSON *l;

	cJSON_ArrayForEach(l, want)
		if (!json_equal(
			l, cJSON_GetObjectItemCaseSensitive(labels, l->string)))
			return 0;
	return 1;
}

struct counts {
	long labelled, ready, available;
};

static struct counts
count(const cJSON *set, const struct objects *pods, double *wait)
{
	const cJSON *want =
	    json_at(set, "spec", "template", "metadata", "labels", NULL);
	long min_ready = spec_num(set, "minReadySeconds", 0);
	struct counts n = { 0 };
	size_t i;

	for (i = 0; i < pods->n; i++) {
		n.labelled += has_labels(
		    json_at(pods->v[i], "metadata", "labels", NULL), want);
		n.ready += pod_ready(pods->v[i]);
		n.available += pod_available(pods->v[i], min_ready, wait);
	}
	return n;
}

static void
keep_status(struct control *c, struct work *w, const cJSON *set,
    const struct objects *pods)
{
	const cJSON *old = json_at(set, "status", NULL);
	cJSON *s = old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();
	double wait = 1e9;
	struct counts n = count(set, pods, &wait);
	int bad = s == NULL;

	if (wait < 1e9)
		work_later(c, w, wait * 1000 + 100);
	if (!bad) {
		bad |= json_set_num(s, "replicas", (double)pods->n);
		bad |= status_count(s, "fullyLabeledReplicas", n.labelled);
		bad |= status_count(s, "readyReplicas", n.ready);
		bad |= status_count(s, "availableReplicas", n.available);
		bad |= json_set_num(s, "observedGeneration",
		    json_num(json_at(set, "metadata", NULL), "generation", 1));
		if (w->refused)
			bad |= cond_set(s, "ReplicaFailure", "True",
			    "FailedCreate", w->trouble, 0);
		else
			cond_drop(s, "ReplicaFailure");
	}
	if (bad)
		cJSON_Delete(s);
	else
		act_status(c, w, REPLICASETS, set, s);
}

static void
reconcile(struct control *c, struct work *w)
{
	const cJSON *set = control_get(c, REPLICASETS, w->ns, w->name);
	struct objects pods;
	long want;

	if (set == NULL || meta_dying(set))
		return;
	if (own_adopt(c, w, set, REPLICASETS, PODS, is_orphan) +
		own_release(c, w, set, PODS) >
	    0)
		return;
	if (control_list(c, PODS, w->ns, is_own, set, &pods) == 0) {
		want = spec_num(set, "replicas", 1);
		if (control_ns_open(c, w->ns)) {
			if ((long)pods.n < want)
				grow(c, w, set, want - (long)pods.n);
			else if ((long)pods.n > want)
				shrink(c, w, set, &pods, (long)pods.n - want);
		}
		keep_status(c, w, set, &pods);
	}
	objects_release(&pods);
}

const struct controller replicaset_controller = { "replicaset", event,
	reconcile };
