/*
 * Server-side apply and ownership: see apply.h.  The order of steps is that
 * of structured-merge-diff's Updater: merge, take away what the manager has
 * given up, compare with what was, and only then look for conflicts; so a
 * value that is the same for both never conflicts.
 */
#include "apply.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply_conflict.h"
#include "apply_managed.h"
#include "fields.h"
#include "fields_object.h"
#include "fields_schema.h"
#include "lib/clock.h"

/* Nobody owns these: the server sets them, or they name the object. */
static const char unowned[] =
    "{\"f:apiVersion\":{},\"f:kind\":{},\"f:metadata\":{\".\":{},"
    "\"f:creationTimestamp\":{},\"f:generation\":{},\"f:managedFields\":{},"
    "\"f:name\":{},\"f:namespace\":{},\"f:resourceVersion\":{},"
    "\"f:selfLink\":{},\"f:uid\":{}}}";

/* What the request in hand works with. */
struct work {
	const struct apply_request *rq;
	const char *type;  /* schema_kind */
	const cJSON *live; /* or NULL */
	struct managed managed;
	char manager[APPLY_MANAGER_MAX + 1];
	char time[CLOCK_TS_SIZE];
};

/* The writer's name: as given, or what its user agent starts with. */
static void
name_manager(struct work *w)
{
	const char *s = w->rq->manager;
	size_t i, n = 0, end;

	if (s != NULL && *s != '\0') {
		snprintf(w->manager, sizeof w->manager, "%s", s);
		return;
	}
	s = w->rq->user_agent != NULL ? w->rq->user_agent : "";
	end = strcspn(s, "/");
	for (i = 0; i < end && n < APPLY_MANAGER_MAX; i++)
		if (isprint((unsigned char)s[i]))
			w->manager[n++] = s[i];
	w->manager[n] = '\0';
	if (n == 0)
		snprintf(w->manager, sizeof w->manager, "unknown");
}

static void
work_init(struct work *w, const struct apply_request *rq, const cJSON *live)
{
	struct timespec now;

	memset(w, 0, sizeof *w);
	w->rq = rq;
	w->live = live;
	w->type = schema_kind(rq->api_version, rq->kind);
	name_manager(w);
	clock_gettime(CLOCK_REALTIME, &now);
	if (rq->time != NULL)
		snprintf(w->time, sizeof w->time, "%s", rq->time);
	else
		clock_format(w->time, &now, 1);
}

static int
writes_status(const struct apply_request *rq)
{
	return rq->subresource != NULL &&
	       strcmp(rq->subresource, "status") == 0;
}

/* Takes out of *set (replaced) what a request of that kind cannot own. */
static int
strip(const struct work *w, cJSON **set)
{
	const char *other =
	    writes_status(w->rq) ? "{\"f:spec\":{}}" : "{\"f:status\":{}}";
	cJSON *meta = json_parse(unowned, sizeof unowned - 1, NULL);
	cJSON *part = json_parse(other, strlen(other), NULL);
	cJSON *a, *b;
	int err = meta == NULL || part == NULL ? -1 : 0;

	a = err == 0 ? fields_minus(*set, meta, &err) : NULL;
	b = err == 0 ? fields_minus_deep(a, part, &err) : NULL;
	cJSON_Delete(a);
	cJSON_Delete(meta);
	cJSON_Delete(part);
	if (err != 0)
		return -1;
	cJSON_Delete(*set);
	*set = b;
	return 0;
}

/* The owner that this request writes as, made when there is none yet. */
static struct owner *
self(struct work *w, int applies)
{
	struct owner *o = managed_find(&w->managed, w->manager, applies,
	    w->rq->api_version, w->rq->subresource);

	if (o == NULL)
		o = managed_add(&w->managed, w->manager, applies,
		    w->rq->api_version, w->rq->subresource);
	return o;
}

/* [] and [{}] in what is written ask for ownership to be forgotten. */
static int
is_reset(const cJSON *list)
{
	return cJSON_IsArray(list) &&
	       (list->child == NULL ||
		   (list->child->next == NULL && list->child->child == NULL));
}

/* Who owns what before this write; from the object when it says so. */
static int
read_managed(struct work *w, const cJSON *object, struct fault *f)
{
	struct fault bad = { 0 };
	const cJSON *own = json_at(object, "metadata", "managedFields", NULL);

	if (w->rq->subresource == NULL && own != NULL && !is_reset(own)) {
		if (managed_read(&w->managed, own, NULL) == 0 &&
		    w->managed.n > 0)
			return 0;
		managed_release(&w->managed);
	}
	if (w->rq->subresource == NULL && is_reset(own))
		return 0;
	own = json_at(w->live, "metadata", "managedFields", NULL);
	if (managed_read(&w->managed, own, &bad) == 0)
		return 0;
	/* damaged ownership is as good as none */
	managed_release(&w->managed);
	return bad.code == FAULT_UNSURE ? fault_nomem(f) : 0;
}

int
apply_track(const struct apply_request *rq, const cJSON *live, cJSON *object,
    struct fault *f)
{
	cJSON *changed = NULL, *removed = NULL, *sum;
	struct owner *o;
	struct work w;
	int r = -1, err = 0;

