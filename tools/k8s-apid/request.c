/*
 * Requests and answers: see request.h.
 */
#include "k8s-apid/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "k8s-apid/model.h"
#include "k8s-apid/table.h"
#include "k8s-apid/views.h"
#include "lib/yaml.h"

#define ANSWER_MAX (256U << 20) /* bytes of one answer */

/* 1 when one of the media types of a comma-separated list is s's form. */
static int
is_form(const char *item, size_t n, const char *as)
{
	const char *p = memmem(item, n, ";as=", 4);
	size_t len = strlen(as);

	if (p == NULL)
		return 0;
	p += 4;
	return (size_t)(item + n - p) >= len && strncmp(p, as, len) == 0 &&
	       (p + len == item + n || p[len] == ';' || p[len] == ' ');
}

/* Protobuf is not served: clients that prefer it name JSON as well. */
static int
is_json(const char *item, size_t n)
{
	static const char *const good[] = { "application/json", "*/*",
		"application/*" };
	size_t i, len = 0;

	while (len < n && item[len] != ';' && item[len] != ' ')
		len++;
	for (i = 0; i < sizeof good / sizeof good[0]; i++)
		if (strlen(good[i]) == len &&
		    strncasecmp(item, good[i], len) == 0)
			return 1;
	return 0;
}

/*
 * kubectl asks for a Table in several versions, then for plain JSON; the first
 * form that is served wins.
 */
enum accept
request_accept(const struct request *rq)
{
	const char *s = httpd_header(rq->http, "Accept");
	size_t n;

	if (s == NULL || *s == '\0')
		return ACCEPT_JSON;
	for (; *s != '\0'; s += n + (s[n] == ',')) {
		s += strspn(s, " ");
		n = strcspn(s, ",");
		if (!is_json(s, n))
			continue;
		if (memmem(s, n, ";as=", 4) == NULL)
			return ACCEPT_JSON;
		if (memmem(s, n, "v=v1beta1", 9) != NULL)
			continue;
		if (is_form(s, n, "Table"))
			return ACCEPT_TABLE;
		if (is_form(s, n, "PartialObjectMetadata") ||
		    is_form(s, n, "PartialObjectMetadataList"))
			return ACCEPT_METADATA;
	}
	return ACCEPT_NONE;
}

int
request_key(const struct request *rq, char *out, size_t size, struct status *st)
{
	if (store_key(rq->type->namespaced ? rq->path.ns : NULL, rq->path.name,
		out, size) != 0)
		return status_bad_request(st, "name too long");
	return 0;
}

/* Views share the objects of what they look at. */
struct object *
request_object(const struct request *rq, struct status *st)
{
	char key[2 * PATH_NAME];
	struct object *o;

	if (request_key(rq, key, sizeof key, st) != 0)
		return NULL;
	o = store_get(rq->a->store, type_index(type_storage(rq->type)), key);
	if (o == NULL)
		status_not_found(st, rq->type, rq->path.name);
	return o;
}

int
request_flag(const struct request *rq, const char *name)
{
	const char *s = httpd_query(rq->http, name);

	return s != NULL && strcasecmp(s, "false") != 0 && strcmp(s, "0") != 0;
}

/* One document: a list of them would be several requests. */
static int
read_yaml(const struct buf *b, cJSON **v, struct fault *f)
{
	struct yaml_docs docs = { 0 };
	int rc = -1;

	if (yaml_read(buf_str(b), b->len, &docs, f) != 0)
		return -1;
	if (docs.n == 1) {
		*v = docs.v[0].value;
		docs.v[0].value = NULL;
		rc = 0;
	} else
		fault_set(f, FAULT_INPUT, "needs one document");
	yaml_docs_release(&docs);
	return rc;
}

/*
 * The media type decides, as it does in curl -d, where it is often wrong: a
 * form is refused rather than guessed at.
 */
int
request_body(
    const struct request *rq, int optional, cJSON **v, struct status *st)
{
	const char *type = httpd_header(rq->http, "Content-Type");
	const struct buf *b = httpd_body(rq->http);
	size_t n = type != NULL ? strcspn(type, "; ") : 0;
	struct fault f;
	int yaml, proto;

	*v = NULL;
	if (b->len == 0 && optional)
		return 0;
	yaml = n > 4 && strncasecmp(type + n - 4, "yaml", 4) == 0;
	proto = n == strlen(MODEL_PROTOBUF) &&
		strncasecmp(type, MODEL_PROTOBUF, n) == 0;
	if (n > 0 && !yaml && !proto &&
	    (n < 4 || strncasecmp(type + n - 4, "json", 4) != 0))
		return status_set(st, 415, "UnsupportedMediaType",
		    "the body of the request was in an unknown format - "
		    "accepted media types include: application/json, "
		    "application/yaml, " MODEL_PROTOBUF);
	if (b->len == 0)
		return status_bad_request(st, "the body of the request is "
					      "empty");
	if (yaml)
		read_yaml(b, v, &f);
	else
		*v = proto ? model_read_protobuf(b->data, b->len, &f) :
			     json_parse(buf_str(b), b->len, &f);
	if (*v == NULL)
		return status_bad_request(
		    st, "the body of the request cannot be read: %s", f.msg);
	return 0;
}

/* ---- answers ---- */

void
respond_text(struct request *rq, int code, const char *type, const char *text)
{
	httpd_answer(rq->http, code, type, text, strlen(text));
}

void
respond_json(struct request *rq, int code, const cJSON *v)
{
	struct buf b;

	buf_init(&b, ANSWER_MAX);
	if (v != NULL && json_write(&b, v) == 0 && buf_addc(&b, '\n') == 0)
		httpd_answer(rq->http, code, "application/json", b.data, b.len);
	else
		respond_text(rq, 500, "text/plain", "out of memory\n");
	buf_release(&b);
}

/* A 401 names the scheme (RFC 9110, section 11.6.1). */
void
respond_status(struct request *rq, const struct status *st)
{
	cJSON *v = status_json(st);

	if (st->code == 401)
		httpd_add_header(rq->http, "WWW-Authenticate",
		    "Bearer realm=\"kubernetes\"");
	respond_json(rq, st->code, v);
	cJSON_Delete(v);
}

void
respond_value(struct request *rq, int code, const cJSON *v)
{
	enum accept as = request_accept(rq);
	cJSON *view = NULL, *out = NULL;

	if (rq->type->how == TYPE_EVENTS)
		v = view = views_event(v);
	if (as == ACCEPT_TABLE) {
		out = table_new(rq->type, 1);
		if (out != NULL) {
			table_add(out, rq->type, v,
			    table_include(
				httpd_query(rq->http, "includeObject")));
			json_set_str(json_sub(out, "metadata"),
			    "resourceVersion",
			    json_str(v, "metadata", "resourceVersion", NULL));
		}
	} else if (as == ACCEPT_METADATA)
		out = views_metadata(v);
	respond_json(rq, code, out != NULL ? out : v);
	cJSON_Delete(view);
	cJSON_Delete(out);
}

/* Plain JSON is the text that all share; all else is made for this answer. */
void
respond_object(struct request *rq, int code, struct object *o)
{
	if (rq->type->how != TYPE_EVENTS && request_accept(rq) == ACCEPT_JSON &&
	    object_text(o) != NULL)
		httpd_answer(
		    rq->http, code, "application/json", o->text, o->len);
	else
		respond_value(rq, code, object_value(o));
}
