/*
 * Deployments: one ReplicaSet per pod template, the present one grown and the
 * others shrunk step by step.  Each step is taken from what the caches show;
 * nothing is remembered in between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/deployment_notes.h"
#include "k8s-controllerd/deployment_status.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/own.h"
#include "k8s-controllerd/pods.h"
#include "k8s-controllerd/rollout.h"
#include "k8s-controllerd/template.h"

#define MAX_COLLISIONS 10

/* What one reconciliation works with. */
struct step {
	struct control *c;
	struct work *w;
	const cJSON *d;
	struct objects sets; /* oldest first */
	const cJSON *fresh;  /* of the present template, or NULL */
	char created[TEMPLATE_NAME_SIZE];
	long collisions;
};

/* Recreate waits for the last old pod: its end concerns the Deployment. */
static void
pod_ended(struct control *c, const cJSON *pod)
{
	const char *set = json_str(meta_controller(pod), "name", NULL);
	const char *kind = json_str(meta_controller(pod), "kind", NULL);
	const cJSON *o;

	if (set == NULL || kind == NULL || strcmp(kind, "ReplicaSet") != 0)
		return;
	o = control_get(c, REPLICASETS, meta_ns(pod), set);
	if (o != NULL && spec_num(o, "replicas", 1) == 0)
		work_add_owner(c, &deployment_controller, DEPLOYMENTS, o);
}

static void
event(struct control *c, const struct change *ch)
{
	if (ch->resource == DEPLOYMENTS)
		work_add_object(
		    c, &deployment_controller, DEPLOYMENTS, ch->object);
	if (ch->resource == REPLICASETS)
		work_add_owner(
		    c, &deployment_controller, DEPLOYMENTS, ch->object);
	if (ch->resource == PODS &&
	    (ch->event == KUBE_DELETED || !pod_active(ch->object)))
		pod_ended(c, ch->object);
}

static const cJSON *
template_of(const cJSON *o)
{
	return json_at(o, "spec", "template", NULL);
}

static long
revision_of(const cJSON *o)
{
	const char *s = meta_note(o, REVISION);

	return s != NULL ? strtol(s, NULL, 10) : 0;
}

static int
is_recreate(const cJSON *d)
{
	const char *s = json_str(d, "spec", "strategy", "type", NULL);

	return s != NULL && strcmp(s, "Recreate") == 0;
}

/* Merges text, written by the caller as JSON, into an object. */
static void
patch(struct step *s, enum resource r, const cJSON *object, const char *sub,
    const char *text, const char *reason, const char *note)
{
	cJSON *body = json_parse(text, strlen(text), NULL);
	struct act a = { .method = "PATCH",
		.resource = r,
		.ns = meta_ns(object),
		.name = meta_name(object),
		.sub = sub,
		.body = body,
		.about = s->d,
		.about_resource = DEPLOYMENTS,
		.reason = reason,
		.note = note };

	act(s->c, s->w, &a);
	cJSON_Delete(body);
}

static long
max_replicas(const cJSON *d)
{
	struct rollout r;

	rollout_limits(&r, d);
	return r.replicas + (is_recreate(d) ? 0 : r.max_surge);
}

/* Gives a ReplicaSet another size. */
static void
scale(struct step *s, const cJSON *set, long n)
{
	long was = spec_num(set, "replicas", 1);
	char text[300], note[400];

	snprintf(note, sizeof note, "Scaled %s replica set %s from %ld to %ld",
	    n > was ? "up" : "down", meta_name(set), was, n);
	snprintf(text, sizeof text,
	    "{\"metadata\":{\"annotations\":{\"" DESIRED "\":\"%ld\","
	    "\"" MAXIMUM "\":\"%ld\"}},\"spec\":{\"replicas\":%ld}}",
	    spec_num(s->d, "replicas", 1), max_replicas(s->d), n);
	patch(s, REPLICASETS, set, NULL, text, "ScalingReplicaSet", note);
}

/* The highest revision of the sets but fresh. */
static long
last_revision(const struct step *s)
{
	long max = 0, r;
	size_t i;

	for (i = 0; i < s->sets.n; i++) {
		r = s->sets.v[i] != s->fresh ? revision_of(s->sets.v[i]) : 0;
		if (r > max)
			max = r;
	}
	return max;
}

