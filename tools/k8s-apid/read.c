/*
 * get and list.  A list's continue token is the key to go on behind, with
 * the version of the first page; later pages show the present, so that a
 * watch from that version brings a client up to date without a 410.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/select.h"
#include "k8s-apid/table.h"
#include "k8s-apid/verbs.h"
#include "k8s-apid/views.h"
#include "lib/digest.h"
#include "lib/opt.h"

#define LIST_MAX (512U << 20) /* bytes of a list */

struct listing {
	struct request *rq;
	enum accept as;
	struct selector *labels, *fields;
	long long limit;
	uint64_t rv;
	char after[2 * PATH_NAME]; /* "" from the start */
	cJSON *table;
	struct buf out; /* the items, as text */
	size_t items, left;
	char last[2 * PATH_NAME]; /* key of the last item */
};

void
verb_get(struct request *rq)
{
	struct status st = { 0 };
	struct object *o = request_object(rq, &st);

	if (o != NULL)
		respond_object(rq, 200, o);
	else
		respond_status(rq, &st);
	status_release(&st);
}

/* base64 of "VERSION KEY"; a client has no business with what is inside. */
static int
read_continue(struct listing *l, const char *token, struct status *st)
{
	struct buf b;
	char *end = NULL;

	buf_init(&b, sizeof l->after + 32);
	if (digest_unbase64(token, strlen(token), &b, NULL) == 0 && b.len > 0)
		l->rv = strtoull(b.data, &end, 10);
	if (end != NULL && *end == ' ')
		snprintf(l->after, sizeof l->after, "%s", end + 1);
	buf_release(&b);
	if (l->after[0] == '\0')
		return status_bad_request(
		    st, "continue key is not valid: encoding error");
	return 0;
}

/* A bad selector is told before anything is collected. */
static int
listing_init(struct listing *l, struct request *rq, struct status *st)
{
	const char *limit = httpd_query(rq->http, "limit");
	const char *next = httpd_query(rq->http, "continue");
	struct fault f;

	*l = (struct listing){
		.rq = rq,
		.as = request_accept(rq),
		.rv = store_version(rq->a->store),
	};
	buf_init(&l->out, LIST_MAX);
	if (limit != NULL && limit[0] != '\0' &&
	    opt_number("limit", limit, 0, INT32_MAX, &l->limit, &f) != 0)
		return status_fault(st, &f);
	if (next != NULL && next[0] != '\0' && read_continue(l, next, st) != 0)
		return -1;
	l->labels = selector_labels(httpd_query(rq->http, "labelSelector"), &f);
	if (l->labels == NULL)
		return status_fault(st, &f);
	l->fields = selector_fields(
	    rq->type->kind, httpd_query(rq->http, "fieldSelector"), &f);
	if (l->fields == NULL)
		return status_fault(st, &f);
	if (l->as == ACCEPT_TABLE &&
	    (l->table = table_new(rq->type, 1)) == NULL)
		return status_nomem(st);
	return 0;
}

static void
listing_release(struct listing *l)
{
	selector_free(l->labels);
	selector_free(l->fields);
	cJSON_Delete(l->table);
	buf_release(&l->out);
}

/* The shared text of each object is copied, not made anew. */
static void
add_item(struct listing *l, struct object *o)
{
	const struct type *t = l->rq->type;
	cJSON *view = NULL;

	l->items++;
	snprintf(l->last, sizeof l->last, "%s", o->key);
	if (t->how == TYPE_EVENTS)
		view = views_event(object_value(o));
	else if (l->as == ACCEPT_METADATA)
		view = views_metadata(object_value(o));
	if (l->as == ACCEPT_TABLE)
		table_add(l->table, t, view != NULL ? view : object_value(o),
		    table_include(httpd_query(l->rq->http, "includeObject")));
	else {
		if (l->items > 1)
			buf_addc(&l->out, ',');
		if (view != NULL)
			json_write(&l->out, view);
		else if (object_text(o) != NULL)
			buf_add(&l->out, o->text, o->len);
	}
	cJSON_Delete(view);
}

/* Past the limit objects are only counted, for remainingItemCount. */
static void
collect(struct listing *l)
{
	struct request *rq = l->rq;
	const char *ns = rq->path.ns[0] != '\0' ? rq->path.ns : NULL;
	struct object *const *v;
	size_t n, i;

	n = store_list(rq->a->store, type_index(type_storage(rq->type)), ns,
	    l->after[0] != '\0' ? l->after : NULL, &v);
	for (i = 0; i < n; i++) {
		if (!selector_match(l->labels, object_value(v[i])) ||
		    !selector_match(l->fields, object_value(v[i])))
			continue;
		if (l->limit > 0 && l->items >= (size_t)l->limit)
			l->left++;
		else
			add_item(l, v[i]);
	}
}

/* A watch from this version continues where the list ends. */
static cJSON *
list_meta(const struct listing *l)
{
	cJSON *meta = cJSON_CreateObject();
	char s[3 * PATH_NAME];
	struct buf b;

	if (meta == NULL)
		return NULL;
	snprintf(s, sizeof s, "%" PRIu64, l->rv);
	json_set_str(meta, "resourceVersion", s);
	if (l->left == 0)
		return meta;
	snprintf(s, sizeof s, "%" PRIu64 " %s", l->rv, l->last);
	buf_init(&b, 4096);
	digest_base64(s, strlen(s), &b);
	json_set_str(meta, "continue", buf_str(&b));
	json_set_num(meta, "remainingItemCount", (double)l->left);
	buf_release(&b);
	return meta;
}

/* Written around the items: a list is never a tree. */
static void
answer_text(struct listing *l)
{
	const struct type *t = l->rq->type;
	cJSON *meta = list_meta(l);
	char version[160];
	struct buf b;

	buf_init(&b, LIST_MAX);
	if (l->as == ACCEPT_METADATA)
		buf_adds(&b, "{\"kind\":\"PartialObjectMetadataList\","
			     "\"apiVersion\":\"meta.k8s.io/v1\"");
	else
		buf_addf(&b, "{\"kind\":\"%sList\",\"apiVersion\":\"%s\"",
		    t->kind, type_api_version(t, version, sizeof version));
	buf_adds(&b, ",\"metadata\":");
	json_write(&b, meta);
	buf_adds(&b, ",\"items\":[");
	buf_add(&b, buf_str(&l->out), l->out.len);
	buf_adds(&b, "]}\n");
	cJSON_Delete(meta);
	if (b.failed || l->out.failed)
		respond_text(l->rq, 500, "text/plain", "out of memory\n");
	else
		httpd_answer(
		    l->rq->http, 200, "application/json", b.data, b.len);
	buf_release(&b);
}

void
verb_list(struct request *rq)
{
	struct status st = { 0 };
	struct listing l;

	if (listing_init(&l, rq, &st) != 0)
		respond_status(rq, &st);
	else {
		collect(&l);
		if (l.as == ACCEPT_TABLE) {
			json_set(l.table, "metadata", list_meta(&l));
			respond_json(rq, 200, l.table);
		} else
			answer_text(&l);
	}
	listing_release(&l);
	status_release(&st);
}
