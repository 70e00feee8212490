/*
 * delete and deletecollection.  What has a grace period or finalizers is
 * only marked; noded, controllerd or the last finalizer's owner finish it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "k8s-apid/auth.h"
#include "k8s-apid/object.h"
#include "k8s-apid/select.h"
#include "k8s-apid/service_ips.h"
#include "k8s-apid/verbs.h"
#include "lib/clock.h"
#include "lib/opt.h"

#define POD_GRACE 30 /* seconds, when the pod does not say */

/* How long the kind lets its objects go on, in seconds; -1: no such thing. */
static double
grace_period(const struct type *t, const cJSON *v, const cJSON *options)
{
	const char *phase = json_str(v, "status", "phase", NULL);
	const char *node = json_str(v, "spec", "nodeName", NULL);
	double grace;

	if (strcmp(t->kind, "Pod") != 0)
		return -1;
	grace = json_num(options, "gracePeriodSeconds",
	    json_num(json_at(v, "spec", NULL), "terminationGracePeriodSeconds",
		POD_GRACE));
	if (node == NULL || node[0] == '\0' ||
	    (phase != NULL && (strcmp(phase, "Succeeded") == 0 ||
				  strcmp(phase, "Failed") == 0)))
		return 0;
	return grace > 0 ? grace : 0;
}

static int
is_namespace(const struct type *t)
{
	return strcmp(t->plural, "namespaces") == 0;
}

/* Their end would leave the cluster without what server_boot made. */
static int
is_needed(const char *namespace)
{
	return strcmp(namespace, "default") == 0 ||
	       strcmp(namespace, "kube-system") == 0;
}

/* Preconditions guard against deleting a namesake that came later. */
static int
check_options(const struct type *t, const cJSON *v, const cJSON *options,
    struct status *st)
{
	const cJSON *want = json_at(options, "preconditions", NULL);
	const char *uid = json_str(want, "uid", NULL);
	const char *rv = json_str(want, "resourceVersion", NULL);
	const char *name = json_str(v, "metadata", "name", NULL);
	const char *is = json_str(v, "metadata", "uid", NULL);
	char why[256];

	if (is_namespace(t) && is_needed(name))
		return status_forbidden(
		    st, t, name, "this namespace may not be deleted");
	if (uid != NULL && strcmp(uid, is) != 0) {
		snprintf(why, sizeof why,
		    "the UID in the precondition (%s) does not match the UID "
		    "in record (%s). The object might have been deleted and "
		    "then recreated",
		    uid, is);
		return status_conflict(st, t, name, why);
	}
	is = json_str(v, "metadata", "resourceVersion", NULL);
	if (rv != NULL && strcmp(rv, is) != 0) {
		snprintf(why, sizeof why,
		    "Precondition failed: ResourceVersion in precondition: "
		    "%s, ResourceVersion in object meta: %s",
		    rv, is);
		return status_conflict(st, t, name, why);
	}
	return 0;
}

static int
add_finalizer(cJSON *meta, const char *name)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(meta, "finalizers");
	cJSON *s;

	if (!cJSON_IsArray(list)) {
		list = cJSON_CreateArray();
		if (json_set(meta, "finalizers", list) != 0)
			return -1;
	}
	cJSON_ArrayForEach(s, list) {
		if (cJSON_IsString(s) && strcmp(s->valuestring, name) == 0)
			return 0;
	}
	return cJSON_AddItemToArray(list, cJSON_CreateString(name)) ? 0 : -1;
}

/* Finalizers hand the work to the garbage collector of k8s-controllerd. */
static int
propagate(const cJSON *options, cJSON *meta, struct status *st)
{
	const char *how = json_str(options, "propagationPolicy", NULL);
	int rc = 0;

	if (how == NULL)
		how = json_bool(options, "orphanDependents", 0) ? "Orphan" :
								  "Background";
	if (strcmp(how, "Foreground") == 0)
		rc = add_finalizer(meta, "foregroundDeletion");
	else if (strcmp(how, "Orphan") == 0)
		rc = add_finalizer(meta, "orphan");
	return rc == 0 ? 0 : status_nomem(st);
}

/* 1 when something keeps the object although it is to be deleted. */
static int
is_kept(const struct type *t, const cJSON *v, double grace)
{
	return grace > 0 ||
	       cJSON_GetArraySize(json_at(v, "metadata", "finalizers", NULL)) >
		   0 ||
	       (is_namespace(t) && cJSON_GetArraySize(json_at(
				       v, "spec", "finalizers", NULL)) > 0);
}