/* A set that came back: it takes the next revision and notes what it had. */
static void
renew_revision(struct step *s, long next)
{
	const char *had = meta_note(s->fresh, REVISION);
	const char *list = meta_note(s->fresh, HISTORY);
	cJSON *body = cJSON_CreateObject();
	cJSON *notes = json_sub(json_sub(body, "metadata"), "annotations");
	struct act a = { .method = "PATCH",
		.resource = REPLICASETS,
		.ns = meta_ns(s->fresh),
		.name = meta_name(s->fresh),
		.body = body };
	struct buf b;

	buf_init(&b, 2000);
	buf_addf(&b, "%ld", next);
	json_set_str(notes, REVISION, buf_str(&b));
	if (had != NULL) {
		buf_clear(&b);
		buf_addf(&b, "%s%s%s", list != NULL ? list : "",
		    list != NULL ? "," : "", had);
		/* a list that is too long is as good as none */
		if (!b.failed)
			json_set_str(notes, HISTORY, b.data);
	}
	act(s->c, s->w, &a);
	buf_release(&b);
	cJSON_Delete(body);
}

/* The Deployment has the revision of its present set. */
static void
keep_revision(struct step *s)
{
	long r = last_revision(s) + 1;
	char text[120];

	if (s->fresh != NULL && revision_of(s->fresh) >= r)
		r = revision_of(s->fresh);
	if (s->fresh != NULL && revision_of(s->fresh) < r)
		renew_revision(s, r);
	if (revision_of(s->d) == r)
		return;
	snprintf(text, sizeof text,
	    "{\"metadata\":{\"annotations\":{\"" REVISION "\":\"%ld\"}}}", r);
	/* by the door of status, where it is no new generation */
	patch(s, DEPLOYMENTS, s->d, "status", text, NULL, NULL);
}

/* A name for the new set that no other set has; its hash in *hash. */
static int
choose_name(struct step *s, char *hash)
{
	long end;

	s->collisions = status_num(s->d, "collisionCount", 0);
	for (end = s->collisions + MAX_COLLISIONS; s->collisions < end;
	     s->collisions++) {
		template_hash(template_of(s->d), s->collisions, hash);
		snprintf(s->created, sizeof s->created, "%.230s-%s",
		    meta_name(s->d), hash);
		if (control_get(s->c, REPLICASETS, meta_ns(s->d), s->created) ==
		    NULL)
			return 0;
	}
	return -1;
}

/* Adds the hash label to an object's labels (made when missing). */
static int
add_hash(cJSON *labels, const char *hash)
{
	return labels == NULL ? -1 :
				json_set_str(labels, TEMPLATE_HASH_LABEL, hash);
}

/* metadata of a new ReplicaSet: annotations as rollout tools expect them. */
static int
set_metadata(const struct step *s, cJSON *meta, const char *hash)
{
	const cJSON *labels =
	    json_at(template_of(s->d), "metadata", "labels", NULL);
	cJSON *notes = json_sub(meta, "annotations");
	cJSON *owners = cJSON_AddArrayToObject(meta, "ownerReferences");
	cJSON *ref = template_owner(s->d, "apps/v1", "Deployment");
	char n[32];
	int bad = 0;

	if (ref == NULL || !cJSON_AddItemToArray(owners, ref)) {
		cJSON_Delete(ref);
		return -1;
	}
	bad |= json_set_str(meta, "name", s->created);
	bad |= json_set_str(meta, "namespace", meta_ns(s->d));
	if (labels != NULL)
		bad |= json_set(meta, "labels", cJSON_Duplicate(labels, 1));
	bad |= add_hash(json_sub(meta, "labels"), hash);
	deployment_notes_copy(s->d, NULL, notes);
	snprintf(n, sizeof n, "%ld", last_revision(s) + 1);
	bad |= json_set_str(notes, REVISION, n);
	snprintf(n, sizeof n, "%ld", spec_num(s->d, "replicas", 1));
	bad |= json_set_str(notes, DESIRED, n);
	snprintf(n, sizeof n, "%ld", max_replicas(s->d));
	bad |= json_set_str(notes, MAXIMUM, n);
	return bad;
}

