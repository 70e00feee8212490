/*
 * Watches and caches: see kube_watch.h.  One state machine: list (in pages),
 * stream from the list's resourceVersion, stream again from the last one seen,
 * list again when the server no longer knows it.  A dead peer is found by TCP
 * (keep-alive and user timeout, see http_request.c), not by silence, since a
 * quiet watch is a healthy one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kube_watch_impl.h"

/* Objects in a page: all together they come as fast as in pages of 1,000, and
   the text of a page is held while its objects are parsed one by one. */
#define WATCH_PAGE 100
#define WATCH_BACKOFF_FIRST 800 /* ms */
#define WATCH_BACKOFF_MAX 30000
#define WATCH_SHORTEST_S 300 /* a stream is asked to last so long */
#define WATCH_LONGEST_S 600
#define WATCH_GRACE_MS 60000 /* beyond that it is given up */
#define WATCH_STEADY_MS                                    \
	5000 /* a stream that lasted so long was none that \
		failed: no back-off after it */

static void list(void *arg);
static void stream(void *arg);

static void
watch_release(struct kube_watch *w)
{
	kube_cancel(w->k, w->call);
	loop_timer_cancel(w->k->loop, &w->timer);
	kube_map_release(&w->known);
	buf_release(&w->rest);
	free(w->path);
	free(w->query);
	free(w->version);
	free(w->cont);
	free(w);
}

/* Leaves a frame that may have told something.  1: w is gone. */
static int
leave(struct kube_watch *w)
{
	if (--w->depth > 0 || !w->doomed)
		return w->doomed;
	watch_release(w);
	return 1;
}

/* Tries again later; what was lost meanwhile comes with the resume. */
static void
again(struct kube_watch *w, loop_timer_fn *fn, double least_ms,
    const char *trouble)
{
	double wait =
	    kube_backoff(&w->delay, WATCH_BACKOFF_FIRST, WATCH_BACKOFF_MAX);

	if (trouble != NULL)
		snprintf(w->trouble, sizeof(w->trouble), "%s", trouble);
	if (wait < least_ms)
		wait = least_ms;
	w->timer = loop_timer(w->k->loop, wait, fn, w, NULL);
	if (w->timer == NULL) {
		w->broken = 1;
		kube_watch_tell(w, KUBE_BROKEN, NULL, NULL, clock_ms());
	}
}

/* Goes on at the next turn. */
static void
next(struct kube_watch *w, loop_timer_fn *fn)
{
	w->timer = loop_timer(w->k->loop, 0, fn, w, NULL);
	if (w->timer == NULL)
		again(w, fn, 0, "out of memory");
}

/* Items of a list bear no kind; objects of a stream do. */
static void
name_kind(cJSON *item, const cJSON *list_object)
{
	const char *kind = json_str(list_object, "kind", NULL);
	const char *version = json_str(list_object, "apiVersion", NULL);
	size_t n = kind != NULL ? strlen(kind) : 0;
	char *one;

	if (version != NULL && json_str(item, "apiVersion", NULL) == NULL)
		json_set_str(item, "apiVersion", version);
	if (n <= 4 || strcmp(kind + n - 4, "List") != 0 ||
	    json_str(item, "kind", NULL) != NULL)
		return;
	one = strndup(kind, n - 4);
	if (one != NULL)
		json_set_str(item, "kind", one);
	free(one);
}

static void
take_page(struct kube_watch *w, const cJSON *page, struct json_items *items)
{
	double now = clock_ms();
	struct fault f = { 0 };
	cJSON *item;
	const char *cont = json_str(page, "metadata", "continue", NULL);
	const char *version =
	    json_str(page, "metadata", "resourceVersion", NULL);

	while (!w->doomed && (item = json_items_next(items, &f)) != NULL) {
		name_kind(item, page);
		kube_watch_upsert(w, item, now);
	}
	if (w->doomed)
		return;
	if (f.code != FAULT_NONE) {
		again(w, list, 0, "not a list"); /* the page once more */
		return;
	}
	if (kube_watch_string(
		&w->cont, cont != NULL && cont[0] ? cont : NULL) != 0 ||
	    kube_watch_string(&w->version, version) != 0 || w->expired) {
		again(w, list, 0, "out of memory");
		return;
	}
	if (w->cont != NULL) {
		next(w, list);
		return;
	}
	kube_watch_sweep(w, page, now);
	w->delay = 0;
	w->trouble[0] = '\0';
	if (!w->synced) {
		w->synced = 1;
		kube_watch_tell(w, KUBE_SYNCED, NULL, NULL, now);
	}
	if (!w->doomed)
		next(w, stream);
}

