/*
 * Garbage collection: objects whose owners are all gone are deleted; owners
 * that wait for their dependents (foregroundDeletion) or want to leave them
 * behind (orphan) are served.  Keys are objects of any watched resource.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/meta.h"

#define GRAVES 512 /* deleted objects that are remembered */
#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

/* Deleted for certain: nobody has to be asked about these. */
struct grave {
	char uid[40];
};

static size_t
grave_slot(const char *uid)
{
	unsigned h = 2166136261u;

	while (*uid != '\0')
		h = (h ^ (unsigned char)*uid++) * 16777619u;
	return h % GRAVES;
}

static void
bury(struct control *c, const char *uid)
{
	if (c->graves == NULL)
		c->graves = calloc(GRAVES, sizeof *c->graves);
	if (c->graves != NULL)
		snprintf(c->graves[grave_slot(uid)].uid, 40, "%s", uid);
}

static int
is_buried(const struct control *c, const char *uid)
{
	return c->graves != NULL &&
	       strcmp(c->graves[grave_slot(uid)].uid, uid) == 0;
}

void
graves_release(struct control *c)
{
	free(c->graves);
	c->graves = NULL;
}

static int
has_finalizer(const cJSON *o, const char *name)
{
	const cJSON *f;

	cJSON_ArrayForEach(f, json_at(o, "metadata", "finalizers", NULL))
		if (cJSON_IsString(f) && strcmp(f->valuestring, name) == 0)
			return 1;
	return 0;
}

/* The reference of o to an owner of that uid, or NULL. */
static const cJSON *
ref_to(const cJSON *o, const char *uid)
{
	const cJSON *r;
	const char *s;

	cJSON_ArrayForEach(r, json_at(o, "metadata", "ownerReferences", NULL)) {
		s = json_str(r, "uid", NULL);
		if (s != NULL && strcmp(s, uid) == 0)
			return r;
	}
	return NULL;
}

static int
depends(const void *arg, const cJSON *o)
{
	return ref_to(o, arg) != NULL;
}

/* Calls fn with every object that depends on owner: how many there are. */
static size_t
each_dependent(struct control *c, const cJSON *owner,
    void (*fn)(struct control *c, void *arg, enum resource r, const cJSON *o),
    void *arg)
{
	const char *ns = meta_ns(owner);
	struct objects list;
	size_t i, n = 0;
	int r;

	for (r = 0; r < RESOURCES; r++) {
		if (!resources[r].namespaced && *ns != '\0')
			continue;
		if (control_list(c, (enum resource)r, *ns != '\0' ? ns : NULL,
			depends, meta_uid(owner), &list) == 0)
			for (i = 0; i < list.n; i++)
				fn(c, arg, (enum resource)r, list.v[i]);
		n += list.n;
		objects_release(&list);
	}
	return n;
}

static void
enqueue(struct control *c, void *arg, enum resource r, const cJSON *o)
{
	(void)arg;
	work_add_object(c, &gc_controller, r, o);
}

/* The cached owner that a reference names, or NULL. */
static const cJSON *
owner_of(const struct control *c, const cJSON *o, const cJSON *ref)
{
	const char *api = json_str(ref, "apiVersion", NULL);
	const char *kind = json_str(ref, "kind", NULL);
	const char *name = json_str(ref, "name", NULL);
	const char *uid = json_str(ref, "uid", NULL);
	enum resource r;
	const cJSON *owner;

	if (api == NULL || kind == NULL || name == NULL || uid == NULL)
		return NULL;
	r = resource_of(api, kind);
	if (r == RESOURCES)
		return NULL;
	owner =
	    control_get(c, r, resources[r].namespaced ? meta_ns(o) : "", name);
	return owner != NULL && strcmp(meta_uid(owner), uid) == 0 ? owner :
								    NULL;
}