/* Marks v as dying, or shortens the time it has.  0 or -1. */
static int
mark(const struct type *t, cJSON *v, double grace)
{
	cJSON *meta = json_sub(v, "metadata");
	char ts[CLOCK_TS_SIZE];
	struct timespec now;
	double was = json_num(meta, "deletionGracePeriodSeconds", -1);

	if (grace < 0)
		grace = 0;
	if (object_dying(v) && (was < 0 || grace >= was))
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += (time_t)grace;
	if (json_set_str(
		meta, "deletionTimestamp", clock_format(ts, &now, 1)) != 0 ||
	    json_set_num(meta, "deletionGracePeriodSeconds", grace) != 0)
		return -1;
	if (object_counts_generation(t) &&
	    json_set_num(
		meta, "generation", json_num(meta, "generation", 0) + 1) != 0)
		return -1;
	if (is_namespace(t))
		return json_set_str(
		    json_sub(v, "status"), "phase", "Terminating");
	return 0;
}

/* What else knows of the object: its address, its tokens. */
static void
forget(struct apid *a, const struct type *t, const cJSON *v)
{
	const char *ns = json_str(v, "metadata", "namespace", NULL);
	const char *name = json_str(v, "metadata", "name", NULL);

	service_ips_release(a, t, v);
	if (strcmp(t->kind, "ServiceAccount") == 0)
		auth_revoke(a->auth, ns, name);
}

/* Marking and removing are writes like others: watches see both. */
int
delete_object(struct apid *a, const struct type *t, const char *key,
    const cJSON *options, struct object **out, int *gone, struct status *st)
{
	struct object *o = store_get(a->store, type_index(t), key);
	double grace;
	struct fault f;
	cJSON *v;

	*gone = 0;
	if (check_options(t, object_value(o), options, st) != 0)
		return -1;
	v = cJSON_Duplicate(object_value(o), 1);
	if (v == NULL)
		return status_nomem(st);
	grace = grace_period(t, v, options);
	if (propagate(options, json_sub(v, "metadata"), st) != 0)
		goto fail;
	if (!is_kept(t, v, grace)) {
		*gone = 1;
		forget(a, t, v);
		cJSON_Delete(v);
		if (store_delete(a->store, type_index(t), key, out, &f) != 0)
			return status_fault(st, &f);
		return 0;
	}
	if (mark(t, v, grace) != 0) {
		status_nomem(st);
		goto fail;
	}
	if (json_equal(object_value(o), v)) {
		cJSON_Delete(v);
		*out = object_hold(o);
		return 0;
	}
	*out = store_put(a->store, type_index(t), key, v, &f);
	if (*out == NULL)
		return status_fault(st, &f);
	object_hold(*out);
	return 0;
fail:
	cJSON_Delete(v);
	return -1;
}

static int
check_policy(const cJSON *options, struct status *st)
{
	static const struct type options_type = { .group = "meta.k8s.io",
		.kind = "DeleteOptions" };
	const cJSON *how = json_at(options, "propagationPolicy", NULL);
	const char *s = cJSON_GetStringValue(how);
	struct causes c;

	if (how == NULL || (s != NULL && (strcmp(s, "Foreground") == 0 ||
					     strcmp(s, "Background") == 0 ||
					     strcmp(s, "Orphan") == 0)))
		return 0;
	causes_init(&c);
	cause_unsupported(&c, "propagationPolicy", how,
	    "\"Foreground\", \"Background\", \"Orphan\", \"nil\"");
	return status_invalid(st, &options_type, "", &c);
}

/* DeleteOptions from the body, with the query's parameters over them. */
static int
read_options(struct request *rq, cJSON **options, struct status *st)
{
	const char *grace = httpd_query(rq->http, "gracePeriodSeconds");
	const char *how = httpd_query(rq->http, "propagationPolicy");
	long long n;
	struct fault f;

	if (request_body(rq, 1, options, st) != 0)
		return -1;
	if (*options == NULL)
		*options = cJSON_CreateObject();
	if (*options == NULL)
		return status_nomem(st);
	object_strip_nulls(*options);
	if (grace != NULL) {
		if (opt_number(
			"gracePeriodSeconds", grace, 0, INT32_MAX, &n, &f) != 0)
			return status_fault(st, &f);
		json_set_num(*options, "gracePeriodSeconds", (double)n);
	}
	if (how != NULL)
		json_set_str(*options, "propagationPolicy", how);
	return check_policy(*options, st);
}

