/*
 * watch: a stream of events from a version on.  An event's object is
 * serialised once, whatever the number of watches; a watch with selectors
 * turns changes into ADDED and DELETED as objects begin and cease to match.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/select.h"
#include "k8s-apid/table.h"
#include "k8s-apid/verbs.h"
#include "k8s-apid/views.h"
#include "lib/opt.h"

#define BOOKMARK_MS 60000.0  /* between bookmarks */
#define LONGEST_MS 3600000.0 /* of a watch that gives no timeout */

struct watch {
	struct apid *a;
	struct httpd_req *http;
	const struct type *type;
	enum accept as;
	struct selector *labels, *fields;
	struct store_watch *sub;
	struct loop_timer *timeout, *bookmark;
	int bookmarks, headers;
	enum table_include include;
	uint64_t rv; /* of what was told last */
	char ns[PATH_NAME];
};

/* Runs when the connection ends, whoever ended it. */
static void
watch_free(void *arg)
{
	struct watch *w = arg;

	if (w->sub != NULL)
		store_unwatch(
		    w->a->store, type_index(type_storage(w->type)), w->sub);
	loop_timer_cancel(w->a->loop, &w->timeout);
	loop_timer_cancel(w->a->loop, &w->bookmark);
	selector_free(w->labels);
	selector_free(w->fields);
	free(w);
}

/* The client said when: it will list and watch anew. */
static void
on_timeout(void *arg)
{
	struct watch *w = arg;

	w->timeout = NULL;
	httpd_end(w->http);
}

/* A peer that reads too slowly is cut off and will list again. */
static void
say(struct watch *w, const char *kind, const char *text, size_t len)
{
	char head[64];
	int n =
	    snprintf(head, sizeof head, "{\"type\":\"%s\",\"object\":", kind);

	if (httpd_write(w->http, head, (size_t)n) != 0 ||
	    httpd_write(w->http, text, len) != 0 ||
	    httpd_write(w->http, "}\n", 2) != 0)
		httpd_end(w->http);
}

/* Tables and views differ from watch to watch: made for each. */
static void
say_value(struct watch *w, const char *kind, const cJSON *v)
{
	cJSON *view = NULL, *out = NULL;
	struct buf b;

	buf_init(&b, 64U << 20);
	if (w->type->how == TYPE_EVENTS)
		v = view = views_event(v);
	if (w->as == ACCEPT_TABLE) {
		out = table_new(w->type, w->headers == 0);
		w->headers = 1;
		if (out != NULL)
			table_add(out, w->type, v, w->include);
	} else if (w->as == ACCEPT_METADATA)
		out = views_metadata(v);
	if (json_write(&b, out != NULL ? out : v) == 0)
		say(w, kind, b.data, b.len);
	buf_release(&b);
	cJSON_Delete(view);
	cJSON_Delete(out);
}

/* The common case costs a copy of the text, whatever the number of watches. */
static void
say_object(struct watch *w, const char *kind, struct object *o)
{
	if (w->as == ACCEPT_JSON && w->type->how != TYPE_EVENTS &&
	    object_text(o) != NULL)
		say(w, kind, o->text, o->len);
	else
		say_value(w, kind, object_value(o));
}

/* The old state with the new version: it has ceased to match. */
static void
say_left(struct watch *w, const struct event *e)
{
	cJSON *v = cJSON_Duplicate(object_value(e->old), 1);
	char rv[24];

	snprintf(rv, sizeof rv, "%" PRIu64, e->rv);
	if (v != NULL)
		json_set_str(json_sub(v, "metadata"), "resourceVersion", rv);
	say_value(w, "DELETED", v);
	cJSON_Delete(v);
}

/* Keys begin with the namespace: no look into the object is needed. */
static int
matches(const struct watch *w, struct object *o)
{
	size_t n = strlen(w->ns);

	if (n > 0 && (strncmp(o->key, w->ns, n) != 0 || o->key[n] != '/'))
		return 0;
	return selector_match(w->labels, object_value(o)) &&
	       selector_match(w->fields, object_value(o));
}

/* What did not match before and does now is new to this watch. */
static void
on_event(void *arg, const struct event *e)
{
	struct watch *w = arg;
	int was = e->old != NULL && matches(w, e->old);
	int is = e->kind != EVENT_DELETED && matches(w, e->object);

	w->rv = e->rv;
	if (is)
		say_object(w, was ? "MODIFIED" : "ADDED", e->object);
	else if (was && e->kind == EVENT_DELETED)
		say_object(w, "DELETED", e->object);
	else if (was)
		say_left(w, e);
}

