/*
 * OpenAPI: see openapi.h.  Schemas are written from the models as text; a
 * document holds what its kinds reach.
 */
#include "k8s-apid/openapi.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/model.h"

#define OPENAPI_V2 "application/com.github.proto-openapi.spec.v2"
#define TYPES_MAX 320 /* types that one document can hold */
#define DOC_MAX (8U << 20)

struct document {
	const struct model *v[TYPES_MAX]; /* reached so far */
	size_t n;
};

/*
 * In order of discovery: the list is also the queue of what is to be written.
 */
static void
reach(struct document *d, const char *name, size_t len)
{
	const struct model *m = model_find(name, len);
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->v[i] == m)
			return;
	if (m != NULL && d->n < TYPES_MAX)
		d->v[d->n++] = m;
}

static void
write_type(struct buf *b, struct document *d, const char *type, size_t len)
{
	static const char *const scalars[] = { "b\"boolean\"",
		"i\"integer\",\"format\":\"int32\"",
		"l\"integer\",\"format\":\"int64\"",
		"f\"number\",\"format\":\"double\"", "s\"string\"",
		"y\"string\",\"format\":\"byte\"",
		"t\"string\",\"format\":\"date-time\"",
		"m\"string\",\"format\":\"date-time\"",
		"q\"string\",\"format\":\"quantity\"",
		"x\"string\",\"format\":\"int-or-string\"", "j\"object\"" };
	size_t i;

	if (type[0] == '[' || type[0] == '{') {
		buf_adds(
		    b, type[0] == '[' ?
			   "{\"type\":\"array\",\"items\":" :
			   "{\"type\":\"object\",\"additionalProperties\":");
		write_type(b, d, type + 1, len - 2);
		buf_addc(b, '}');
		return;
	}
	for (i = 0; len == 1 && i < sizeof scalars / sizeof scalars[0]; i++)
		if (scalars[i][0] == type[0])
			buf_addf(b, "{\"type\":%s}", scalars[i] + 1);
	if (len == 1)
		return;
	reach(d, type, len);
	buf_addf(b, "{\"$ref\":\"#/components/schemas/%.*s\"}", (int)len, type);
}

/* Inlined types have no schema of their own: their members are ours. */
static void
write_fields(struct buf *b, struct document *d, const struct model *m, int *any)
{
	const char *at = m->fields;
	struct model_field f = { 0 };
	const struct model *in;

	while (model_next(&at, &f)) {
		in = f.inlined ? model_find(f.type, f.type_len) : NULL;
		if (in != NULL)
			write_fields(b, d, in, any);
		if (f.inlined)
			continue;
		buf_addf(b, "%s\"%.*s\":", (*any)++ > 0 ? "," : "",
		    (int)f.name_len, f.name);
		write_type(b, d, f.type, f.type_len);
	}
}

static void
write_kind(struct buf *b, const struct type *t)
{
	buf_addf(b, "{\"group\":\"%s\",\"version\":\"%s\",\"kind\":\"%s\"}",
	    t->group, t->version, t->kind);
}

/* The kind (of this document) that a model is, or NULL. */
static const struct type *
kind_of(const struct model *m, const char *group, const char *version)
{
	const struct type *t;

	for (t = types; t->plural != NULL; t++)
		if (strcmp(t->kind, m->name) == 0 &&
		    strcmp(t->group, group) == 0 &&
		    strcmp(t->version, version) == 0)
			return t;
	return NULL;
}

static void
write_schemas(
    struct buf *b, struct document *d, const char *group, const char *version)
{
	const struct type *t;
	size_t i;
	int any;

	/* d grows while its types are written */
	for (i = 0; i < d->n; i++) {
		any = 0;
		t = kind_of(d->v[i], group, version);
		buf_addf(b, "%s\"%s\":{\"type\":\"object\",\"properties\":{",
		    i > 0 ? "," : "", d->v[i]->name);
		if (t != NULL) {
			any = 1;
			buf_adds(b, "\"apiVersion\":{\"type\":\"string\"},"
				    "\"kind\":{\"type\":\"string\"}");
		}
		write_fields(b, d, d->v[i], &any);
		buf_addc(b, '}');
		if (t != NULL) {
			buf_adds(b, ",\"x-kubernetes-group-version-kind\":[");
			write_kind(b, t);
			buf_addc(b, ']');
		}
		buf_addc(b, '}');
	}
}

/* A path with a PATCH that takes fieldValidation: what kubectl looks for. */
static void
write_path(struct buf *b, const struct type *t, int first)
{
	buf_addf(b, "%s\"/%s%s/%s%s/%s/{name}\":{\"get\":{%s", first ? "" : ",",
	    t->group[0] ? "apis/" : "api", t->group, t->version,
	    t->namespaced ? "/namespaces/{namespace}" : "", t->plural,
	    "\"x-kubernetes-group-version-kind\":");
	write_kind(b, t);
	buf_adds(b, "},\"patch\":{\"parameters\":[{\"name\":"
		    "\"fieldValidation\",\"in\":\"query\",\"schema\":{"
		    "\"type\":\"string\"}}],"
		    "\"x-kubernetes-group-version-kind\":");
	write_kind(b, t);
	buf_adds(b, "}}");
}

void
openapi_version(struct request *rq, const char *group, const char *version)
{
	struct document d = { .n = 0 };
	const struct type *t;
	struct buf b;
	int first = 1;

	buf_init(&b, DOC_MAX);
	buf_adds(&b, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":"
		     "\"Kubernetes\",\"version\":\"v1.32\"},\"paths\":{");
	for (t = types; t->plural != NULL; t++) {
		if (strcmp(t->group, group) != 0 ||
		    strcmp(t->version, version) != 0)
			continue;
		write_path(&b, t, first);
		reach(&d, t->kind, strlen(t->kind));
		first = 0;
	}
	buf_adds(&b, "},\"components\":{\"schemas\":{");
	write_schemas(&b, &d, group, version);
	buf_adds(&b, "}}}");
	if (b.failed)
		respond_text(rq, 500, "text/plain", "out of memory\n");
	else
		httpd_answer(rq->http, 200, "application/json", b.data, b.len);
	buf_release(&b);
}

/*
 * kubectl asks for it when it meets a kind that v3 does not have, and fails
 * without it before it can say so.  As protobuf no bytes are an empty document.
 */
void
openapi_v2(struct request *rq)
{
	static const char text[] =
	    "{\"swagger\":\"2.0\",\"info\":{\"title\":"
	    "\"Kubernetes\",\"version\":\"v1.32\"},\"paths\":{}}";
	const char *s = httpd_header(rq->http, "Accept");

	if (s != NULL && strstr(s, OPENAPI_V2) != NULL)
		httpd_answer(rq->http, 200, OPENAPI_V2 ".v1.0+protobuf", "", 0);
	else
		respond_text(rq, 200, "application/json", text);
}

/* No hashes: a client on the same machine gains nothing by caching. */
void
openapi_root(struct request *rq)
{
	cJSON *v = cJSON_CreateObject(), *paths = json_sub(v, "paths");
	const struct type *t;
	char key[160], url[200];

	for (t = types; t->plural != NULL; t++) {
		snprintf(key, sizeof key, "%s%s/%s",
		    t->group[0] ? "apis/" : "api", t->group, t->version);
		snprintf(url, sizeof url, "/openapi/v3/%s", key);
		json_set_str(json_sub(paths, key), "serverRelativeURL", url);
	}
	respond_json(rq, 200, v);
	cJSON_Delete(v);
}