static void
on_list(void *arg, const struct kube_answer *a)
{
	struct kube_watch *w = arg;

	w->call = NULL;
	w->depth++;
	if (kube_ok(a) && a->body != NULL) {
		take_page(w, a->body, a->items);
	} else if (a->status == 410) {
		kube_watch_string(&w->cont, NULL);
		again(w, list, 0, a->message);
	} else if ((a->status >= 400 && a->status < 500 && a->status != 429) ||
		   (a->hopeless && !w->synced)) {
		w->broken = 1;
		snprintf(w->trouble, sizeof(w->trouble), "%s", a->message);
		kube_watch_tell(w, KUBE_BROKEN, a->body, NULL, clock_ms());
	} else {
		again(w, list, a->retry_after_ms,
		    kube_ok(a) ? "not a list" : a->message);
	}
	leave(w);
}

/* Lists, or fetches the next page of the list. */
static void
list(void *arg)
{
	struct kube_watch *w = arg;
	struct kube_request rq = { .method = "GET",
		.once = 1,
		.list = 1,
		.timeout_ms = 60000,
		.done = on_list,
		.arg = w };
	struct fault f = { 0 };
	struct buf path;

	w->timer = NULL;
	w->expired = 0;
	buf_init(&path, 1 << 20);
	buf_addf(&path, "%s?limit=%d", w->path, WATCH_PAGE);
	if (w->query != NULL)
		buf_addf(&path, "&%s", w->query);
	if (w->cont != NULL) {
		buf_adds(&path, "&continue=");
		http_escape(&path, w->cont, strlen(w->cont), 0);
	} else {
		w->mark++;
	}
	rq.path = buf_str(&path);
	if (buf_check(&path, w->path, &f) == 0)
		w->call = kube_start(w->k, &rq, &f);
	buf_release(&path);
	if (w->call == NULL) {
		w->depth++;
		again(w, list, 0, f.msg);
		leave(w);
	}
}

/*
 * 1 when a Status says that our version is of no use: too old, or, after the
 * server's data was restored, not there yet.
 */
static int
useless_version(const cJSON *status, int code)
{
	const char *why = json_str(status, "message", NULL);

	return code == 410 ||
	       (why != NULL &&
		   strstr(why, "Too large resource version") != NULL);
}

/* One line of a stream. */
static void
take_event(struct kube_watch *w, const char *line, size_t n, double at_ms)
{
	cJSON *event = json_parse(line, n, NULL), *object;
	const char *type = json_str(event, "type", NULL), *version;

	object = json_at(event, "object", NULL);
	version = json_str(object, "metadata", "resourceVersion", NULL);
	if (type == NULL || object == NULL) {
		snprintf(w->trouble, sizeof(w->trouble),
		    "the stream is not of events");
		w->complained = w->expired = 1;
	} else if (strcmp(type, "ERROR") == 0) {
		w->complained = 1;
		if (useless_version(object, (int)json_num(object, "code", 0)))
			w->expired = 1;
		else
			snprintf(w->trouble, sizeof(w->trouble), "%s",
			    json_str(object, "message", NULL) != NULL ?
				json_str(object, "message", NULL) :
				"error in the stream");
	} else {
		w->delay = 0;
		w->refusals = 0;
		kube_watch_string(&w->version, version);
		cJSON_DetachItemViaPointer(event, object);
		if (strcmp(type, "ADDED") == 0 ||
		    strcmp(type, "MODIFIED") == 0) {
			kube_watch_upsert(w, object, at_ms);
			object = NULL;
		} else if (strcmp(type, "DELETED") == 0) {
			kube_watch_delete(w, object, at_ms);
		}
		cJSON_Delete(object); /* a bookmark's says only the version */
	}
	cJSON_Delete(event);
}

/* All whole lines that have arrived. */
static void
take_lines(struct kube_watch *w, double at_ms)
{
	size_t from = 0;
	char *end;

	while (!w->doomed && !w->expired &&
	       (end = memchr(w->rest.data + from + w->scanned, '\n',
		    w->rest.len - from - w->scanned)) != NULL) {
		if (end > w->rest.data + from)
			take_event(w, w->rest.data + from,
			    (size_t)(end - w->rest.data) - from, at_ms);
		from = (size_t)(end - w->rest.data) + 1;
		w->scanned = 0;
	}
	buf_eat(&w->rest, from);
	w->scanned = w->rest.len;
}

static int
on_stream(void *arg, int status, const char *p, size_t n)
{
	struct kube_watch *w = arg;
	double now = clock_ms();

	if (buf_add(&w->rest, p, n) != 0)
		return -1;
	if (status != 200)
		return 0; /* a Status, read at the end */
	if (!w->complained)
		w->trouble[0] = '\0';
	w->depth++;
	take_lines(w, now);
	if (leave(w))
		return 0; /* the call went with the watch */
	return w->expired ? -1 : 0;
}

