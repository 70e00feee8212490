/*
 * Annotations of Deployments: see deployment_notes.h.
 */
#include "k8s-controllerd/deployment_notes.h"

#include <string.h>

#include "k8s-controllerd/meta.h"

/* What a ReplicaSet does not take over: it has its own, or must not. */
static int
is_own(const char *key)
{
	static const char *const own[] = { REVISION, HISTORY, DESIRED, MAXIMUM,
		"kubectl.kubernetes.io/last-applied-configuration",
		"deprecated.deployment.rollback.revision" };
	size_t i;

	for (i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(own[i], key) == 0)
			return 1;
	return 0;
}

size_t
deployment_notes_copy(const cJSON *deployment, const cJSON *set, cJSON *notes)
{
	const cJSON *m;
	const char *has;
	size_t n = 0;

	cJSON_ArrayForEach(
	    m, json_at(deployment, "metadata", "annotations", NULL)) {
		has = set != NULL ? meta_note(set, m->string) : NULL;
		if (!cJSON_IsString(m) || is_own(m->string) ||
		    (has != NULL && strcmp(has, m->valuestring) == 0))
			continue;
		n += json_set_str(notes, m->string, m->valuestring) == 0;
	}
	return n;
}

void
deployment_notes_keep(struct control *c, struct work *w,
    const cJSON *deployment, const cJSON *set)
{
	cJSON *body;
	struct act a = { .method = "PATCH", .resource = REPLICASETS };

	if (set == NULL)
		return;
	body = cJSON_CreateObject();
	a.ns = meta_ns(set);
	a.name = meta_name(set);
	a.body = body;
	if (deployment_notes_copy(deployment, set,
		json_sub(json_sub(body, "metadata"), "annotations")) > 0)
		act(c, w, &a);
	cJSON_Delete(body);
}
