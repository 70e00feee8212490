/*
 * Endpoints: for each Service with a selector, where its ready pods are.
 */
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/endpoints_build.h"
#include "k8s-controllerd/meta.h"

static void
event(struct control *c, const struct change *ch)
{
	struct objects services;
	size_t i;

	if (ch->resource == SERVICES ||
	    (ch->resource == ENDPOINTS && ch->event == KUBE_DELETED))
		work_add_object(c, &endpoints_controller, SERVICES, ch->object);
	if (ch->resource != PODS ||
	    control_list(
		c, SERVICES, meta_ns(ch->object), NULL, NULL, &services) != 0)
		return;
	for (i = 0; i < services.n; i++)
		if (endpoints_selects(services.v[i], ch->object) ||
		    (ch->before != NULL &&
			endpoints_selects(services.v[i], ch->before)))
			work_add_object(
			    c, &endpoints_controller, SERVICES, services.v[i]);
	objects_release(&services);
}

static int
is_selected(const void *arg, const cJSON *pod)
{
	return endpoints_selects(arg, pod);
}

static int
is_headless(const cJSON *service)
{
	const char *ip = json_str(service, "spec", "clusterIP", NULL);

	return ip != NULL && strcmp(ip, "None") == 0;
}

/* The Endpoints object of a Service with these subsets (taken). */
static cJSON *
build(const cJSON *service, const cJSON *old, cJSON *subsets)
{
	const cJSON *labels = json_at(service, "metadata", "labels", NULL);
	cJSON *o = old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();
	cJSON *meta = json_sub(o, "metadata"), *copy;
	int bad = 0;

	bad |= json_set_str(o, "apiVersion", "v1");
	bad |= json_set_str(o, "kind", "Endpoints");
	bad |= json_set_str(meta, "name", meta_name(service));
	bad |= json_set_str(meta, "namespace", meta_ns(service));
	copy =
	    labels != NULL ? cJSON_Duplicate(labels, 1) : cJSON_CreateObject();
	if (copy != NULL && is_headless(service))
		bad |= json_set_str(copy, "service.kubernetes.io/headless", "");
	if (copy != NULL && copy->child == NULL) {
		cJSON_Delete(copy);
		cJSON_DeleteItemFromObjectCaseSensitive(meta, "labels");
	} else
		bad |= json_set(meta, "labels", copy);
	if (subsets->child == NULL) {
		cJSON_Delete(subsets);
		cJSON_DeleteItemFromObjectCaseSensitive(o, "subsets");
	} else
		bad |= json_set(o, "subsets", subsets);
	if (!bad)
		return o;
	cJSON_Delete(o);
	return NULL;
}

static int
same(const cJSON *a, const cJSON *b)
{
	return a == b || (a != NULL && b != NULL && json_equal(a, b));
}

static int
is_same(const cJSON *old, const cJSON *new)
{
	return same(json_at(old, "subsets", NULL),
		   json_at(new, "subsets", NULL)) &&
	       same(json_at(old, "metadata", "labels", NULL),
		   json_at(new, "metadata", "labels", NULL));
}

/* The Service is gone, and so is its Endpoints object. */
static void
clean(struct control *c, struct work *w)
{
	const cJSON *old = control_get(c, ENDPOINTS, w->ns, w->name);

	if (old != NULL && !meta_dying(old) &&
	    control_get(c, SERVICES, w->ns, w->name) == NULL)
		act_delete(c, w, ENDPOINTS, old);
}

static void
reconcile(struct control *c, struct work *w)
{
	const cJSON *service = control_get(c, SERVICES, w->ns, w->name);
	const cJSON *old = control_get(c, ENDPOINTS, w->ns, w->name);
	const cJSON *selector = json_at(service, "spec", "selector", NULL);
	struct act put = { .method = "PUT",
		.resource = ENDPOINTS,
		.ns = w->ns,
		.name = w->name };
	struct objects pods = { 0 };
	cJSON *subsets, *o = NULL;

	if (service == NULL) {
		clean(c, w);
		return;
	}
	/* without a selector the object is the user's */
	if (selector == NULL || selector->child == NULL ||
	    meta_dying(service) || !control_ns_open(c, w->ns))
		return;
	if (control_list(c, PODS, w->ns, is_selected, service, &pods) == 0) {
		subsets = endpoints_build(service, pods.v, pods.n);
		if (subsets != NULL)
			o = build(service, old, subsets);
	}
	objects_release(&pods);
	put.body = o;
	if (o != NULL && old == NULL)
		act_create(c, w, ENDPOINTS, o);
	else if (o != NULL && !is_same(old, o))
		act(c, w, &put);
	cJSON_Delete(o);
}

const struct controller endpoints_controller = { "endpoint", event, reconcile };
