/*
 * Writes: see write.h.
 */
#include "k8s-apid/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/access_grant.h"
#include "k8s-apid/admission.h"
#include "k8s-apid/apply.h"
#include "k8s-apid/defaults.h"
#include "k8s-apid/object.h"
#include "k8s-apid/service_ips.h"
#include "k8s-apid/validate.h"

/* dryRun has one value; others are no dry run. */
void
write_init(struct write *w, const struct request *rq)
{
	const char *dry = httpd_query(rq->http, "dryRun");

	*w = (struct write){
		.a = rq->a,
		.type = type_storage(rq->type),
		.sub = rq->path.sub,
		.manager = httpd_query(rq->http, "fieldManager"),
		.user_agent = httpd_header(rq->http, "User-Agent"),
		.user = rq->user,
		.dry_run = dry != NULL && strcmp(dry, "All") == 0,
	};
}

/* New content needs a namespace that exists and is not on its way out. */
static int
check_namespace(struct write *w, const cJSON *v, struct status *st)
{
	const char *ns = json_str(v, "metadata", "namespace", NULL);
	const struct type *t = type_named("", "namespaces");
	struct object *o;
	char why[512];
	cJSON *causes, *cause;

	if (!w->type->namespaced)
		return 0;
	o = store_get(w->a->store, type_index(t), ns);
	if (o == NULL)
		return status_not_found(st, t, ns);
	if (!object_dying(object_value(o)))
		return 0;
	snprintf(why, sizeof why,
	    "unable to create new content in namespace %s because it is "
	    "being terminated",
	    ns);
	status_forbidden(
	    st, w->type, json_str(v, "metadata", "name", NULL), why);
	snprintf(why, sizeof why, "namespace %s is being terminated", ns);
	causes = cJSON_AddArrayToObject(st->details, "causes");
	cause = cJSON_CreateObject();
	if (cause != NULL && causes != NULL) {
		json_set_str(cause, "reason", "NamespaceTerminating");
		json_set_str(cause, "message", why);
		json_set_str(cause, "field", "metadata.namespace");
		cJSON_AddItemToArray(causes, cause);
	} else
		cJSON_Delete(cause);
	return -1;
}

/* Server-side apply has decided on ownership already. */
static int
track(struct write *w, const cJSON *live, cJSON *v, struct status *st)
{
	char version[160];
	struct apply_request ar = {
		.manager = w->manager,
		.user_agent = w->user_agent,
		.subresource = w->sub[0] != '\0' ? w->sub : NULL,
		.api_version =
		    type_api_version(w->type, version, sizeof version),
		.kind = w->type->kind,
	};
	struct fault f;

	if (w->applied)
		return 0;
	if (apply_track(&ar, live, v, &f) != 0)
		return status_fault(st, &f);
	return 0;
}

/* A version that is shown but not stored. */
static struct object *
shown(cJSON *v, struct status *st)
{
	struct object *o = calloc(1, sizeof *o);

	if (o == NULL) {
		cJSON_Delete(v);
		status_nomem(st);
		return NULL;
	}
	o->refs = 1;
	o->value = v;
	return o;
}

/* The caller holds the new version: an answer may outlive it. */
static int
put(struct write *w, const char *key, cJSON *v, struct object **out,
    struct status *st)
{
	struct fault f;

	if (w->dry_run) {
		*out = shown(v, st);
		return *out != NULL ? 0 : -1;
	}
	*out = store_put(w->a->store, type_index(w->type), key, v, &f);
	if (*out == NULL)
		return status_fault(st, &f);
	object_hold(*out);
	return 0;
}

static int
key_of(const cJSON *v, char *key, size_t size, struct status *st)
{
	if (store_key(json_str(v, "metadata", "namespace", NULL),
		json_str(v, "metadata", "name", NULL), key, size) != 0)
		return status_bad_request(st, "name too long");
	return 0;
}

