/*
 * Making and deleting pods: see pods.h.
 */
#include "k8s-controllerd/pods.h"

#include <string.h>

#include "k8s-controllerd/meta.h"

void
pods_create(struct control *c, struct work *w, enum resource r,
    const cJSON *owner, cJSON *pod, const char *reason, const char *note)
{
	struct act a = { .method = "POST",
		.resource = PODS,
		.ns = meta_ns(owner),
		.body = pod,
		.about = owner,
		.about_resource = r,
		.reason = reason,
		.note = note };

	if (pod != NULL)
		act(c, w, &a);
	cJSON_Delete(pod);
}

void
pods_delete(struct control *c, struct work *w, enum resource r,
    const cJSON *owner, const cJSON *pod, const char *reason, const char *note)
{
	cJSON *options = cJSON_CreateObject();
	struct act a = { .method = "DELETE",
		.resource = PODS,
		.ns = meta_ns(pod),
		.name = meta_name(pod),
		.body = options,
		.about = owner,
		.about_resource = r,
		.reason = reason,
		.note = note };

	json_set_str(json_sub(options, "preconditions"), "uid", meta_uid(pod));
	act(c, w, &a);
	cJSON_Delete(options);
}

int
pods_gone(struct control *c, const cJSON *owner)
{
	struct objects pods;
	int gone = control_owned(c, PODS, owner, &pods) == 0;
	size_t i;

	for (i = 0; i < pods.n; i++)
		gone &= strcmp(pod_phase(pods.v[i]), "Succeeded") == 0 ||
			strcmp(pod_phase(pods.v[i]), "Failed") == 0;
	objects_release(&pods);
	return gone;
}

/* The more a pod has come to, the higher. */
static int
worth(const cJSON *pod)
{
	const char *node = json_str(pod, "spec", "nodeName", NULL);

	if (node == NULL || *node == '\0')
		return 0;
	if (strcmp(pod_phase(pod), "Running") != 0)
		return 1;
	return pod_ready(pod) ? 3 : 2;
}

int
pods_by_worth(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;
	const char *s = json_str(*x, "metadata", "creationTimestamp", NULL);
	const char *t = json_str(*y, "metadata", "creationTimestamp", NULL);
	int order = worth(*x) - worth(*y);

	if (order == 0 && s != NULL && t != NULL)
		order = strcmp(t, s);
	return order != 0 ? order : strcmp(meta_name(*x), meta_name(*y));
}
