/*
 * create, update and patch: what was sent becomes an object, which write.h
 * completes and stores.
 */
#include <stdio.h>
#include <string.h>

#include "k8s-apid/access.h"
#include "k8s-apid/apply.h"
#include "k8s-apid/model.h"
#include "k8s-apid/object.h"
#include "k8s-apid/patch.h"
#include "k8s-apid/verbs.h"
#include "k8s-apid/views.h"
#include "k8s-apid/write.h"

/* Where all writes end: the object as stored, or why not. */
static void
answer(
    struct request *rq, int rc, int code, struct object *o, struct status *st)
{
	if (rc == 0)
		respond_object(rq, code, o);
	else
		respond_status(rq, st);
	if (rc == 0)
		object_drop(o);
	status_release(st);
}

enum patch_kind {
	PATCH_NONE,
	PATCH_JSON,
	PATCH_MERGE,
	PATCH_STRATEGIC,
	PATCH_APPLY
};

static enum patch_kind
patch_kind(const struct request *rq)
{
	static const char *const names[] = {
		[PATCH_JSON] = "application/json-patch+json",
		[PATCH_MERGE] = "application/merge-patch+json",
		[PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
		[PATCH_APPLY] = "application/apply-patch+yaml",
	};
	const char *s = httpd_header(rq->http, "Content-Type");
	size_t n = s != NULL ? strcspn(s, "; ") : 0, i;

	for (i = 1; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == n && strncmp(s, names[i], n) == 0)
			return (enum patch_kind)i;
	return PATCH_NONE;
}

/* Refuses or warns of members that the kind does not have. */
static int
tell_unknown(struct request *rq, const char *list, struct status *st)
{
	const char *how = httpd_query(rq->http, "fieldValidation"), *s;
	char warning[512];
	struct buf b;
	size_t n;
	/* server-side apply never takes what the schema does not have */
	int strict =
	    strcmp(rq->method, "PATCH") == 0 && patch_kind(rq) == PATCH_APPLY;

	if (how != NULL && strcmp(how, "Strict") == 0)
		strict = 1;

	if (how != NULL && strcmp(how, "Ignore") == 0)
		return 0;
	buf_init(&b, 16384);
	for (s = list; *s != '\0'; s += n + 1) {
		n = strcspn(s, "\n");
		buf_addf(&b, "%sunknown field \"%.*s\"", s == list ? "" : ", ",
		    (int)n, s);
		snprintf(warning, sizeof warning,
		    "299 - \"unknown field \\\"%.*s\\\"\"", (int)n, s);
		if (!strict)
			httpd_add_header(rq->http, "Warning", warning);
	}
	if (strict)
		status_bad_request(st,
		    "%s in version \"%s\" cannot be handled as a %s: strict "
		    "decoding error: %s",
		    rq->type->kind, rq->type->version, rq->type->kind,
		    buf_str(&b));
	buf_release(&b);
	return strict ? -1 : 0;
}

/*
 * Identifies v as the request's kind, then as the kind that is stored, and
 * holds it against its model.
 */
static int
identify(struct request *rq, cJSON *v, struct status *st)
{
	const char *name = rq->path.name[0] != '\0' ? rq->path.name : NULL;
	struct buf unknown;
	int rc;

	object_strip_nulls(v);
	if (object_identify(rq->type, rq->path.ns, name, v, st) != 0)
		return -1;
	if (rq->type->how == TYPE_EVENTS && views_core_event(v) != 0)
		return status_nomem(st);
	buf_init(&unknown, 8192);
	rc = model_check(type_storage(rq->type), v, &unknown, st);
	if (rc == 0 && unknown.len > 0)
		rc = tell_unknown(rq, unknown.data, st);
	buf_release(&unknown);
	return rc;
}

void
verb_create(struct request *rq)
{
	struct status st = { 0 };
	struct object *o = NULL;
	struct write w;
	cJSON *v;
	int rc;

	write_init(&w, rq);
	rc = request_body(rq, 0, &v, &st);
	if (rc == 0) {
		rc = identify(rq, v, &st);
		if (rc == 0)
			rc = write_create(&w, v, &o, &st);
		else
			cJSON_Delete(v);
	}
	answer(rq, rc, 201, o, &st);
}

/* No upsert: only apply creates what is not there. */
void
verb_update(struct request *rq)
{
	struct status st = { 0 };
	struct object *o = NULL, *old;
	struct write w;
	cJSON *v;
	int rc;

	write_init(&w, rq);
	rc = request_body(rq, 0, &v, &st);
	if (rc == 0) {
		old = request_object(rq, &st);
		rc = old == NULL ? -1 : identify(rq, v, &st);
		if (rc == 0)
			rc = write_update(&w, old, v, &o, &st);
		else
			cJSON_Delete(v);
	}
	answer(rq, rc, 200, o, &st);
}

/* ---- patches ---- */

/* Custom kinds would have no strategy; all built-in ones here do. */
static cJSON *
patched(struct request *rq, enum patch_kind how, const cJSON *live,
    const cJSON *patch, struct status *st)
{
	const struct type *t = rq->type;
	char version[160];
	struct fault f = { 0 };
	cJSON *v;

	type_api_version(t, version, sizeof version);
	if (how == PATCH_STRATEGIC && !patch_has_strategy(version, t->kind)) {
		status_set(st, 415, "UnsupportedMediaType",
		    "the body of the request was in an unknown format - "
		    "accepted media types include: "
		    "application/json-patch+json, "
		    "application/merge-patch+json, "
		    "application/apply-patch+yaml");
		return NULL;
	}
	if (how == PATCH_JSON)
		v = patch_json(live, patch, &f);
	else if (how == PATCH_MERGE)
		v = patch_merge(live, patch, &f);
	else
		v = patch_strategic(version, t->kind, live, patch, &f);
	if (v == NULL)
		status_fault(st, &f);
	return v;
}

/* A view is patched as the client sees it, then stored as what it is. */
static int
plain_patch(struct request *rq, enum patch_kind how, const cJSON *patch,
    struct object **o, struct status *st)
{
	struct object *old = request_object(rq, st);
	struct write w;
	cJSON *v, *view = NULL;

	if (old == NULL)
		return -1;
	write_init(&w, rq);
	if (rq->type->how == TYPE_EVENTS)
		view = views_event(object_value(old));
	v = patched(
	    rq, how, view != NULL ? view : object_value(old), patch, st);
	cJSON_Delete(view);
	if (v == NULL)
		return -1;
	if (identify(rq, v, st) != 0) {
		cJSON_Delete(v);
		return -1;
	}
	return write_update(&w, old, v, o, st);
}

/* kubectl prints the causes: field and manager of each. */
static int
conflicts(
    struct request *rq, cJSON *causes, const struct fault *f, struct status *st)
{
	if (f->code != FAULT_NO || causes == NULL)
		return status_fault(st, f);
	status_conflict(st, rq->type, rq->path.name, f->msg);
	status_set(st, 409, "Conflict", "%s", f->msg);
	st->details = cJSON_CreateObject();
	if (json_set(st->details, "causes", causes) != 0)
		return status_nomem(st);
	return -1;
}

/* Server-side apply: creates what is not there.  *code is 201 then. */
static int
apply(struct request *rq, cJSON *config, struct object **o, int *code,
    struct status *st)
{
	struct object *old = request_object(rq, st);
	char version[160];
	struct write w;
	struct apply_request ar = {
		.manager = httpd_query(rq->http, "fieldManager"),
		.user_agent = httpd_header(rq->http, "User-Agent"),
		.subresource = rq->path.sub[0] != '\0' ? rq->path.sub : NULL,
		.api_version =
		    type_api_version(rq->type, version, sizeof version),
		.kind = rq->type->kind,
		.force = request_flag(rq, "force"),
	};
	cJSON *v, *causes = NULL;
	struct fault f = { 0 };

	if (old == NULL && rq->path.sub[0] != '\0')
		return -1;
	status_release(st);
	if (old == NULL && access_check_verb(rq, "create", st) != 0)
		return -1;
	if (rq->type->how == TYPE_EVENTS)
		return status_set(st, 415, "UnsupportedMediaType",
		    "events.k8s.io: apply core/v1 events instead");
	if (identify(rq, config, st) != 0)
		return -1;
	v = apply_patch(
	    &ar, old != NULL ? object_value(old) : NULL, config, &causes, &f);
	if (v == NULL)
		return conflicts(rq, causes, &f, st);
	write_init(&w, rq);
	w.applied = 1;
	*code = old != NULL ? 200 : 201;
	return old != NULL ? write_update(&w, old, v, o, st) :
			     write_create(&w, v, o, st);
}

void
verb_patch(struct request *rq)
{
	enum patch_kind how = patch_kind(rq);
	struct status st = { 0 };
	struct object *o = NULL;
	cJSON *patch = NULL;
	int rc, code = 200;

	if (how == PATCH_NONE)
		rc = status_set(&st, 415, "UnsupportedMediaType",
		    "the body of the request was in an unknown format - "
		    "accepted media types include: "
		    "application/json-patch+json, "
		    "application/merge-patch+json, "
		    "application/strategic-merge-patch+json, "
		    "application/apply-patch+yaml");
	else
		rc = request_body(rq, 0, &patch, &st);
	if (rc == 0)
		rc = how == PATCH_APPLY ? apply(rq, patch, &o, &code, &st) :
					  plain_patch(rq, how, patch, &o, &st);
	cJSON_Delete(patch);
	answer(rq, rc, code, o, &st);
}
