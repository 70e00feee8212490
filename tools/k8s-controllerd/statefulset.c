/*
 * StatefulSets: pods with stable names, one after the other.
 */
#include "k8s-controllerd/statefulset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/own.h"
#include "k8s-controllerd/pods.h"
#include "k8s-controllerd/revision.h"

#define MAX_REPLICAS 10000
#define REVISION_LABEL "controller-revision-hash"

/* What one reconciliation works with. */
struct step {
	struct control *c;
	struct work *w;
	const cJSON *set;
	char update[TEMPLATE_NAME_SIZE]; /* revision of the present template */
	const char *current;             /* revision before, or the same */
	struct set_plan plan;
	size_t n;           /* ordinals from 0 to the highest that matters */
	const cJSON **pods; /* by ordinal; NULL: none */
	struct member *members;
	enum set_verb *verbs;
};

static void
event(struct control *c, const struct change *ch)
{
	if (ch->resource == STATEFULSETS)
		work_add_object(
		    c, &statefulset_controller, STATEFULSETS, ch->object);
	if (ch->resource == PODS)
		work_add_owner(
		    c, &statefulset_controller, STATEFULSETS, ch->object);
}

/* The ordinal in a pod's name, or -1. */
static long
ordinal_of(const cJSON *set, const cJSON *pod)
{
	size_t n = strlen(meta_name(set));
	const char *name = meta_name(pod), *digits = name + n + 1;
	size_t len;

	if (strncmp(name, meta_name(set), n) != 0 || name[n] != '-')
		return -1;
	len = strlen(digits);
	if (len == 0 || len > 6 || strspn(digits, "0123456789") != len)
		return -1;
	return strtol(digits, NULL, 10);
}

static void
read_plan(struct step *s)
{
	const cJSON *spec = json_at(s->set, "spec", NULL);
	const char *policy = json_str(spec, "podManagementPolicy", NULL);
	const char *type = json_str(spec, "updateStrategy", "type", NULL);

	s->plan.replicas = spec_num(s->set, "replicas", 1);
	if (s->plan.replicas > MAX_REPLICAS)
		s->plan.replicas = MAX_REPLICAS;
	s->plan.parallel = policy != NULL && strcmp(policy, "Parallel") == 0;
	s->plan.on_delete = type != NULL && strcmp(type, "OnDelete") == 0;
	s->plan.partition = (long)json_num(
	    json_at(spec, "updateStrategy", "rollingUpdate", NULL), "partition",
	    0);
	revision_name(s->set, s->update);
	s->current = json_str(s->set, "status", "currentRevision", NULL);
	if (s->current == NULL || *s->current == '\0')
		s->current = s->update;
}

static struct member
member_of(const struct step *s, const cJSON *pod, double *wait)
{
	struct member m = { .exists = 1 };
	const char *phase = pod_phase(pod);
	const char *revision = meta_label(pod, REVISION_LABEL);

	m.dying = meta_dying(pod);
	m.finished =
	    strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
	m.ready =
	    strcmp(phase, "Running") == 0 && !m.dying &&
	    pod_available(pod, spec_num(s->set, "minReadySeconds", 0), wait);
	m.current = revision != NULL && strcmp(revision, s->update) == 0;
	return m;
}

/* Puts the pods in order: 0, or -1 without memory. */
static int
sort_pods(struct step *s, const struct objects *pods)
{
	double wait = 1e9;
	long o;
	size_t i;

	s->n = (size_t)s->plan.replicas;
	for (i = 0; i < pods->n; i++) {
		o = ordinal_of(s->set, pods->v[i]);
		if (o >= (long)s->n)
			s->n = (size_t)o + 1;
	}
	s->pods = calloc(s->n + 1, sizeof(*s->pods));
	s->members = calloc(s->n + 1, sizeof *s->members);
	s->verbs = calloc(s->n + 1, sizeof *s->verbs);
	if (s->pods == NULL || s->members == NULL || s->verbs == NULL)
		return -1;
	for (i = 0; i < pods->n; i++) {
		o = ordinal_of(s->set, pods->v[i]);
		if (o < 0)
			continue;
		s->pods[o] = pods->v[i];
		s->members[o] = member_of(s, pods->v[i], &wait);
	}
	if (wait < 1e9)
		work_later(s->c, s->w, wait * 1000 + 100);
	return 0;
}

/* The pod of an ordinal, with what makes it that one. */
static cJSON *
build(struct step *s, size_t ordinal, const char *name)
{
	const cJSON *template = json_at(s->set, "spec", "template", NULL);
	const char *revision = s->update, *service;
	cJSON *pod, *labels, *spec;
	char index[24], base[TEMPLATE_NAME_SIZE];
	int bad = 0;

	if ((long)ordinal < s->plan.partition &&
	    revision_template(s->c, s->set, s->current) != NULL) {
		revision = s->current;
		template = revision_template(s->c, s->set, revision);
	}
	snprintf(base, sizeof base, "%.230s-", meta_name(s->set));
	pod = template_pod(
	    template, s->set, "apps/v1", "StatefulSet", base, name);
	labels = json_sub(json_at(pod, "metadata", NULL), "labels");
	spec = json_at(pod, "spec", NULL);
	service = json_str(s->set, "spec", "serviceName", NULL);
	snprintf(index, sizeof index, "%zu", ordinal);
	bad |= json_set_str(labels, REVISION_LABEL, revision);
	bad |= json_set_str(labels, "apps.kubernetes.io/pod-index", index);
	bad |= json_set_str(labels, "statefulset.kubernetes.io/pod-name", name);
	bad |= json_set_str(spec, "hostname", name);
	if (service != NULL && *service != '\0')
		bad |= json_set_str(spec, "subdomain", service);
	if (!bad)
		return pod;
	cJSON_Delete(pod);
	return NULL;
}