static void
event(struct control *c, const struct change *ch)
{
	const cJSON *o = ch->object, *ref, *owner;
	const cJSON *refs = json_at(o, "metadata", "ownerReferences", NULL);
	int dying = meta_dying(o);

	if (ch->event == KUBE_DELETED) {
		bury(c, meta_uid(o));
		each_dependent(c, o, enqueue, NULL);
		cJSON_ArrayForEach(ref, refs) {
			owner = owner_of(c, o, ref);
			if (owner != NULL && meta_dying(owner))
				enqueue(c, NULL,
				    resource_of(
					json_str(ref, "apiVersion", NULL),
					json_str(ref, "kind", NULL)),
				    owner);
		}
		return;
	}
	if (dying && (has_finalizer(o, FOREGROUND) || has_finalizer(o, ORPHAN)))
		enqueue(c, NULL, ch->resource, o);
	if (dying || (ch->before != NULL &&
			 json_equal(refs, json_at(ch->before, "metadata",
					      "ownerReferences", NULL))))
		return;
	cJSON_ArrayForEach(ref, refs)
		if (owner_of(c, o, ref) == NULL) {
			enqueue(c, NULL, ch->resource, o);
			return;
		}
}

struct task {
	struct work *w;
	const cJSON *owner;
};

/* Deletes a dependent, after its own dependents. */
static void
delete_dependent(struct control *c, void *arg, enum resource r, const cJSON *o)
{
	struct task *t = arg;
	cJSON *options;
	struct act a = { .method = "DELETE",
		.resource = r,
		.ns = meta_ns(o),
		.name = meta_name(o) };

	if (meta_dying(o))
		return;
	options = cJSON_CreateObject();
	json_set_str(json_sub(options, "preconditions"), "uid", meta_uid(o));
	json_set_str(options, "propagationPolicy",
	    r == PODS ? "Background" : "Foreground");
	a.body = options;
	act(c, t->w, &a);
	cJSON_Delete(options);
}

/* Patches metadata.KEY of o to what is left of it without one entry. */
static void
patch_list(struct control *c, struct work *w, enum resource r, const cJSON *o,
    const char *key, cJSON *list)
{
	cJSON *body = cJSON_CreateObject(), *meta = json_sub(body, "metadata");
	struct act a = { .method = "PATCH",
		.resource = r,
		.ns = meta_ns(o),
		.name = meta_name(o),
		.body = body };

	if (json_set_str(meta, "uid", meta_uid(o)) == 0 &&
	    json_set_str(meta, "resourceVersion",
		json_str(o, "metadata", "resourceVersion", NULL)) == 0 &&
	    json_set(meta, key, list) == 0)
		act(c, w, &a);
	cJSON_Delete(body);
}

static void
drop_finalizer(
    struct control *c, struct work *w, const cJSON *o, const char *name)
{
	cJSON *list =
	    cJSON_Duplicate(json_at(o, "metadata", "finalizers", NULL), 1);
	cJSON *f, *next;

	for (f = list != NULL ? list->child : NULL; f != NULL; f = next) {
		next = f->next;
		if (cJSON_IsString(f) && strcmp(f->valuestring, name) == 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(list, f));
	}
	patch_list(c, w, w->resource, o, "finalizers", list);
}

/* o's references without those that keep says no to. */
static cJSON *
refs_without(const cJSON *o, const char *uid, const cJSON *only)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *r;
	const char *s;

	cJSON_ArrayForEach(r, json_at(o, "metadata", "ownerReferences", NULL)) {
		s = json_str(r, "uid", NULL);
		if (s == NULL || (uid != NULL && strcmp(s, uid) == 0) ||
		    (only != NULL &&
			cJSON_GetObjectItemCaseSensitive(only, s) == NULL))
			continue;
		cJSON_AddItemToArray(list, cJSON_Duplicate(r, 1));
	}
	return list;
}

static void
orphan_dependent(struct control *c, void *arg, enum resource r, const cJSON *o)
{
	struct task *t = arg;

	patch_list(c, t->w, r, o, "ownerReferences",
	    refs_without(o, meta_uid(t->owner), NULL));
}