/* Keeps the version of a quiet watch young, so that it can resume. */
static void
on_bookmark(void *arg)
{
	struct watch *w = arg;
	char text[512], version[160];
	int n;

	n = snprintf(text, sizeof text,
	    "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":{"
	    "\"resourceVersion\":\"%" PRIu64 "\",\"creationTimestamp\":null}}",
	    w->type->kind, type_api_version(w->type, version, sizeof version),
	    store_version(w->a->store));
	say(w, "BOOKMARK", text, (size_t)n);
	w->bookmark = loop_timer(w->a->loop, BOOKMARK_MS, on_bookmark, w, NULL);
}

/* Empty selectors are left out: they would cost each event. */
static struct watch *
watch_new(struct request *rq, struct status *st)
{
	struct watch *w = calloc(1, sizeof *w);
	const char *s;
	struct fault f;

	if (w == NULL) {
		status_nomem(st);
		return NULL;
	}
	w->a = rq->a;
	w->http = rq->http;
	w->type = rq->type;
	w->as = request_accept(rq);
	w->include = table_include(httpd_query(rq->http, "includeObject"));
	w->bookmarks = request_flag(rq, "allowWatchBookmarks");
	snprintf(w->ns, sizeof w->ns, "%s", rq->path.ns);
	s = httpd_query(rq->http, "labelSelector");
	if (s != NULL && s[0] != '\0' &&
	    (w->labels = selector_labels(s, &f)) == NULL)
		goto fail;
	s = httpd_query(rq->http, "fieldSelector");
	if (s != NULL && s[0] != '\0' &&
	    (w->fields = selector_fields(rq->type->kind, s, &f)) == NULL)
		goto fail;
	return w;
fail:
	status_fault(st, &f);
	watch_free(w);
	return NULL;
}

/* The version to start behind; 0: with what is there. */
static int
start_version(struct request *rq, uint64_t *rv, struct status *st)
{
	const char *s = httpd_query(rq->http, "resourceVersion");
	uint64_t now = store_version(rq->a->store);
	long long n = 0;

	if (request_flag(rq, "sendInitialEvents"))
		return status_set(st, 422, "Invalid",
		    "ListOptions.meta.k8s.io \"\" is invalid: "
		    "sendInitialEvents: Forbidden: sendInitialEvents is "
		    "forbidden for watch unless the WatchList feature gate is "
		    "enabled");
	if (s != NULL && s[0] != '\0' &&
	    opt_number("resourceVersion", s, 0, INT64_MAX, &n, NULL) != 0)
		return status_bad_request(
		    st, "resourceVersion: Invalid value: \"%s\"", s);
	*rv = (uint64_t)n;
	if (*rv > now)
		return status_set(st, 504, "Timeout",
		    "Too large resource version: %" PRIu64
		    ", current: %" PRIu64,
		    *rv, now);
	return 0;
}

/* In the stream, since client-go expects an ERROR event or a 410 alike. */
static void
say_expired(struct watch *w, uint64_t rv)
{
	struct status st = { 0 };
	cJSON *v;

	status_set(&st, 410, "Expired",
	    "too old resource version: %" PRIu64 " (%" PRIu64 ")", rv,
	    store_version(w->a->store));
	v = status_json(&st);
	w->as = ACCEPT_JSON;
	if (v != NULL) {
		struct buf b;

		buf_init(&b, 1 << 20);
		if (json_write(&b, v) == 0)
			say(w, "ERROR", b.data, b.len);
		buf_release(&b);
	}
	cJSON_Delete(v);
	status_release(&st);
	httpd_end(w->http);
}

/* First what has been, then what comes: one thread, so nothing in between. */
static void
start(struct watch *w, uint64_t rv)
{
	size_t type = type_index(type_storage(w->type)), n, i;
	struct object *const *v;

	if (rv > 0) {
		if (store_replay(w->a->store, type, rv, on_event, w) != 0) {
			say_expired(w, rv);
			return;
		}
	} else {
		n = store_list(w->a->store, type,
		    w->ns[0] != '\0' ? w->ns : NULL, NULL, &v);
		for (i = 0; i < n; i++)
			if (matches(w, v[i]))
				say_object(w, "ADDED", v[i]);
	}
	w->sub = store_watch(w->a->store, type, on_event, w);
	if (w->sub == NULL)
		httpd_end(w->http);
}

/* The watch belongs to the request from here on, and ends with it. */
void
verb_watch(struct request *rq)
{
	const char *s = httpd_query(rq->http, "timeoutSeconds");
	double ms = LONGEST_MS;
	struct status st = { 0 };
	struct watch *w = NULL;
	long long n;
	uint64_t rv = 0;

	if (s != NULL &&
	    opt_number("timeoutSeconds", s, 1, INT32_MAX, &n, NULL) == 0)
		ms = (double)n * 1000;
	if (start_version(rq, &rv, &st) != 0 ||
	    (w = watch_new(rq, &st)) == NULL) {
		respond_status(rq, &st);
		status_release(&st);
		return;
	}
	httpd_set(rq->http, w, watch_free);
	if (httpd_stream(rq->http, 200, "application/json", NULL, NULL) != 0)
		return;
	w->timeout = loop_timer(w->a->loop, ms, on_timeout, w, NULL);
	if (w->bookmarks)
		w->bookmark =
		    loop_timer(w->a->loop, BOOKMARK_MS, on_bookmark, w, NULL);
	start(w, rv);
}