static int
is_dry(const struct request *rq, const cJSON *options)
{
	return httpd_query(rq->http, "dryRun") != NULL ||
	       cJSON_GetArraySize(json_at(options, "dryRun", NULL)) > 0;
}

/* What a real server answers when an object is gone at once. */
static void
respond_gone(struct request *rq, const cJSON *v)
{
	struct status st = { .code = 200 };

	st.details = cJSON_CreateObject();
	json_set_str(st.details, "name", json_str(v, "metadata", "name", NULL));
	if (rq->type->group[0] != '\0')
		json_set_str(st.details, "group", rq->type->group);
	json_set_str(st.details, "kind", rq->type->plural);
	json_set_str(st.details, "uid", json_str(v, "metadata", "uid", NULL));
	respond_status(rq, &st);
	status_release(&st);
}

/*
 * A pod that is gone at once is shown as it was, as on a real server; other
 * kinds answer with a Status.
 */
void
verb_delete(struct request *rq)
{
	const struct type *t = type_storage(rq->type);
	struct object *o = NULL, *live;
	struct status st = { 0 };
	cJSON *options = NULL;
	int gone = 0, rc;

	rc = read_options(rq, &options, &st);
	live = rc == 0 ? request_object(rq, &st) : NULL;
	if (live == NULL)
		rc = -1;
	else if (is_dry(rq, options))
		rc = check_options(t, object_value(live), options, &st);
	else
		rc =
		    delete_object(rq->a, t, live->key, options, &o, &gone, &st);
	if (rc != 0)
		respond_status(rq, &st);
	else if (o == NULL)
		respond_object(rq, 200, live);
	else if (gone && strcmp(t->kind, "Pod") != 0)
		respond_gone(rq, object_value(o));
	else
		respond_object(rq, 200, o);
	object_drop(o);
	cJSON_Delete(options);
	status_release(&st);
}

/* References to all that the request selects, NULL-ended; the caller's. */
static struct object **
select_all(struct request *rq, struct status *st)
{
	const char *ns = rq->path.ns[0] != '\0' ? rq->path.ns : NULL;
	struct selector *labels, *fields = NULL;
	struct object *const *v, **out = NULL;
	size_t n, i, used = 0;
	struct fault f;

	labels = selector_labels(httpd_query(rq->http, "labelSelector"), &f);
	if (labels != NULL)
		fields = selector_fields(
		    rq->type->kind, httpd_query(rq->http, "fieldSelector"), &f);
	if (fields == NULL) {
		status_fault(st, &f);
		goto out;
	}
	n = store_list(
	    rq->a->store, type_index(type_storage(rq->type)), ns, NULL, &v);
	out = calloc(n + 1, sizeof *out);
	if (out == NULL)
		status_nomem(st);
	for (i = 0; out != NULL && i < n; i++)
		if (selector_match(labels, object_value(v[i])) &&
		    selector_match(fields, object_value(v[i])))
			out[used++] = object_hold(v[i]);
out:
	selector_free(labels);
	selector_free(fields);
	return out;
}

/* References are taken first: deleting changes the list walked over. */
void
verb_delete_collection(struct request *rq)
{
	const struct type *t = type_storage(rq->type);
	struct object **all = NULL, **p, *o;
	struct status st = { 0 };
	cJSON *options = NULL, *list = NULL, *items;
	char version[160];
	int rc, gone;

	rc = read_options(rq, &options, &st);
	if (rc == 0 && (all = select_all(rq, &st)) == NULL)
		rc = -1;
	list = cJSON_CreateObject();
	items = cJSON_CreateArray();
	if (rc == 0 && !is_dry(rq, options))
		for (p = all; rc == 0 && *p != NULL; p++) {
			o = NULL;
			rc = delete_object(
			    rq->a, t, (*p)->key, options, &o, &gone, &st);
			if (rc == 0)
				cJSON_AddItemToArray(
				    items, cJSON_Duplicate(object_value(o), 1));
			object_drop(o);
		}
	if (rc == 0) {
		snprintf(version, sizeof version, "%sList", t->kind);
		json_set_str(list, "kind", version);
		json_set_str(list, "apiVersion",
		    type_api_version(t, version, sizeof version));
		json_set(list, "metadata", cJSON_CreateObject());
		json_set(list, "items", items);
		items = NULL;
		respond_json(rq, 200, list);
	} else
		respond_status(rq, &st);
	for (p = all; p != NULL && *p != NULL; p++)
		object_drop(*p);
	free(all);
	cJSON_Delete(items);
	cJSON_Delete(list);
	cJSON_Delete(options);
	status_release(&st);
}
