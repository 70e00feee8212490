/*
 * Status objects: see status.h.  Reasons, codes and wording follow
 * apimachinery (api/errors, util/validation/field), since clients match on
 * them.
 */
#include "k8s-apid/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"

#define VALUE_SHOWN 256 /* bytes of a wrong value that a message quotes */

void
status_release(struct status *st)
{
	cJSON_Delete(st->details);
	*st = (struct status){ 0 };
}

static int
set(struct status *st, int code, const char *reason, const char *fmt,
    va_list ap)
{
	status_release(st);
	st->code = code;
	st->reason = reason;
	vsnprintf(st->message, sizeof st->message, fmt, ap);
	return -1;
}

int
status_set(
    struct status *st, int code, const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(st, code, reason, fmt, ap);
	va_end(ap);
	return -1;
}

int
status_bad_request(struct status *st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(st, 400, "BadRequest", fmt, ap);
	va_end(ap);
	return -1;
}

int
status_nomem(struct status *st)
{
	return status_set(
	    st, 500, "InternalError", "Internal error occurred: out of memory");
}

int
status_fault(struct status *st, const struct fault *f)
{
	if (f->code == FAULT_INPUT)
		return status_set(st, 400, "BadRequest", "%s", f->msg);
	if (f->code == FAULT_NO)
		return status_set(st, 422, "Invalid", "%s", f->msg);
	return status_set(
	    st, 500, "InternalError", "Internal error occurred: %s", f->msg);
}

/*
 * kind is the resource for what is not found, the kind for what is invalid:
 * upstream does so too.
 */
static void
details(
    struct status *st, const struct type *t, const char *name, const char *kind)
{
	st->details = cJSON_CreateObject();
	if (st->details == NULL)
		return;
	if (name != NULL && name[0] != '\0')
		json_set_str(st->details, "name", name);
	if (t->group[0] != '\0')
		json_set_str(st->details, "group", t->group);
	json_set_str(st->details, "kind", kind);
}

int
status_not_found(struct status *st, const struct type *t, const char *name)
{
	char s[128];

	status_set(st, 404, "NotFound", "%s \"%s\" not found",
	    type_resource(t, s, sizeof s), name);
	details(st, t, name, t->plural);
	return -1;
}

int
status_exists(struct status *st, const struct type *t, const char *name)
{
	char s[128];

	status_set(st, 409, "AlreadyExists", "%s \"%s\" already exists",
	    type_resource(t, s, sizeof s), name);
	details(st, t, name, t->plural);
	return -1;
}

int
status_conflict(
    struct status *st, const struct type *t, const char *name, const char *why)
{
	char s[128];

	status_set(st, 409, "Conflict",
	    "Operation cannot be fulfilled on %s \"%s\": %s",
	    type_resource(t, s, sizeof s), name,
	    why != NULL ? why :
			  "the object has been modified; please apply your "
			  "changes to the latest version and try again");
	details(st, t, name, t->plural);
	return -1;
}

int
status_forbidden(
    struct status *st, const struct type *t, const char *name, const char *why)
{
	char s[128];

	status_set(st, 403, "Forbidden", "%s \"%s\" is forbidden: %s",
	    type_resource(t, s, sizeof s), name, why);
	details(st, t, name, t->plural);
	return -1;
}

/* Success has neither code nor reason, as kubectl expects of a deletion. */
cJSON *
status_json(const struct status *st)
{
	cJSON *v = cJSON_CreateObject();

	if (v == NULL)
		return NULL;
	json_set_str(v, "kind", "Status");
	json_set_str(v, "apiVersion", "v1");
	json_set(v, "metadata", cJSON_CreateObject());
	json_set_str(v, "status", st->code < 400 ? "Success" : "Failure");
	if (st->message[0] != '\0')
		json_set_str(v, "message", st->message);
	if (st->reason != NULL)
		json_set_str(v, "reason", st->reason);
	if (st->details != NULL)
		json_set(v, "details", cJSON_Duplicate(st->details, 1));
	if (st->code >= 400)
		json_set_num(v, "code", st->code);
	return v;
}

