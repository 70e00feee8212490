/*
 * DaemonSets: one pod on each node that admits it.  A rolling update ends old
 * pods as far as maxUnavailable lets it, or with maxSurge starts new ones
 * beside them; OnDelete leaves that to the user.
 */
#include "k8s-controllerd/daemonset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/own.h"
#include "k8s-controllerd/pods.h"
#include "k8s-controllerd/revision.h"
#include "k8s-controllerd/rollout.h"

/* A node and what the set has there. */
struct place {
	const cJSON *node;
	int wanted;
	const cJSON *old, *fresh; /* by revision; not dying, or NULL */
	int old_available, fresh_available;
	int dying; /* pods on their way out */
};

struct step {
	struct control *c;
	struct work *w;
	const cJSON *set;
	char revision[TEMPLATE_NAME_SIZE];
	const char *hash; /* its last part */
	struct objects nodes, pods;
	struct place *places;        /* one for each node */
	long desired, budget, surge; /* how many may still go, or come */
};

static void
event(struct control *c, const struct change *ch)
{
	struct objects sets;
	size_t i;

	if (ch->resource == DAEMONSETS)
		work_add_object(
		    c, &daemonset_controller, DAEMONSETS, ch->object);
	if (ch->resource == PODS)
		work_add_owner(
		    c, &daemonset_controller, DAEMONSETS, ch->object);
	if (ch->resource != NODES)
		return;
	if (control_list(c, DAEMONSETS, NULL, NULL, NULL, &sets) == 0)
		for (i = 0; i < sets.n; i++)
			work_add_object(
			    c, &daemonset_controller, DAEMONSETS, sets.v[i]);
	objects_release(&sets);
}

static void
create(struct step *s, const struct place *p)
{
	cJSON *pod = daemonset_pod(s->set, meta_name(p->node), s->hash);
	char note[300];

	snprintf(note, sizeof note, "Created pod: %s", meta_name(pod));
	pods_create(
	    s->c, s->w, DAEMONSETS, s->set, pod, "SuccessfulCreate", note);
}

static void delete (struct step *s, const cJSON *pod)
{
	char note[300];

	snprintf(note, sizeof note, "Deleted pod: %s", meta_name(pod));
	pods_delete(
	    s->c, s->w, DAEMONSETS, s->set, pod, "SuccessfulDelete", note);
}

/* ---- what there is ---- */

static struct place *
place_of(struct step *s, const cJSON *pod)
{
	const char *node = daemonset_node(pod);
	size_t i;

	for (i = 0; i < s->nodes.n; i++)
		if (strcmp(meta_name(s->nodes.v[i]), node) == 0)
			return &s->places[i];
	return NULL;
}

/* A pod that has ended, has no node, or is one too many goes at once. */
static void
settle(struct step *s, const cJSON *pod, double *wait)
{
	struct place *p = place_of(s, pod);
	const char *hash = meta_label(pod, DAEMONSET_HASH_LABEL);
	int fresh = hash != NULL && strcmp(hash, s->hash) == 0;
	int available =
	    pod_available(pod, spec_num(s->set, "minReadySeconds", 0), wait);

	if (meta_dying(pod)) {
		if (p != NULL)
			p->dying++;
		return;
	}
	if (p == NULL || !pod_active(pod) ||
	    (fresh ? p->fresh : p->old) != NULL) {
		delete (s, pod);
		return;
	}
	if (fresh) {
		p->fresh = pod;
		p->fresh_available = available;
	} else {
		p->old = pod;
		p->old_available = available;
	}
}

/* 0, or -1 without memory. */
static int
survey(struct step *s)
{
	double wait = 1e9;
	size_t i;

	if (control_list(s->c, NODES, NULL, NULL, NULL, &s->nodes) != 0 ||
	    control_owned(s->c, PODS, s->set, &s->pods) != 0)
		return -1;
	s->places = calloc(s->nodes.n + 1, sizeof *s->places);
	if (s->places == NULL)
		return -1;
	for (i = 0; i < s->nodes.n; i++) {
		s->places[i].node = s->nodes.v[i];
		s->places[i].wanted = daemonset_wants(s->set, s->nodes.v[i]);
		s->desired += s->places[i].wanted;
	}
	for (i = 0; i < s->pods.n; i++)
		settle(s, s->pods.v[i], &wait);
	if (wait < 1e9)
		work_later(s->c, s->w, wait * 1000 + 100);
	return 0;
}

/* ---- what to do ---- */