/* spec of a new ReplicaSet. */
static int
set_spec(const struct step *s, cJSON *spec, const char *hash, long replicas)
{
	const cJSON *from = json_at(s->d, "spec", NULL);
	const cJSON *ready = json_at(from, "minReadySeconds", NULL);
	cJSON *template, *selector;
	int bad = 0;

	bad |= json_set_num(spec, "replicas", (double)replicas);
	if (ready != NULL)
		bad |= json_set(
		    spec, "minReadySeconds", cJSON_Duplicate(ready, 1));
	bad |= json_set(spec, "selector",
	    cJSON_Duplicate(json_at(from, "selector", NULL), 1));
	bad |= json_set(spec, "template",
	    cJSON_Duplicate(json_at(from, "template", NULL), 1));
	if (bad)
		return -1;
	selector = json_sub(spec, "selector");
	template = json_sub(spec, "template");
	bad |= add_hash(json_sub(selector, "matchLabels"), hash);
	bad |=
	    add_hash(json_sub(json_sub(template, "metadata"), "labels"), hash);
	return bad;
}

/* Makes the ReplicaSet of the present template. */
static void
create(struct step *s, long replicas)
{
	cJSON *set = cJSON_CreateObject();
	char hash[TEMPLATE_HASH_SIZE], note[400];
	struct act a = { .method = "POST",
		.resource = REPLICASETS,
		.ns = meta_ns(s->d),
		.body = set,
		.about = s->d,
		.about_resource = DEPLOYMENTS,
		.note = note };

	if (choose_name(s, hash) != 0) {
		struct fault f;

		fault_set(&f, FAULT_NO, "no free name for a ReplicaSet");
		work_fail(s->w, &f);
		s->created[0] = '\0';
	} else if (json_set_str(set, "apiVersion", "apps/v1") == 0 &&
		   json_set_str(set, "kind", "ReplicaSet") == 0 &&
		   set_metadata(s, json_sub(set, "metadata"), hash) == 0 &&
		   set_spec(s, json_sub(set, "spec"), hash, replicas) == 0) {
		snprintf(note, sizeof note,
		    "Scaled up replica set %s from 0 to %ld", s->created,
		    replicas);
		a.reason = replicas > 0 ? "ScalingReplicaSet" : NULL;
		act(s->c, s->w, &a);
	}
	cJSON_Delete(set);
}

/* The old sets' pods are all gone. */
static int
old_pods_gone(struct step *s)
{
	size_t i;

	for (i = 0; i < s->sets.n; i++)
		if (s->sets.v[i] != s->fresh && !pods_gone(s->c, s->sets.v[i]))
			return 0;
	return 1;
}

static void
recreate(struct step *s)
{
	long want = spec_num(s->d, "replicas", 1);
	int waiting = 0;
	size_t i;

	for (i = 0; i < s->sets.n; i++)
		if (s->sets.v[i] != s->fresh &&
		    spec_num(s->sets.v[i], "replicas", 1) > 0) {
			scale(s, s->sets.v[i], 0);
			waiting = 1;
		}
	if (waiting || !old_pods_gone(s))
		return;
	if (s->fresh == NULL)
		create(s, want);
	else if (spec_num(s->fresh, "replicas", 1) != want)
		scale(s, s->fresh, want);
}

static struct rollout_set
view_of(const cJSON *set)
{
	struct rollout_set v = { 0, 0 };

	if (set != NULL) {
		v.replicas = spec_num(set, "replicas", 1);
		v.available = status_num(set, "availableReplicas", 0);
	}
	return v;
}

static void
shrink(struct step *s, const struct rollout *r)
{
	struct rollout_set fresh = view_of(s->fresh);
	struct rollout_set *old = calloc(s->sets.n + 1, sizeof *old);
	const cJSON **sets = calloc(s->sets.n + 1, sizeof(*sets));
	size_t i, n = 0;

	for (i = 0; old != NULL && sets != NULL && i < s->sets.n; i++)
		if (s->sets.v[i] != s->fresh) {
			sets[n] = s->sets.v[i];
			old[n++] = view_of(s->sets.v[i]);
		}
	if (n > 0 && rollout_shrink(r, &fresh, old, n))
		for (i = 0; i < n; i++)
			if (old[i].replicas != view_of(sets[i]).replicas)
				scale(s, sets[i], old[i].replicas);
	free(old);
	free(sets);
}