/* ---- causes ---- */

void
causes_init(struct causes *c)
{
	*c = (struct causes){ 0 };
}

void
causes_release(struct causes *c)
{
	cJSON_Delete(c->list);
	causes_init(c);
}

/* A cause that is lost to memory must not let an object pass. */
static void
add(struct causes *c, const char *reason, const char *field, const char *msg)
{
	cJSON *v = cJSON_CreateObject();

	if (c->list == NULL)
		c->list = cJSON_CreateArray();
	if (v == NULL || json_set_str(v, "reason", reason) != 0 ||
	    json_set_str(v, "message", msg) != 0 ||
	    json_set_str(v, "field", field) != 0 ||
	    !cJSON_AddItemToArray(c->list, v)) {
		cJSON_Delete(v);
		c->failed = 1;
	}
}

/* Values are quoted as JSON and cut: a message is not a dump. */
static void
add_value(struct causes *c, const char *reason, const char *field,
    const char *what, const cJSON *value, const char *why)
{
	struct buf b;

	buf_init(&b, 4096);
	buf_addf(&b, "%s: ", what);
	if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
		struct buf text;

		buf_init(&text, 1 << 20);
		json_write(&text, value);
		buf_addf(&b, "%.*s", VALUE_SHOWN, buf_str(&text));
		buf_release(&text);
	} else
		json_write(&b, value);
	if (why != NULL)
		buf_addf(&b, ": %s", why);
	add(c, reason, field, buf_str(&b));
	buf_release(&b);
}

void
cause_required(struct causes *c, const char *field, const char *why)
{
	char s[512];

	snprintf(s, sizeof s, "Required value%s%s", why != NULL ? ": " : "",
	    why != NULL ? why : "");
	add(c, "FieldValueRequired", field, s);
}

void
cause_invalid(
    struct causes *c, const char *field, const cJSON *value, const char *why)
{
	add_value(c, "FieldValueInvalid", field, "Invalid value", value, why);
}

void
cause_duplicate(struct causes *c, const char *field, const cJSON *value)
{
	add_value(
	    c, "FieldValueDuplicate", field, "Duplicate value", value, NULL);
}

void
cause_not_found(struct causes *c, const char *field, const cJSON *value)
{
	add_value(c, "FieldValueNotFound", field, "Not found", value, NULL);
}

void
cause_too_long(struct causes *c, const char *field, size_t max)
{
	char s[96];

	snprintf(s, sizeof s, "Too long: may not be more than %zu bytes", max);
	add(c, "FieldValueTooLong", field, s);
}

void
cause_unsupported(struct causes *c, const char *field, const cJSON *value,
    const char *supported)
{
	char s[512];

	snprintf(s, sizeof s, "supported values: %s", supported);
	add_value(
	    c, "FieldValueNotSupported", field, "Unsupported value", value, s);
}

void
cause_forbidden(struct causes *c, const char *field, const char *why)
{
	char s[512];

	snprintf(s, sizeof s, "Forbidden: %s", why);
	add(c, "FieldValueForbidden", field, s);
}

int
status_invalid(
    struct status *st, const struct type *t, const char *name, struct causes *c)
{
	const cJSON *v;
	struct buf b;
	char s[128];
	int many;

	if (c->failed) {
		causes_release(c);
		return status_nomem(st);
	}
	if (c->list == NULL)
		return 0;
	buf_init(&b, 1 << 20);
	many = cJSON_GetArraySize(c->list) > 1;
	buf_adds(&b, many ? "[" : "");
	cJSON_ArrayForEach(v, c->list)
		buf_addf(&b, "%s%s: %s", v == c->list->child ? "" : ", ",
		    json_str(v, "field", NULL), json_str(v, "message", NULL));
	buf_adds(&b, many ? "]" : "");
	status_set(st, 422, "Invalid", "%s \"%s\" is invalid: %s",
	    type_group_kind(t, s, sizeof s), name, buf_str(&b));
	buf_release(&b);
	details(st, t, name, t->kind);
	json_set(st->details, "causes", c->list);
	c->list = NULL;
	return -1;
}