/* An owner with a finalizer of ours: its dependents first. */
static void
serve_owner(struct control *c, struct work *w, const cJSON *o)
{
	struct task t = { w, o };

	if (has_finalizer(o, ORPHAN)) {
		if (each_dependent(c, o, orphan_dependent, &t) == 0)
			drop_finalizer(c, w, o, ORPHAN);
	} else if (each_dependent(c, o, delete_dependent, &t) == 0)
		drop_finalizer(c, w, o, FOREGROUND);
}

/* What the server says about an owner that no cache has. */
static void
on_owner(
    struct control *c, struct work *w, void *arg, const struct kube_answer *a)
{
	char *uid = arg;

	if (a->status == 404 ||
	    (kube_ok(a) && strcmp(meta_uid(a->body), uid) != 0)) {
		bury(c, uid);
		w->failed = 0;
		w->again = 1;
	}
	free(uid);
}

static void
ask_owner(struct control *c, struct work *w, const cJSON *o, const cJSON *ref)
{
	enum resource r = resource_of(
	    json_str(ref, "apiVersion", NULL), json_str(ref, "kind", NULL));
	struct act a = { .method = "GET",
		.resource = r,
		.ns = meta_ns(o),
		.name = json_str(ref, "name", NULL),
		.unseen = 1,
		.then = on_owner };

	a.arg = strdup(json_str(ref, "uid", NULL));
	if (a.arg != NULL)
		act(c, w, &a);
}

/*
 * 1 when nobody can say whether the owner is there: it is of a kind that is
 * not watched, or in some namespace, which an object of the cluster cannot
 * name.  As upstream: such an owner counts as there for ever.
 */
static int
is_unresolvable(const cJSON *o, const char *api, const char *kind)
{
	enum resource r = resource_of(api, kind);

	return r == RESOURCES ||
	       (resources[r].namespaced && *meta_ns(o) == '\0');
}

/*
 * Which of o's owners are there: a set of uids, or NULL while one has to be
 * asked for.
 */
static cJSON *
present_owners(struct control *c, struct work *w, const cJSON *o)
{
	const cJSON *ref,
	    *refs = json_at(o, "metadata", "ownerReferences", NULL);
	cJSON *there = cJSON_CreateObject();
	const char *api, *kind, *uid;
	int asked = 0;

	cJSON_ArrayForEach(ref, refs) {
		api = json_str(ref, "apiVersion", NULL);
		kind = json_str(ref, "kind", NULL);
		uid = json_str(ref, "uid", NULL);
		if (api == NULL || kind == NULL || uid == NULL ||
		    json_str(ref, "name", NULL) == NULL)
			continue;
		if (is_unresolvable(o, api, kind) ||
		    owner_of(c, o, ref) != NULL)
			json_set_bool(there, uid, 1);
		else if (!is_buried(c, uid)) {
			ask_owner(c, w, o, ref);
			asked = 1;
		}
	}
	if (!asked)
		return there;
	cJSON_Delete(there);
	return NULL;
}

static void
reconcile(struct control *c, struct work *w)
{
	const cJSON *o = control_get(c, w->resource, w->ns, w->name);
	cJSON *there;
	int refs, n;

	if (o == NULL)
		return;
	if (meta_dying(o)) {
		if (has_finalizer(o, FOREGROUND) || has_finalizer(o, ORPHAN))
			serve_owner(c, w, o);
		return;
	}
	refs =
	    cJSON_GetArraySize(json_at(o, "metadata", "ownerReferences", NULL));
	/* a namespace that goes takes its content along */
	if (refs == 0 || (*w->ns != '\0' && !control_ns_open(c, w->ns)))
		return;
	there = present_owners(c, w, o);
	if (there == NULL)
		return;
	n = cJSON_GetArraySize(there);
	if (n == 0)
		act_delete(c, w, w->resource, o);
	else if (n < refs)
		patch_list(c, w, w->resource, o, "ownerReferences",
		    refs_without(o, NULL, there));
	cJSON_Delete(there);
}

const struct controller gc_controller = { "garbage-collector", event,
	reconcile };