static void
roll(struct step *s)
{
	struct rollout r;
	long total = 0, next, have;
	size_t i;

	rollout_limits(&r, s->d);
	for (i = 0; i < s->sets.n; i++)
		total += spec_num(s->sets.v[i], "replicas", 1);
	have = view_of(s->fresh).replicas;
	next = rollout_grow(&r, have, total);
	if (s->fresh == NULL)
		create(s, next);
	else if (next != have)
		scale(s, s->fresh, next);
	else
		shrink(s, &r);
}

/* A paused one is still scaled, unless several sets have pods. */
static void
scale_paused(struct step *s)
{
	const cJSON *set = s->fresh;
	long want = spec_num(s->d, "replicas", 1);
	size_t i, active = 0;

	if (set == NULL && s->sets.n > 0)
		set = s->sets.v[s->sets.n - 1];
	for (i = 0; i < s->sets.n; i++)
		if (spec_num(s->sets.v[i], "replicas", 1) > 0) {
			set = s->sets.v[i];
			active++;
		}
	if (set != NULL && active <= 1 && spec_num(set, "replicas", 1) != want)
		scale(s, set, want);
}

/* Deletes empty old sets beyond revisionHistoryLimit, oldest first. */
static void
clean_history(struct step *s)
{
	long limit = spec_num(s->d, "revisionHistoryLimit", 10), n = 0;
	size_t i;

	for (i = 0; i < s->sets.n; i++)
		n += s->sets.v[i] != s->fresh;
	for (i = 0; i < s->sets.n && n > limit; i++) {
		const cJSON *set = s->sets.v[i];

		if (set == s->fresh || meta_dying(set) ||
		    spec_num(set, "replicas", 1) > 0 ||
		    status_num(set, "replicas", 0) > 0)
			continue;
		act_delete(s->c, s->w, REPLICASETS, set);
		n--;
	}
}

static void
keep_status(struct step *s)
{
	struct deployment_view v = { .deployment = s->d,
		.sets = s->sets.v,
		.n = s->sets.n,
		.fresh = s->fresh,
		.created = s->created[0] != '\0' ? s->created : NULL,
		.collisions = s->collisions };
	double deadline = 1e9;
	cJSON *status = deployment_status(&v, &deadline);

	if (deadline < 1e9)
		work_later(s->c, s->w, deadline * 1000 + 1000);
	act_status(s->c, s->w, DEPLOYMENTS, s->d, status);
}

static void
reconcile(struct control *c, struct work *w)
{
	struct step s = { .c = c, .w = w };
	size_t i;

	s.d = control_get(c, DEPLOYMENTS, w->ns, w->name);
	if (s.d == NULL || meta_dying(s.d))
		return;
	s.collisions = status_num(s.d, "collisionCount", 0);
	if (own_adopt(c, w, s.d, DEPLOYMENTS, REPLICASETS, own_is_orphan) +
		own_release(c, w, s.d, REPLICASETS) >
	    0)
		return;
	if (control_owned(c, REPLICASETS, s.d, &s.sets) != 0)
		goto out;
	for (i = 0; i < s.sets.n && s.fresh == NULL; i++)
		if (template_same(template_of(s.sets.v[i]), template_of(s.d)))
			s.fresh = s.sets.v[i];
	if (!json_bool(json_at(s.d, "spec", NULL), "paused", 0)) {
		keep_revision(&s);
		deployment_notes_keep(c, w, s.d, s.fresh);
		if (is_recreate(s.d))
			recreate(&s);
		else
			roll(&s);
		clean_history(&s);
	} else
		scale_paused(&s);
	keep_status(&s);
out:
	objects_release(&s.sets);
}

const struct controller deployment_controller = { "deployment", event,
	reconcile };