/* How far a rolling update may go now; neither when pods are the user's. */
static void
read_strategy(struct step *s)
{
	const cJSON *strategy = json_at(s->set, "spec", "updateStrategy", NULL);
	const cJSON *rolling = json_at(strategy, "rollingUpdate", NULL);
	size_t i;

	if (json_is(strategy, "type", "OnDelete"))
		return;
	s->surge = rollout_share(
	    json_at(rolling, "maxSurge", NULL), "0", s->desired, 1);
	s->budget = rollout_share(
	    json_at(rolling, "maxUnavailable", NULL), "1", s->desired, 1);
	if (s->surge == 0 && s->budget == 0)
		s->budget = 1;
	for (i = 0; i < s->nodes.n; i++) {
		const struct place *p = &s->places[i];

		if (!p->wanted)
			continue;
		s->budget -= !p->old_available && !p->fresh_available;
		s->surge -= p->old != NULL && p->fresh != NULL;
	}
}

static void
move(struct step *s, const struct place *p)
{
	if (!p->wanted) {
		if (p->old != NULL)
			delete (s, p->old);
		if (p->fresh != NULL)
			delete (s, p->fresh);
	} else if (p->old == NULL) {
		if (p->fresh == NULL && p->dying == 0)
			create(s, p);
	} else if (p->fresh != NULL) {
		if (p->fresh_available || !p->old_available)
			delete (s, p->old);
	} else if (json_is(json_at(s->set, "spec", "updateStrategy", NULL),
		       "type", "OnDelete")) {
		return;
	} else if (!p->old_available) {
		delete (s, p->old); /* it was no help anyway */
	} else if (s->surge > 0) {
		s->surge--;
		create(s, p);
	} else if (s->budget > 0) {
		s->budget--;
		delete (s, p->old);
	}
}

/* ---- status ---- */

struct counts {
	long current, misscheduled, ready, updated, available;
};

static struct counts
count(const struct step *s)
{
	struct counts n = { 0 };
	size_t i;

	for (i = 0; i < s->nodes.n; i++) {
		const struct place *p = &s->places[i];
		int some = p->old != NULL || p->fresh != NULL;

		n.misscheduled += some && !p->wanted;
		if (!some || !p->wanted)
			continue;
		n.current++;
		n.ready += (p->old != NULL && pod_ready(p->old)) ||
			   (p->fresh != NULL && pod_ready(p->fresh));
		n.updated += p->fresh != NULL;
		n.available += p->old_available || p->fresh_available;
	}
	return n;
}

static void
keep_status(struct step *s)
{
	const cJSON *old = json_at(s->set, "status", NULL);
	cJSON *st =
	    old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();
	struct counts n = count(s);
	int bad = st == NULL;

	bad |= json_set_num(st, "currentNumberScheduled", (double)n.current);
	bad |= json_set_num(st, "numberMisscheduled", (double)n.misscheduled);
	bad |= json_set_num(st, "desiredNumberScheduled", (double)s->desired);
	bad |= json_set_num(st, "numberReady", (double)n.ready);
	bad |= json_set_num(st, "observedGeneration",
	    json_num(json_at(s->set, "metadata", NULL), "generation", 1));
	bad |= status_count(st, "updatedNumberScheduled", n.updated);
	bad |= status_count(st, "numberAvailable", n.available);
	bad |= status_count(st, "numberUnavailable", s->desired - n.available);
	if (bad)
		cJSON_Delete(st);
	else
		act_status(s->c, s->w, DAEMONSETS, s->set, st);
}

static void
reconcile(struct control *c, struct work *w)
{
	struct step s = { .c = c, .w = w };
	size_t i;

	s.set = control_get(c, DAEMONSETS, w->ns, w->name);
	if (s.set == NULL || meta_dying(s.set))
		return;
	if (own_adopt(c, w, s.set, DAEMONSETS, PODS, own_is_orphan) +
		own_adopt(c, w, s.set, DAEMONSETS, REVISIONS, own_is_orphan) +
		own_release(c, w, s.set, PODS) >
	    0)
		return;
	revision_name(s.set, s.revision);
	s.hash = s.revision + strlen(meta_name(s.set)) + 1;
	if (survey(&s) == 0) {
		if (control_ns_open(c, w->ns)) {
			revision_keep(c, w, s.set, s.revision, NULL);
			read_strategy(&s);
			for (i = 0; i < s.nodes.n; i++)
				move(&s, &s.places[i]);
		}
		keep_status(&s);
	}
	free(s.places);
	objects_release(&s.nodes);
	objects_release(&s.pods);
}

const struct controller daemonset_controller = { "daemonset", event,
	reconcile };
