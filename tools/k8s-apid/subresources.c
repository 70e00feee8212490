/*
 * Subresources and reviews: see subresources.h.  Each is made from the whole
 * object and written back to it by the same way as any other write.
 */
#include "k8s-apid/subresources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "k8s-apid/access.h"
#include "k8s-apid/kubelet.h"
#include "k8s-apid/object.h"
#include "k8s-apid/portforward.h"
#include "k8s-apid/scale.h"
#include "k8s-apid/verbs.h"
#include "k8s-apid/write.h"
#include "lib/clock.h"

#define TOKEN_SECONDS 3600  /* when a TokenRequest does not say */
#define TOKEN_SHORTEST 600  /* as kube-apiserver */
#define TOKEN_LONGEST 86400 /* longer requests get this */

static void
respond_success(struct request *rq, int code)
{
	struct status st = { .code = code };

	respond_status(rq, &st);
}

static void
finish(struct request *rq, int rc, int code, struct status *st)
{
	if (rc == 0)
		respond_success(rq, code);
	else
		respond_status(rq, st);
	status_release(st);
}

/* ---- pods/binding ---- */

/* The transition is now: a pod is scheduled once. */
static int
set_condition(cJSON *v, const char *type, const char *status)
{
	cJSON *list = json_at(v, "status", "conditions", NULL), *c;
	char ts[CLOCK_TS_SIZE];
	struct timespec now;

	if (list == NULL)
		list =
		    cJSON_AddArrayToObject(json_sub(v, "status"), "conditions");
	c = json_find(list, "type", type);
	if (c == NULL) {
		c = cJSON_CreateObject();
		if (c == NULL || json_set_str(c, "type", type) != 0 ||
		    !cJSON_AddItemToArray(list, c)) {
			cJSON_Delete(c);
			return -1;
		}
	}
	clock_gettime(CLOCK_REALTIME, &now);
	cJSON_DeleteItemFromObjectCaseSensitive(c, "reason");
	cJSON_DeleteItemFromObjectCaseSensitive(c, "message");
	if (json_set_str(c, "status", status) != 0 ||
	    json_set_str(c, "lastTransitionTime", clock_format(ts, &now, 1)) !=
		0)
		return -1;
	return json_set(c, "lastProbeTime", cJSON_CreateNull());
}

/* Two schedulers may race: the second is told, and its pod is left alone. */
static int
bind_pod(struct request *rq, const cJSON *body, struct status *st)
{
	const char *node = json_str(body, "target", "name", NULL);
	struct object *old = request_object(rq, st), *o;
	const char *is, *is_named;
	struct write w;
	char why[600];
	cJSON *v;

	if (old == NULL)
		return -1;
	is = json_str(object_value(old), "spec", "nodeName", NULL);
	is_named = json_str(body, "metadata", "name", NULL);
	if (is_named != NULL && strcmp(is_named, rq->path.name) != 0)
		return status_bad_request(
		    st, "name in URL does not match name in Binding object");
	if (node == NULL || node[0] == '\0')
		return status_bad_request(st, "target.name: Required value");
	if (is != NULL && is[0] != '\0') {
		snprintf(why, sizeof why,
		    "pod %s is already assigned to node \"%s\"", rq->path.name,
		    is);
		return status_conflict(st, rq->type, rq->path.name, why);
	}
	if (object_dying(object_value(old))) {
		snprintf(why, sizeof why,
		    "pod %s is being deleted, cannot be assigned to a host",
		    rq->path.name);
		return status_conflict(st, rq->type, rq->path.name, why);
	}
	v = cJSON_Duplicate(object_value(old), 1);
	if (v == NULL ||
	    json_set_str(json_sub(v, "spec"), "nodeName", node) != 0 ||
	    set_condition(v, "PodScheduled", "True") != 0) {
		cJSON_Delete(v);
		return status_nomem(st);
	}
	write_init(&w, rq);
	if (write_update(&w, old, v, &o, st) != 0)
		return -1;
	object_drop(o);
	return 0;
}

/* ---- pods/eviction ---- */

/* There are no disruption budgets to ask: an eviction is a deletion. */
static int
evict(struct request *rq, const cJSON *body, struct status *st)
{
	struct object *o = request_object(rq, st), *out = NULL;
	int gone;

	if (o == NULL)
		return -1;
	if (delete_object(rq->a, rq->type, o->key,
		json_at(body, "deleteOptions", NULL), &out, &gone, st) != 0)
		return -1;
	object_drop(out);
	return 0;
}

/* ---- namespaces/finalize ---- */

/* An empty list from the controller lets a dying namespace go. */
static void
finalize(struct request *rq)
{
	struct status st = { 0 };
	struct object *old, *o = NULL;
	cJSON *body = NULL, *v = NULL, *list;
	struct write w;
	int rc = request_body(rq, 0, &body, &st), gone;

	old = rc == 0 ? request_object(rq, &st) : NULL;
	if (old == NULL)
		goto fail;
	v = cJSON_Duplicate(object_value(old), 1);
	list = cJSON_Duplicate(json_at(body, "spec", "finalizers", NULL), 1);
	if (list == NULL)
		list = cJSON_CreateArray();
	if (v == NULL || json_set(json_sub(v, "spec"), "finalizers", list)) {
		cJSON_Delete(v);
		status_nomem(&st);
		goto fail;
	}
	write_init(&w, rq);
	if (write_update(&w, old, v, &o, &st) != 0)
		goto fail;
	if (object_dying(object_value(o))) {
		struct object *now = o;

		o = NULL;
		rc = delete_object(
		    rq->a, rq->type, now->key, NULL, &o, &gone, &st);
		object_drop(now);
		if (rc != 0)
			goto fail;
	}
	respond_object(rq, 200, o);
	object_drop(o);
	cJSON_Delete(body);
	return;
fail:
	cJSON_Delete(body);
	respond_status(rq, &st);
	status_release(&st);
}