	work_init(&w, rq, live);
	if (read_managed(&w, object, f) != 0)
		goto out;
	if (live != NULL && w.managed.n == 0) {
		/* untracked objects stay so until somebody applies */
		cJSON_DeleteItemFromObjectCaseSensitive(
		    json_at(object, "metadata", NULL), "managedFields");
		r = 0;
		goto out;
	}
	if (fields_compare(w.type, live, object, &changed, &removed, f) != 0)
		goto out;
	if (strip(&w, &changed) != 0 || strip(&w, &removed) != 0) {
		fault_nomem(f);
		goto out;
	}
	o = self(&w, 0);
	if (o == NULL || managed_take(&w.managed, NULL, removed) != 0 ||
	    managed_take(&w.managed, o, changed) != 0) {
		fault_nomem(f);
		goto out;
	}
	sum = fields_union(o->set, changed, &err);
	owner_set(o, sum);
	if (err != 0 || (changed != NULL && owner_touch(o, w.time) != 0) ||
	    managed_write(&w.managed, APPLY_MAX_UPDATERS, object) != 0)
		fault_nomem(f);
	else
		r = 0;
out:
	cJSON_Delete(changed);
	cJSON_Delete(removed);
	managed_release(&w.managed);
	return r;
}

/* A copy of config with only what this request may write. */
static cJSON *
own_part(const struct work *w, const cJSON *config)
{
	cJSON *copy = cJSON_Duplicate(config, 1), *c, *next;
	int status = writes_status(w->rq);

	for (c = copy != NULL ? copy->child : NULL; c != NULL; c = next) {
		next = c->next;
		if (strcmp(c->string, "apiVersion") == 0 ||
		    strcmp(c->string, "kind") == 0 ||
		    strcmp(c->string, "metadata") == 0)
			continue;
		if ((strcmp(c->string, "status") == 0) != status)
			cJSON_Delete(cJSON_DetachItemViaPointer(copy, c));
	}
	return copy;
}

/* An object that was never applied: all it has is owned by its past. */
static int
before_first_apply(struct work *w)
{
	cJSON *set = NULL, *gone = NULL;
	struct owner *o;
	int r = -1;

	if (w->live == NULL || w->managed.n > 0)
		return 0;
	if (fields_compare(w->type, NULL, w->live, &set, &gone, NULL) == 0 &&
	    strip(w, &set) == 0) {
		o = managed_add(&w->managed, "before-first-apply", 0,
		    w->rq->api_version, NULL);
		if (o != NULL && owner_touch(o, w->time) == 0) {
			owner_set(o, set);
			set = NULL;
			r = 0;
		}
	}
	cJSON_Delete(set);
	cJSON_Delete(gone);
	return r;
}

/*
 * Takes out of object what the manager applied before (last) and that nobody
 * owns any more.
 */
static int
prune(const struct work *w, cJSON *object, const cJSON *last)
{
	cJSON *mine = NULL, *all = NULL, *owned = NULL, *doomed = NULL, *sum;
	int err = 0, r = -1;
	size_t i;

	if (last == NULL)
		return 0;
	for (i = 0; i < w->managed.n; i++) {
		sum = fields_union(all, w->managed.v[i].set, &err);
		cJSON_Delete(all);
		all = sum;
	}
	if (err == 0 && fields_with_parents(w->type, last, &mine) == 0 &&
	    fields_with_parents(w->type, all, &owned) == 0)
		doomed = fields_minus(mine, owned, &err);
	else
		err = -1;
	/* the name, which nobody owns, keeps its place */
	cJSON_DeleteItemFromObjectCaseSensitive(
	    cJSON_GetObjectItemCaseSensitive(doomed, "f:metadata"), ".");
	if (err == 0)
		r = fields_remove(w->type, object, doomed);
	cJSON_Delete(mine);
	cJSON_Delete(all);
	cJSON_Delete(owned);
	cJSON_Delete(doomed);
	return r;
}

/* Nulls say "not set": gone once everything was compared. */
static void
drop_nulls(cJSON *v)
{
	cJSON *c, *next;

	for (c = v->child; c != NULL; c = next) {
		next = c->next;
		if (cJSON_IsNull(c) && cJSON_IsObject(v))
			cJSON_Delete(cJSON_DetachItemViaPointer(v, c));
		else
			drop_nulls(c);
	}
}

static int
check_request(
    const struct apply_request *rq, const cJSON *config, struct fault *f)
{
	const cJSON *m = json_at(config, "metadata", "managedFields", NULL);

	if (rq->manager == NULL || rq->manager[0] == '\0')
		return fault_set(f, FAULT_INPUT,
		    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: "
		    "Required value: is required for apply patch");
	if (strlen(rq->manager) > APPLY_MANAGER_MAX)
		return fault_set(f, FAULT_INPUT,
		    "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: "
		    "Too long: may not be more than %d bytes",
		    APPLY_MANAGER_MAX);
	if (!cJSON_IsObject(config))
		return fault_set(f, FAULT_INPUT, "not an object");
	if (m != NULL && !cJSON_IsNull(m) && m->child != NULL)
		return fault_set(
		    f, FAULT_INPUT, "metadata.managedFields must be nil");
	return 0;
}

