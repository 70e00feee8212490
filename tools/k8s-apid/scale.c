/*
 * Scale: see scale.h.
 */
#include "k8s-apid/scale.h"

#include <math.h>
#include <string.h>

#include "k8s-apid/patch.h"
#include "k8s-apid/write.h"

/* A label selector object as text: "a=b,c in (d,e)". */
static void
selector_text(const cJSON *selector, struct buf *b)
{
	const cJSON *m, *s, *values;

	cJSON_ArrayForEach(m, json_at(selector, "matchLabels", NULL))
		buf_addf(b, "%s%s=%s", b->len > 0 ? "," : "", m->string,
		    cJSON_IsString(m) ? m->valuestring : "");
	cJSON_ArrayForEach(m, json_at(selector, "matchExpressions", NULL)) {
		const char *op = json_str(m, "operator", NULL);
		const char *key = json_str(m, "key", NULL);

		if (op == NULL || key == NULL)
			continue;
		buf_adds(b, b->len > 0 ? "," : "");
		if (strcmp(op, "Exists") == 0)
			buf_adds(b, key);
		else if (strcmp(op, "DoesNotExist") == 0)
			buf_addf(b, "!%s", key);
		else {
			buf_addf(b, "%s %s (", key,
			    strcmp(op, "In") == 0 ? "in" : "notin");
			values = json_at(m, "values", NULL);
			cJSON_ArrayForEach(s, values)
				buf_addf(b, "%s%s",
				    s == values->child ? "" : ",",
				    cJSON_GetStringValue(s));
			buf_addc(b, ')');
		}
	}
}

/* Made from the object each time: a Scale is not stored. */
static cJSON *
scale_of(const cJSON *v)
{
	static const char *const keys[] = { "name", "namespace", "uid",
		"resourceVersion", "creationTimestamp" };
	cJSON *s = cJSON_CreateObject(), *meta;
	struct buf b;
	size_t i;

	if (s == NULL)
		return NULL;
	buf_init(&b, 1 << 16);
	json_set_str(s, "kind", "Scale");
	json_set_str(s, "apiVersion", "autoscaling/v1");
	meta = json_sub(s, "metadata");
	for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
		json_set_str(
		    meta, keys[i], json_str(v, "metadata", keys[i], NULL));
	json_set_num(json_sub(s, "spec"), "replicas",
	    json_num(json_at(v, "spec", NULL), "replicas", 0));
	json_set_num(json_sub(s, "status"), "replicas",
	    json_num(json_at(v, "status", NULL), "replicas", 0));
	selector_text(json_at(v, "spec", "selector", NULL), &b);
	if (b.len > 0)
		json_set_str(json_sub(s, "status"), "selector", b.data);
	buf_release(&b);
	return s;
}

/* The Scale that a PUT or PATCH wants; the caller's. */
static cJSON *
wanted(struct request *rq, const cJSON *is, struct status *st)
{
	const char *type = httpd_header(rq->http, "Content-Type");
	cJSON *body, *v;
	struct fault f = { 0 };

	if (request_body(rq, 0, &body, st) != 0)
		return NULL;
	if (strcmp(rq->method, "PUT") == 0)
		return body;
	if (strncmp(type, "application/json-patch", 22) == 0)
		v = patch_json(is, body, &f);
	else /* a Scale has no lists: all others merge alike */
		v = patch_merge(is, body, &f);
	cJSON_Delete(body);
	if (v == NULL)
		status_fault(st, &f);
	return v;
}

static void
refuse_count(struct request *rq, double n, struct status *st)
{
	static const struct type scale_type = { .group = "autoscaling",
		.kind = "Scale" };
	cJSON *value = cJSON_CreateNumber(n);
	struct causes c;

	causes_init(&c);
	cause_invalid(
	    &c, "spec.replicas", value, "must be greater than or equal to 0");
	cJSON_Delete(value);
	status_invalid(st, &scale_type, rq->path.name, &c);
}

/* The version in the Scale is the object's, and guards it as in a PUT. */
static int
set_scale(struct request *rq, struct object **o, struct status *st)
{
	struct object *old = request_object(rq, st);
	cJSON *is, *want, *v = NULL;
	const char *rv;
	double n;
	struct write w;
	int rc = -1;

	if (old == NULL)
		return -1;
	is = scale_of(object_value(old));
	want = wanted(rq, is, st);
	if (want == NULL)
		goto out;
	n = json_num(json_at(want, "spec", NULL), "replicas", 0);
	if (n < 0 || n != floor(n) || n > INT32_MAX) {
		refuse_count(rq, n, st);
		goto out;
	}
	v = cJSON_Duplicate(object_value(old), 1);
	if (v == NULL) {
		status_nomem(st);
		goto out;
	}
	rv = json_str(want, "metadata", "resourceVersion", NULL);
	if (rv != NULL)
		json_set_str(json_sub(v, "metadata"), "resourceVersion", rv);
	json_set_num(json_sub(v, "spec"), "replicas", n);
	write_init(&w, rq);
	rc = write_update(&w, old, v, o, st);
out:
	cJSON_Delete(is);
	cJSON_Delete(want);
	return rc;
}

int
scale(struct request *rq)
{
	struct status st = { 0 };
	struct object *o = NULL;
	cJSON *v;
	int rc = 0;

	if (strcmp(rq->method, "GET") == 0) {
		o = request_object(rq, &st);
		if (o != NULL)
			object_hold(o);
	} else if (strcmp(rq->method, "PUT") == 0 ||
		   strcmp(rq->method, "PATCH") == 0)
		rc = set_scale(rq, &o, &st);
	else
		return 0;
	if (rc == 0 && o != NULL) {
		v = scale_of(object_value(o));
		respond_json(rq, 200, v);
		cJSON_Delete(v);
	} else
		respond_status(rq, &st);
	object_drop(o);
	status_release(&st);
	return 1;
}