/* The cluster IP comes last: who creates a Service does not own it. */
int
write_create(struct write *w, cJSON *v, struct object **out, struct status *st)
{
	const char *name = json_str(v, "metadata", "name", NULL);
	char key[2 * PATH_NAME];

	object_strip_nulls(v);
	object_strip_empty(v);
	if (check_namespace(w, v, st) != 0 ||
	    key_of(v, key, sizeof key, st) != 0)
		goto fail;
	if (store_get(w->a->store, type_index(w->type), key) != NULL) {
		status_exists(st, w->type, name);
		goto fail;
	}
	if (object_born(w->type, v, st) != 0 ||
	    defaults_create(w->type, v, st) != 0 ||
	    admission_create(w->a, w->type, v, st) != 0 ||
	    access_grant(w->a->store, w->user, w->type, NULL, v, st) != 0 ||
	    validate(w->type, NULL, v, st) != 0 ||
	    admission_store(w->a, w->type, NULL, v, st) != 0 ||
	    track(w, NULL, v, st) != 0 ||
	    service_ips_assign(w->a, w->type, NULL, v, w->dry_run, st) != 0)
		goto fail;
	return put(w, key, v, out, st);
fail:
	cJSON_Delete(v);
	return -1;
}

/* Removes what only its finalizers have kept. */
static int
finish_delete(
    struct write *w, const char *key, struct object **out, struct status *st)
{
	struct fault f;

	service_ips_release(w->a, w->type,
	    object_value(store_get(w->a->store, type_index(w->type), key)));
	if (store_delete(w->a->store, type_index(w->type), key, out, &f) != 0)
		return status_fault(st, &f);
	return 0;
}

/* Namespaces end by their own subresource, pods by their node. */
static int
is_finished(const struct write *w, const cJSON *v)
{
	return object_dying(v) && strcmp(w->type->plural, "namespaces") != 0 &&
	       cJSON_GetArraySize(json_at(v, "metadata", "finalizers", NULL)) ==
		   0 &&
	       json_num(json_at(v, "metadata", NULL),
		   "deletionGracePeriodSeconds", 0) == 0;
}

/*
 * Defaults come before ownership, so that what a writer leaves out counts as
 * set to its default, not as removed.
 */
int
write_update(struct write *w, struct object *old, cJSON *v, struct object **out,
    struct status *st)
{
	const cJSON *was = object_value(old);
	char key[2 * PATH_NAME];

	object_strip_nulls(v);
	object_strip_empty(v);
	if (key_of(v, key, sizeof key, st) != 0 ||
	    object_carry(w->type, w->sub, was, v, st) != 0 ||
	    defaults_update(w->type, was, v, st) != 0 ||
	    access_grant(w->a->store, w->user, w->type, was, v, st) != 0 ||
	    validate(w->type, was, v, st) != 0 ||
	    (w->sub[0] == '\0' &&
		admission_store(w->a, w->type, was, v, st) != 0) ||
	    service_ips_assign(w->a, w->type, was, v, w->dry_run, st) != 0 ||
	    track(w, was, v, st) != 0)
		goto fail;
	if (apply_same(was, v)) {
		cJSON_Delete(v);
		*out = object_hold(old);
		return 0;
	}
	if (is_finished(w, v) && !w->dry_run) {
		cJSON_Delete(v);
		return finish_delete(w, key, out, st);
	}
	return put(w, key, v, out, st);
fail:
	cJSON_Delete(v);
	return -1;
}

/* By the same way as a client would, so that defaults are there too. */
int
write_own(struct apid *a, const struct type *t, const char *ns,
    const char *text, struct status *st)
{
	struct write w = {
		.a = a, .type = t, .sub = "", .manager = "k8s-apid"
	};
	struct object *o;
	struct fault f;
	cJSON *v = json_parse(text, strlen(text), &f);

	if (v == NULL)
		return status_fault(st, &f);
	if (object_identify(t, ns, NULL, v, st) != 0) {
		cJSON_Delete(v);
		return -1;
	}
	if (write_create(&w, v, &o, st) != 0)
		return -1;
	object_drop(o);
	return 0;
}