/*
 * Lists because the version is of no use: at once, but a server that refuses
 * every version is not to be hammered.
 */
static void
relist(struct kube_watch *w, const char *why)
{
	if (w->refusals++ == 0)
		next(w, list);
	else
		again(w, list, 0, why);
}

static void
on_stream_end(void *arg, const struct http_result *r)
{
	struct kube_watch *w = arg;
	cJSON *status = NULL;
	const char *why = NULL;
	char words[sizeof(w->trouble)];

	w->call = NULL;
	w->depth++;
	if (r->error != NULL) {
		kube_words(w->k, r, words, sizeof(words));
		why = words;
	}
	if (r->status == 200) {
		if (!w->complained)
			w->trouble[0] = '\0';
		if (w->expired)
			relist(w, "the server no longer knows the version");
		else if (!w->complained &&
			 clock_ms() - w->since_ms >= WATCH_STEADY_MS)
			next(w, stream);
		else
			again(w, stream, 0, w->complained ? NULL : why);
	} else {
		status = json_parse(buf_str(&w->rest), w->rest.len, NULL);
		if (json_str(status, "message", NULL) != NULL)
			why = json_str(status, "message", NULL);
		if (why == NULL)
			why = "the watch was refused";
		if (useless_version(status, r->status))
			relist(w, why);
		else
			/* a list tells whether it can be had at all */
			again(w,
			    r->status >= 400 && r->status < 500 &&
				    r->status != 429 ?
				list :
				stream,
			    kube_retry_after(r), why);
	}
	cJSON_Delete(status);
	leave(w);
}

static void
stream(void *arg)
{
	struct kube_watch *w = arg;
	struct fault f = { 0 };
	struct buf path;
	double seconds;

	w->timer = NULL;
	w->expired = w->complained = 0;
	buf_clear(&w->rest);
	w->scanned = 0;
	w->since_ms = clock_ms();
	/* not all clients at once */
	seconds = WATCH_SHORTEST_S +
		  (WATCH_LONGEST_S - WATCH_SHORTEST_S) * kube_spread();
	buf_init(&path, 1 << 20);
	buf_addf(&path,
	    "%s?watch=1&allowWatchBookmarks=true&timeoutSeconds=%.0f", w->path,
	    seconds);
	if (w->query != NULL)
		buf_addf(&path, "&%s", w->query);
	if (w->version != NULL) {
		buf_adds(&path, "&resourceVersion=");
		http_escape(&path, w->version, strlen(w->version), 0);
	}
	if (buf_check(&path, w->path, &f) == 0)
		w->call = kube_stream_for(w->k, buf_str(&path),
		    seconds * 1000 + WATCH_GRACE_MS, on_stream, on_stream_end,
		    w, &f);
	buf_release(&path);
	if (w->call == NULL) {
		w->depth++;
		again(w, stream, 0, f.msg);
		leave(w);
	}
}

int
kube_watch_start(struct kube_watch *w, struct kube *k, const char *path,
    const char *query, struct fault *f)
{
	w->k = k;
	buf_init(&w->rest, KUBE_MAX_BODY);
	if (kube_watch_string(&w->path, path) != 0 ||
	    kube_watch_string(&w->query, query) != 0) {
		watch_release(w);
		return fault_nomem(f);
	}
	w->timer = loop_timer(k->loop, 0, list, w, f);
	if (w->timer == NULL) {
		watch_release(w);
		return -1;
	}
	return 0;
}

struct kube_watch *
kube_watch_new(struct kube *k, const char *path, const char *query,
    kube_watch_fn *fn, void *arg, struct fault *f)
{
	struct kube_watch *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		fault_nomem(f);
		return NULL;
	}
	w->fn = fn;
	w->arg = arg;
	return kube_watch_start(w, k, path, query, f) == 0 ? w : NULL;
}

void
kube_watch_free(struct kube_watch *w)
{
	if (w == NULL)
		return;
	if (w->depth == 0) {
		watch_release(w);
		return;
	}
	/* within a callback: quiet at once, gone when it has returned */
	w->doomed = 1;
	kube_cancel(w->k, w->call);
	w->call = NULL;
	loop_timer_cancel(w->k->loop, &w->timer);
}

const char *
kube_watch_trouble(const struct kube_watch *w)
{
	/* trouble lasts until an answer begins: a watch may then be quiet */
	if (w->trouble[0] == '\0' || (w->call != NULL && !w->complained &&
					 kube_call_status(w->call) == 200))
		return NULL;
	return w->trouble;
}
