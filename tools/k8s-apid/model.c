/*
 * Holding JSON against a model: see model.h.
 */
#include "k8s-apid/model.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/digest.h"

#define PATH_MAX_LEN 1024

struct check {
	char path[PATH_MAX_LEN]; /* of the value looked at, "spec.replicas" */
	size_t len;
	struct buf *unknown;
	const struct type *type;
	struct status *st;
};

static int check_value(struct check *c, const char *type, size_t len, cJSON *v);

/* Six short tables: a walk is as fast as anything that needs setting up. */
const struct model *
model_find(const char *name, size_t len)
{
	static const struct model *const tables[] = { model_access, model_apps,
		model_core, model_meta, model_pod, model_volumes };
	const struct model *m;
	size_t i;

	for (i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (m = tables[i]; m->name != NULL; m++)
			if (m->name[0] == name[0] &&
			    strncmp(m->name, name, len) == 0 &&
			    m->name[len] == '\0')
				return m;
	return NULL;
}

static int
read_number(const char **s)
{
	int n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++)
		n = 10 * n + (**s - '0');
	return n;
}

/* The tables are trusted: they are ours, and a unit test reads them all. */
int
model_next(const char **at, struct model_field *f)
{
	const char *s = *at;

	s += strspn(s, " ");
	if (*s == '\0')
		return 0;
	f->inlined = *s == '>';
	f->name = s;
	f->name_len = strcspn(s, ":>");
	s += f->name_len + 1;
	f->pointer = *s == '*';
	s += f->pointer;
	f->type = s;
	f->type_len = strcspn(s, " @");
	s += f->type_len;
	f->number++;
	if (*s == '@') {
		s++;
		f->number = read_number(&s);
	}
	*at = s;
	return 1;
}

/* The field of a JSON member, also in what is inlined: 1 or 0. */
static int
find_field(const struct model *m, const char *name, struct model_field *f)
{
	const char *at = m->fields;
	size_t len = strlen(name);

	f->number = 0;
	while (model_next(&at, f)) {
		struct model_field in;
		const struct model *other;

		if (f->inlined) {
			other = model_find(f->type, f->type_len);
			if (other != NULL && find_field(other, name, &in)) {
				*f = in;
				return 1;
			}
		} else if (f->name_len == len &&
			   strncmp(f->name, name, len) == 0)
			return 1;
	}
	return 0;
}

/* ---- paths for messages ---- */

/* A path too long for the buffer is shown without its last part. */
static size_t
enter(struct check *c, const char *name, int index)
{
	size_t was = c->len, room = sizeof c->path - c->len;
	int n;

	if (name != NULL)
		n = snprintf(c->path + c->len, room, "%s%s",
		    c->len > 0 ? "." : "", name);
	else
		n = snprintf(c->path + c->len, room, "[%d]", index);
	c->len = n > 0 && (size_t)n < room ? c->len + (size_t)n : c->len;
	return was;
}

static void
leave(struct check *c, size_t was)
{
	c->len = was;
	c->path[was] = '\0';
}

static const char *
kind_of_value(const cJSON *v)
{
	return cJSON_IsString(v) ? "string" :
	       cJSON_IsNumber(v) ? "number" :
	       cJSON_IsBool(v)   ? "bool" :
	       cJSON_IsArray(v)  ? "array" :
				   "object";
}

/* Worded as encoding/json does, which users know to read. */
static int
wrong(struct check *c, const cJSON *v, const char *want)
{
	return status_bad_request(c->st,
	    "%s in version \"%s\" cannot be handled as a %s: json: cannot "
	    "unmarshal %s into field %s of type %s",
	    c->type->kind, c->type->version, c->type->kind, kind_of_value(v),
	    c->path, want);
}

/* ---- scalars ---- */

/* The pattern of the message, step by step. */
static int
is_quantity(const char *s)
{
	size_t n, digits;

	s += strspn(s, "+-");
	digits = strspn(s, "0123456789.");
	if (digits == 0 || strcmp(s, ".") == 0)
		return 0;
	s += digits;
	n = strspn(s, "eEinumkKMGTP");
	s += n;
	if (n > 0 && (*s == '+' || *s == '-'))
		s++;
	return s[strspn(s, "0123456789")] == '\0';
}

/* Numbers become text, fractions thousandths, as Quantity prints them. */
static int
check_quantity(struct check *c, cJSON *v)
{
	char s[64];
	double d;
	cJSON *text;

	if (cJSON_IsString(v)) {
		if (is_quantity(v->valuestring))
			return 0;
		return status_bad_request(c->st,
		    "%s: quantities must match the regular expression "
		    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
		    c->path);
	}
	if (!cJSON_IsNumber(v))
		return wrong(c, v, "Quantity");
	d = v->valuedouble;
	if (v->valuestring != NULL)
		snprintf(s, sizeof s, "%.60s", v->valuestring);
	else if (d == floor(d))
		snprintf(s, sizeof s, "%.0f", d);
	else
		snprintf(s, sizeof s, "%.0fm", ceil(d * 1000));
	text = cJSON_CreateString(s);
	if (text == NULL)
		return status_nomem(c->st);
	cJSON_free(v->valuestring);
	v->type = cJSON_String;
	v->valuestring = text->valuestring;
	text->valuestring = NULL;
	cJSON_Delete(text);
	return 0;
}

