/*
 * What every namespace has from the start: the ServiceAccount `default` and
 * the ConfigMap kube-root-ca.crt, by which pods know the API server.
 */
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/meta.h"

#define ROOT_CA "kube-root-ca.crt"

static void
event(struct control *c, const struct change *ch)
{
	const char *name = meta_name(ch->object);

	if (ch->resource == NAMESPACES && ch->event != KUBE_DELETED)
		work_add(c, &serviceaccount_controller, NAMESPACES, "", name);
	else if ((ch->resource == SERVICEACCOUNTS &&
		     strcmp(name, "default") == 0) ||
		 (ch->resource == CONFIGMAPS && strcmp(name, ROOT_CA) == 0))
		work_add(c, &serviceaccount_controller, NAMESPACES, "",
		    meta_ns(ch->object));
}

/* An object of kind with a name in the key's namespace, or NULL. */
static cJSON *
named(const struct work *w, enum resource r, const char *name)
{
	cJSON *o = cJSON_CreateObject(), *meta = json_sub(o, "metadata");

	if (json_set_str(o, "apiVersion", resources[r].api_version) == 0 &&
	    json_set_str(o, "kind", resources[r].kind) == 0 &&
	    json_set_str(meta, "name", name) == 0 &&
	    json_set_str(meta, "namespace", w->name) == 0)
		return o;
	cJSON_Delete(o);
	return NULL;
}

static void
keep_account(struct control *c, struct work *w)
{
	cJSON *o;

	if (control_get(c, SERVICEACCOUNTS, w->name, "default") != NULL)
		return;
	o = named(w, SERVICEACCOUNTS, "default");
	if (o != NULL)
		act_create(c, w, SERVICEACCOUNTS, o);
	cJSON_Delete(o);
}

static void
keep_root_ca(struct control *c, struct work *w)
{
	const cJSON *have = control_get(c, CONFIGMAPS, w->name, ROOT_CA);
	const char *ca = json_str(have, "data", "ca.crt", NULL);
	struct act a = { .method = "PATCH",
		.resource = CONFIGMAPS,
		.ns = w->name,
		.name = ROOT_CA };
	cJSON *o;

	if (c->ca == NULL || (ca != NULL && strcmp(ca, c->ca) == 0))
		return;
	o = named(w, CONFIGMAPS, ROOT_CA);
	if (o != NULL &&
	    json_set_str(json_sub(o, "data"), "ca.crt", c->ca) == 0) {
		a.body = o;
		if (have == NULL)
			act_create(c, w, CONFIGMAPS, o);
		else
			act(c, w, &a);
	}
	cJSON_Delete(o);
}

static void
reconcile(struct control *c, struct work *w)
{
	if (!control_ns_open(c, w->name))
		return;
	keep_account(c, w);
	keep_root_ca(c, w);
}

const struct controller serviceaccount_controller = { "serviceaccount", event,
	reconcile };