/* Settles who owns what, once object is known and conflicts are out. */
static int
settle(struct work *w, struct owner *me, const cJSON *changed,
    const cJSON *removed, int set_changed, cJSON *object)
{
	if (managed_take(&w->managed, me, changed) != 0 ||
	    managed_take(&w->managed, me, removed) != 0)
		return -1;
	if ((set_changed || changed != NULL || removed != NULL) &&
	    owner_touch(me, w->time) != 0)
		return -1;
	return managed_write(&w->managed, APPLY_MAX_UPDATERS, object);
}

static int
check_conflicts(const struct work *w, const struct owner *me,
    const cJSON *changed, cJSON **causes, struct fault *f)
{
	cJSON *allowed;
	int r;

	if (annotation_allows(w->manager, w->type, w->live, &allowed) != 0)
		return fault_nomem(f);
	r = conflicts_find(&w->managed, me, changed, allowed, causes, f);
	cJSON_Delete(allowed);
	return r;
}

/* The steps of an apply, with what they need released by the caller. */
static int
apply_steps(struct work *w, const cJSON *config, cJSON *object, cJSON **causes,
    struct fault *f)
{
	cJSON *last = NULL, *set = NULL, *changed = NULL, *removed = NULL;
	struct owner *me;
	int r = -1, same;

	if (fields_of(w->type, config, 1, &set, f) != 0)
		goto out;
	me = self(w, 1);
	if (me == NULL || strip(w, &set) != 0) {
		fault_nomem(f);
		goto out;
	}
	last = me->set;
	me->set = set;
	set = NULL;
	same = fields_equal(last, me->set);
	if (prune(w, object, last) != 0) {
		fault_nomem(f);
		goto out;
	}
	if (fields_compare(w->type, w->live, object, &changed, &removed, f) !=
	    0)
		goto out;
	if (strip(w, &changed) != 0 || strip(w, &removed) != 0) {
		fault_nomem(f);
		goto out;
	}
	if (!w->rq->force && check_conflicts(w, me, changed, causes, f) != 0)
		goto out;
	if (settle(w, me, changed, removed, !same, object) != 0)
		fault_nomem(f);
	else
		r = 0;
out:
	cJSON_Delete(last);
	cJSON_Delete(set);
	cJSON_Delete(changed);
	cJSON_Delete(removed);
	return r;
}

cJSON *
apply_patch(const struct apply_request *rq, const cJSON *live,
    const cJSON *config, cJSON **causes, struct fault *f)
{
	cJSON *part = NULL, *object = NULL;
	struct work w;

	if (causes != NULL)
		*causes = NULL;
	if (check_request(rq, config, f) != 0)
		return NULL;
	work_init(&w, rq, live);
	part = own_part(&w, config);
	if (part == NULL || read_managed(&w, NULL, NULL) != 0 ||
	    before_first_apply(&w) != 0) {
		fault_nomem(f);
		goto out;
	}
	object = fields_merge(w.type, live, part, f);
	if (object == NULL)
		goto out;
	if (apply_steps(&w, part, object, causes, f) != 0) {
		cJSON_Delete(object);
		object = NULL;
		goto out;
	}
	drop_nulls(object);
	if (annotation_update(w.manager, config, object) != 0) {
		fault_nomem(f);
		cJSON_Delete(object);
		object = NULL;
	}
out:
	cJSON_Delete(part);
	managed_release(&w.managed);
	return object;
}

/* 1 when both have the same members, those named aside. */
static int
equal_but(const cJSON *a, const cJSON *b, const char *not1, const char *not2)
{
	const cJSON *c, *d;
	int extra = 0;

	cJSON_ArrayForEach(c, b)
		extra += strcmp(c->string, not1) != 0 &&
			 strcmp(c->string, not2) != 0;
	cJSON_ArrayForEach(c, a) {
		if (strcmp(c->string, not1) == 0 ||
		    strcmp(c->string, not2) == 0)
			continue;
		d = cJSON_GetObjectItemCaseSensitive(b, c->string);
		if (d == NULL || !json_equal(c, d))
			return 0;
		extra--;
	}
	return extra == 0;
}

int
apply_same(const cJSON *a, const cJSON *b)
{
	const cJSON *x = json_at(a, "metadata", NULL), *e;
	const cJSON *y = json_at(b, "metadata", NULL), *g;

	if (!equal_but(a, b, "metadata", "metadata") ||
	    !equal_but(x, y, "resourceVersion", "managedFields"))
		return 0;
	e = json_at(x, "managedFields", NULL);
	g = json_at(y, "managedFields", NULL);
	e = e != NULL ? e->child : NULL;
	g = g != NULL ? g->child : NULL;
	for (; e != NULL && g != NULL; e = e->next, g = g->next)
		if (!equal_but(e, g, "time", "time"))
			return 0;
	return e == NULL && g == NULL;
}
