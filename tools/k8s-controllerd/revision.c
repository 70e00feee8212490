/*
 * ControllerRevisions: see revision.h.
 */
#include "k8s-controllerd/revision.h"

#include <stdio.h>
#include <string.h>

#include "k8s-controllerd/meta.h"

char *
revision_name(const cJSON *set, char *out)
{
	char hash[TEMPLATE_HASH_SIZE];

	template_hash(json_at(set, "spec", "template", NULL), 0, hash);
	snprintf(out, TEMPLATE_NAME_SIZE, "%.220s-%s", meta_name(set), hash);
	return out;
}

static void
make(struct control *c, struct work *w, const cJSON *set, const char *name,
    long number)
{
	const cJSON *template = json_at(set, "spec", "template", NULL);
	const cJSON *labels = json_at(template, "metadata", "labels", NULL);
	cJSON *o = cJSON_CreateObject(), *meta = json_sub(o, "metadata");
	cJSON *owners = cJSON_AddArrayToObject(meta, "ownerReferences");
	cJSON *ref =
	    template_owner(set, "apps/v1", resources[w->resource].kind);
	const char *hash = name + strlen(meta_name(set)) + 1;
	cJSON *data;
	int bad = 0;

	if (ref != NULL && !cJSON_AddItemToArray(owners, ref))
		cJSON_Delete(ref);
	bad |= json_set_str(o, "apiVersion", "apps/v1");
	bad |= json_set_str(o, "kind", "ControllerRevision");
	bad |= json_set_str(meta, "name", name);
	bad |= json_set_str(meta, "namespace", meta_ns(set));
	if (labels != NULL)
		bad |= json_set(meta, "labels", cJSON_Duplicate(labels, 1));
	bad |= json_set_str(json_sub(meta, "labels"),
	    w->resource == DAEMONSETS ? "controller-revision-hash" :
					"controller.kubernetes.io/hash",
	    hash);
	data = json_sub(json_sub(o, "data"), "spec");
	bad |= json_set(data, "template", cJSON_Duplicate(template, 1));
	/* kubectl rollout undo sends data as a strategic merge patch */
	bad |=
	    json_set_str(json_at(data, "template", NULL), "$patch", "replace");
	bad |= json_set_num(o, "revision", (double)number);
	if (!bad)
		act_create(c, w, REVISIONS, o);
	cJSON_Delete(o);
}

/* A template that came back is the last one again. */
static void
renumber(struct control *c, struct work *w, const cJSON *revision, long number)
{
	cJSON *body = cJSON_CreateObject();
	struct act a = { .method = "PATCH",
		.resource = REVISIONS,
		.ns = meta_ns(revision),
		.name = meta_name(revision),
		.body = body };

	if (json_set_num(body, "revision", (double)number) == 0)
		act(c, w, &a);
	cJSON_Delete(body);
}

void
revision_keep(struct control *c, struct work *w, const cJSON *set,
    const char *name, const char *keep2)
{
	long limit = spec_num(set, "revisionHistoryLimit", 10), last = 0, n;
	struct objects all;
	const char *s;
	const cJSON *present = NULL;
	size_t i;

	if (control_owned(c, REVISIONS, set, &all) != 0)
		all.n = 0;
	for (i = 0; i < all.n; i++) {
		n = (long)json_num(all.v[i], "revision", 0);
		if (n > last)
			last = n;
		if (strcmp(meta_name(all.v[i]), name) == 0)
			present = all.v[i];
	}
	if (present == NULL)
		make(c, w, set, name, last + 1);
	else if ((long)json_num(present, "revision", 0) < last)
		renumber(c, w, present, last + 1);
	n = (long)all.n - limit - 1;
	for (i = 0; i < all.n && n > 0; i++) {
		s = meta_name(all.v[i]);
		if (strcmp(s, name) == 0 ||
		    (keep2 != NULL && strcmp(s, keep2) == 0))
			continue;
		act_delete(c, w, REVISIONS, all.v[i]);
		n--;
	}
	objects_release(&all);
}

const cJSON *
revision_template(struct control *c, const cJSON *set, const char *name)
{
	const cJSON *o = control_get(c, REVISIONS, meta_ns(set), name);

	return json_at(o, "data", "spec", "template", NULL);
}