static int
is_base64(const char *s)
{
	struct buf b;
	int rc;

	buf_init(&b, 16U << 20);
	rc = digest_unbase64(s, strlen(s), &b, NULL);
	buf_release(&b);
	return rc == 0;
}

/* Beyond 2^53 an integer that is no double has its text: see json.h. */
static int
check_integer(struct check *c, const cJSON *v, int bits)
{
	double d = v->valuedouble, limit = bits == 32 ? 0x1p31 : 0x1p63;
	int good =
	    cJSON_IsNumber(v) && d == floor(d) && d >= -limit && d < limit;

	if (cJSON_IsNumber(v) && v->valuestring != NULL) {
		errno = 0;
		strtoll(v->valuestring, NULL, 10);
		good = errno == 0 && bits == 64;
	}
	return good ? 0 : wrong(c, v, bits == 32 ? "int32" : "int64");
}

/* The letters of model.h. */
static int
check_scalar(struct check *c, char type, cJSON *v)
{
	struct timespec ts;

	switch (type) {
	case 's':
		return cJSON_IsString(v) ? 0 : wrong(c, v, "string");
	case 'b':
		return cJSON_IsBool(v) ? 0 : wrong(c, v, "bool");
	case 'i':
		return check_integer(c, v, 32);
	case 'l':
		return check_integer(c, v, 64);
	case 'f':
		return cJSON_IsNumber(v) ? 0 : wrong(c, v, "float64");
	case 'q':
		return check_quantity(c, v);
	case 'x':
		if (cJSON_IsString(v))
			return 0;
		return check_integer(c, v, 32);
	case 'y':
		if (cJSON_IsString(v) && is_base64(v->valuestring))
			return 0;
		return cJSON_IsString(v) ?
			   status_bad_request(
			       c->st, "%s: illegal base64 data", c->path) :
			   wrong(c, v, "[]byte");
	case 't':
	case 'm':
		if (cJSON_IsString(v) && clock_parse(v->valuestring, &ts) == 0)
			return 0;
		return wrong(c, v, "Time");
	default:
		return 0;
	}
}

/* ---- structures ---- */

/* apiVersion and kind belong to objects, and to those in lists of objects. */
static int
check_members(struct check *c, const struct model *m, cJSON *v)
{
	struct model_field f;
	cJSON *item, *next;
	size_t was;
	int rc;

	for (item = v->child; item != NULL; item = next) {
		next = item->next;
		if (strcmp(item->string, "apiVersion") == 0 ||
		    strcmp(item->string, "kind") == 0)
			if (c->len == 0 ||
			    strncmp(m->fields, "metadata:", 9) == 0)
				continue;
		was = enter(c, item->string, 0);
		if (find_field(m, item->string, &f)) {
			rc = check_value(c, f.type, f.type_len, item);
			if (rc != 0)
				return rc;
		} else {
			buf_addf(c->unknown, "%s\n", c->path);
			cJSON_Delete(cJSON_DetachItemViaPointer(v, item));
		}
		leave(c, was);
	}
	return 0;
}

static int
check_items(struct check *c, const char *type, size_t len, cJSON *v)
{
	cJSON *item;
	int i = 0, rc;
	size_t was;

	for (item = v->child; item != NULL; item = item->next, i++) {
		was = cJSON_IsArray(v) ? enter(c, NULL, i) :
					 enter(c, item->string, 0);
		rc = check_value(c, type, len, item);
		if (rc != 0)
			return rc;
		leave(c, was);
	}
	return 0;
}

/* A type that the tables do not have passes: a unit test sees to it. */
static int
check_value(struct check *c, const char *type, size_t len, cJSON *v)
{
	const struct model *m;
	char name[64];

	if (type[0] == '[' || type[0] == '{') {
		if (type[0] == '[' ? !cJSON_IsArray(v) : !cJSON_IsObject(v))
			return wrong(c, v, type[0] == '[' ? "list" : "map");
		return check_items(c, type + 1, len - 2, v);
	}
	if (len == 1)
		return check_scalar(c, type[0], v);
	m = model_find(type, len);
	if (m == NULL)
		return 0;
	snprintf(name, sizeof name, "%.*s", (int)len, type);
	return cJSON_IsObject(v) ? check_members(c, m, v) : wrong(c, v, name);
}

int
model_check(
    const struct type *t, cJSON *v, struct buf *unknown, struct status *st)
{
	struct check c = { .unknown = unknown, .type = t, .st = st };

	return check_value(&c, t->kind, strlen(t->kind), v);
}