static void
do_verbs(struct step *s)
{
	char name[TEMPLATE_NAME_SIZE], note[700];
	size_t i;

	for (i = 0; i < s->n; i++) {
		snprintf(name, sizeof name, "%.230s-%zu", meta_name(s->set), i);
		snprintf(note, sizeof note,
		    "%s Pod %s in StatefulSet %s successful",
		    s->verbs[i] == SET_CREATE ? "create" : "delete", name,
		    meta_name(s->set));
		if (s->verbs[i] == SET_CREATE)
			pods_create(s->c, s->w, STATEFULSETS, s->set,
			    build(s, i, name), "SuccessfulCreate", note);
		else if (s->verbs[i] == SET_DELETE)
			pods_delete(s->c, s->w, STATEFULSETS, s->set,
			    s->pods[i], "SuccessfulDelete", note);
	}
}

struct counts {
	long replicas, ready, available, current, updated;
};

static struct counts
count(const struct step *s)
{
	struct counts n = { 0 };
	const char *revision;
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (s->pods[i] == NULL || s->members[i].finished)
			continue;
		n.replicas++;
		n.ready += pod_ready(s->pods[i]) && !s->members[i].dying;
		n.available += s->members[i].ready;
		revision = meta_label(s->pods[i], REVISION_LABEL);
		if (s->members[i].dying || revision == NULL)
			continue;
		n.updated += strcmp(revision, s->update) == 0;
		n.current += strcmp(revision, s->current) == 0;
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
	const char *current = s->current;
	int bad = st == NULL;

	/* the update is complete: it is the current revision from now on */
	if (!s->plan.on_delete && n.updated == s->plan.replicas &&
	    n.ready == s->plan.replicas && n.replicas == s->plan.replicas) {
		current = s->update;
		n.current = n.updated;
	}
	if (!bad) {
		bad |= json_set_num(st, "observedGeneration",
		    json_num(
			json_at(s->set, "metadata", NULL), "generation", 1));
		bad |= json_set_num(st, "replicas", (double)n.replicas);
		bad |= status_count(st, "readyReplicas", n.ready);
		bad |=
		    json_set_num(st, "availableReplicas", (double)n.available);
		bad |= status_count(st, "currentReplicas", n.current);
		bad |= status_count(st, "updatedReplicas", n.updated);
		bad |= json_set_str(st, "currentRevision", current);
		bad |= json_set_str(st, "updateRevision", s->update);
		bad |= json_set_num(st, "collisionCount", 0);
	}
	if (bad)
		cJSON_Delete(st);
	else
		act_status(s->c, s->w, STATEFULSETS, s->set, st);
}

/* The sandbox has no volumes that outlive pods: say so instead of waiting. */
static int
refuse_claims(struct step *s)
{
	static const char why[] =
	    "volumeClaimTemplates: persistent volumes are not supported";
	const cJSON *claims =
	    json_at(s->set, "spec", "volumeClaimTemplates", NULL);

	if (claims == NULL || claims->child == NULL)
		return 0;
	if (status_num(s->set, "observedGeneration", 0) !=
	    (long)json_num(json_at(s->set, "metadata", NULL), "generation", 1))
		act_event(s->c, STATEFULSETS, s->set, "Warning", "FailedCreate",
		    why, "statefulset");
	return 1;
}

/* A pod of a name that no set of ours could make is left alone. */
static int
is_orphan(const void *set, const cJSON *pod)
{
	return own_is_orphan(set, pod) && ordinal_of(set, pod) >= 0;
}

static void
reconcile(struct control *c, struct work *w)
{
	struct step s = { .c = c, .w = w };
	struct objects pods = { 0 };

	s.set = control_get(c, STATEFULSETS, w->ns, w->name);
	if (s.set == NULL || meta_dying(s.set))
		return;
	if (own_adopt(c, w, s.set, STATEFULSETS, PODS, is_orphan) +
		own_adopt(c, w, s.set, STATEFULSETS, REVISIONS, own_is_orphan) +
		own_release(c, w, s.set, PODS) >
	    0)
		return;
	read_plan(&s);
	if (control_ns_open(c, w->ns))
		revision_keep(c, w, s.set, s.update, s.current);
	if (control_owned(c, PODS, s.set, &pods) == 0 &&
	    sort_pods(&s, &pods) == 0) {
		set_next(&s.plan, s.members, s.n, s.verbs);
		if (!refuse_claims(&s) && control_ns_open(c, w->ns))
			do_verbs(&s);
		keep_status(&s);
	}
	objects_release(&pods);
	free(s.pods);
	free(s.members);
	free(s.verbs);
}

const struct controller statefulset_controller = { "statefulset", event,
	reconcile };