/* ---- serviceaccounts/token ---- */

static int
refuse_seconds(double seconds, struct status *st)
{
	static const struct type token_type = {
		.group = "authentication.k8s.io", .kind = "TokenRequest"
	};
	cJSON *value = cJSON_CreateNumber(seconds);
	struct causes c;

	causes_init(&c);
	cause_invalid(&c, "spec.expirationSeconds", value,
	    "may not specify a duration less than 10 minutes");
	cJSON_Delete(value);
	return status_invalid(st, &token_type, "", &c);
}

/* Longer than a day is cut, not refused: kubelets ask for what they like. */
static int
issue(struct request *rq, cJSON *body, const cJSON *account, struct status *st)
{
	double seconds = json_num(
	    json_at(body, "spec", NULL), "expirationSeconds", TOKEN_SECONDS);
	char ts[CLOCK_TS_SIZE], *token;
	struct timespec until;
	struct fault f;
	cJSON *out;
	int rc;

	if (seconds < TOKEN_SHORTEST)
		return refuse_seconds(seconds, st);
	if (seconds > TOKEN_LONGEST)
		seconds = TOKEN_LONGEST;
	token = auth_issue(rq->a->auth, rq->path.ns, rq->path.name,
	    json_str(account, "metadata", "uid", NULL), seconds, &f);
	if (token == NULL)
		return status_fault(st, &f);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)seconds;
	out = json_sub(body, "status");
	rc =
	    json_set_num(json_sub(body, "spec"), "expirationSeconds", seconds) |
	    json_set_str(out, "token", token) |
	    json_set_str(
		out, "expirationTimestamp", clock_format(ts, &until, 1));
	explicit_bzero(token, strlen(token));
	free(token);
	return rc == 0 ? 0 : status_nomem(st);
}

static void
token_request(struct request *rq)
{
	struct status st = { 0 };
	struct object *o;
	cJSON *body = NULL;
	int rc = request_body(rq, 0, &body, &st);

	o = rc == 0 ? request_object(rq, &st) : NULL;
	if (o == NULL || issue(rq, body, object_value(o), &st) != 0)
		respond_status(rq, &st);
	else {
		json_set_str(body, "kind", "TokenRequest");
		json_set_str(body, "apiVersion", "authentication.k8s.io/v1");
		json_set_str(json_sub(body, "metadata"), "name", rq->path.name);
		json_set_str(
		    json_sub(body, "metadata"), "namespace", rq->path.ns);
		respond_json(rq, 201, body);
	}
	cJSON_Delete(body);
	status_release(&st);
}

/* ---- reviews ---- */

/* For kubectl auth whoami. */
static cJSON *
user_info(const struct auth_user *u)
{
	cJSON *v = cJSON_CreateObject(), *groups;
	char **g;

	json_set_str(v, "username", u->name);
	json_set_str(v, "uid", u->uid);
	groups = cJSON_AddArrayToObject(v, "groups");
	for (g = u->groups; *g != NULL; g++)
		cJSON_AddItemToArray(groups, cJSON_CreateString(*g));
	return v;
}

void
review_create(struct request *rq)
{
	struct status st = { 0 };
	char version[160];
	cJSON *v = NULL;
	int rc = request_body(rq, 0, &v, &st);

	if (rc == 0 && !cJSON_IsObject(v))
		rc = status_bad_request(&st, "the body is not an object");
	if (rc == 0 && strcmp(rq->type->kind, "SelfSubjectReview") == 0)
		json_set(
		    json_sub(v, "status"), "userInfo", user_info(rq->user));
	else if (rc == 0 &&
		 strcmp(rq->type->kind, "SelfSubjectRulesReview") == 0)
		rc = access_rules_review(rq, v, &st);
	else if (rc == 0)
		rc = access_review(rq, v, &st);
	if (rc == 0) {
		json_set_str(v, "kind", rq->type->kind);
		json_set_str(v, "apiVersion",
		    type_api_version(rq->type, version, sizeof version));
		respond_json(rq, 201, v);
	} else
		respond_status(rq, &st);
	cJSON_Delete(v);
	status_release(&st);
}

/* ---- all of them ---- */

static void
post_pod(struct request *rq,
    int (*fn)(struct request *, const cJSON *, struct status *))
{
	struct status st = { 0 };
	cJSON *body = NULL;
	int rc = request_body(rq, 0, &body, &st);

	if (rc == 0)
		rc = fn(rq, body, &st);
	cJSON_Delete(body);
	finish(rq, rc, 201, &st);
}

int
subresource(struct request *rq, enum type_sub sub)
{
	int get = strcmp(rq->method, "GET") == 0;
	int post = strcmp(rq->method, "POST") == 0;

	if (sub == SUB_SCALE)
		return scale(rq);
	if (sub == SUB_LOG && get)
		kubelet_log(rq);
	else if (sub == SUB_PROXY && get)
		kubelet_proxy(rq);
	else if (sub == SUB_PORTFORWARD && (get || post))
		portforward(rq);
	else if (sub == SUB_BINDING && post)
		post_pod(rq, bind_pod);
	else if (sub == SUB_EVICTION && post)
		post_pod(rq, evict);
	else if (sub == SUB_TOKEN && post)
		token_request(rq);
	else if (sub == SUB_FINALIZE && strcmp(rq->method, "PUT") == 0)
		finalize(rq);
	else
		return 0;
	return 1;
}
