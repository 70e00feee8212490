/*
 * Who controls what: see own.h.
 */
#include "k8s-controllerd/own.h"

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/template.h"
#include "lib/kube_status.h"

static int
is_selected(const cJSON *owner, const cJSON *object)
{
	return kube_selects(json_at(owner, "spec", "selector", NULL),
	    json_at(object, "metadata", "labels", NULL));
}

int
own_is_orphan(const void *owner, const cJSON *object)
{
	return meta_controller(object) == NULL && !meta_dying(object) &&
	       is_selected(owner, object);
}

static int
is_stranger(const void *owner, const cJSON *object)
{
	return meta_controlled_by(object, owner) && !meta_dying(object) &&
	       !is_selected(owner, object);
}

/* Sets an object's owners (freed); its uid is a precondition. */
static void
set_owners(struct control *c, struct work *w, enum resource r,
    const cJSON *object, cJSON *list)
{
	cJSON *body = cJSON_CreateObject(), *meta = json_sub(body, "metadata");
	struct act a = { .method = "PATCH",
		.resource = r,
		.ns = meta_ns(object),
		.name = meta_name(object),
		.body = body };

	if (json_set(meta, "ownerReferences", list) == 0 &&
	    json_set_str(meta, "uid", meta_uid(object)) == 0)
		act(c, w, &a);
	cJSON_Delete(body);
}

/* A copy of an object's owners, or NULL without memory. */
static cJSON *
owners_of(const cJSON *object)
{
	const cJSON *list =
	    json_at(object, "metadata", "ownerReferences", NULL);

	return list != NULL ? cJSON_Duplicate(list, 1) : cJSON_CreateArray();
}

size_t
own_adopt(struct control *c, struct work *w, const cJSON *owner,
    enum resource owner_resource, enum resource r, control_filter *is_orphan)
{
	const struct resource_info *info = &resources[owner_resource];
	struct objects orphans;
	cJSON *list, *ref;
	size_t i, n;

	if (control_list(c, r, meta_ns(owner), is_orphan, owner, &orphans) != 0)
		orphans.n = 0;
	n = orphans.n;
	for (i = 0; i < n; i++) {
		list = owners_of(orphans.v[i]);
		ref = template_owner(owner, info->api_version, info->kind);
		if (ref != NULL && list != NULL &&
		    cJSON_AddItemToArray(list, ref)) {
			set_owners(c, w, r, orphans.v[i], list);
			continue;
		}
		cJSON_Delete(list);
		cJSON_Delete(ref);
	}
	objects_release(&orphans);
	return n;
}

size_t
own_release(
    struct control *c, struct work *w, const cJSON *owner, enum resource r)
{
	struct objects strangers;
	cJSON *list, *ref;
	size_t i, n;

	if (control_list(
		c, r, meta_ns(owner), is_stranger, owner, &strangers) != 0)
		strangers.n = 0;
	n = strangers.n;
	for (i = 0; i < n; i++) {
		list = owners_of(strangers.v[i]);
		ref = json_find(list, "uid", meta_uid(owner));
		if (ref != NULL) {
			cJSON_Delete(cJSON_DetachItemViaPointer(list, ref));
			set_owners(c, w, r, strangers.v[i], list);
		} else
			cJSON_Delete(list);
	}
	objects_release(&strangers);
	return n;
}
