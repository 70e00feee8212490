/*
 * Why it failed, for people: the last log lines and the events of the pod
 * that failed, or the object's own events.  Asked for when all is over, so
 * each request simply waits for its answer, but not for long.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/kube_event.h"
#include "tool.h"
#include "wait.h"

#define LOG_BYTES 65536
#define LOG_WAIT_MS 5000
#define EXPLAIN_MS 10000
#define EVENTS_MAX 10

struct log {
	struct buf text;
	int status, done;
};

static int
log_data(void *arg, int status, const char *p, size_t n)
{
	struct log *l = arg;

	l->status = status;
	return buf_add(&l->text, p, n);
}

static void
log_done(void *arg, const struct http_result *r)
{
	struct log *l = arg;

	l->status = r->status;
	l->done = 1;
}

/*
 * Fetches the end of a container's log: 1 when there is something.  A kubelet
 * that does not answer is not waited for: the user wants the prompt back.
 */
static int
fetch_log(struct wait *w, const struct pod *p, const char *container,
    int previous, struct buf *out)
{
	struct log l = { 0 };
	struct kube_call_state *call;
	double end = clock_ms() + LOG_WAIT_MS;
	struct buf path;

	buf_init(&path, 4096);
	buf_init(&l.text, LOG_BYTES);
	kube_pod_path(&path, p->ns, p->name, container);
	buf_addf(&path, "&tailLines=%u&limitBytes=%d%s", w->log_lines,
	    LOG_BYTES, previous ? "&previous=true" : "");
	call =
	    kube_stream(w->kube, buf_str(&path), log_data, log_done, &l, NULL);
	while (call != NULL && !l.done && clock_ms() < end)
		if (loop_once(w->loop, end - clock_ms(), NULL) != 0)
			break;
	if (call != NULL && !l.done)
		kube_cancel(w->kube, call);
	if (l.done && l.status == 200)
		buf_add(out, buf_str(&l.text), l.text.len);
	buf_release(&path);
	buf_release(&l.text);
	return out->len > 0;
}

static void
print_indented(const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n + (s[n] == '\n')) {
		n = strcspn(s, "\n");
		fprintf(stderr, "    %.*s\n", (int)n, s);
	}
}

/* The container that has something to say: the first that is not well. */
static const cJSON *
troubled(const cJSON *object)
{
	static const char *const lists[] = { "initContainerStatuses",
		"containerStatuses", NULL };
	const cJSON *s, *fallback = NULL;
	int i;

	for (i = 0; lists[i] != NULL; i++)
		cJSON_ArrayForEach(
		    s, json_at(object, "status", lists[i], NULL)) {
			const cJSON *end =
			    json_at(s, "state", "terminated", NULL);

			if (end != NULL && json_num(end, "exitCode", 1) == 0)
				continue;
			if (json_bool(s, "ready", 0))
				continue;
			if (json_num(s, "restartCount", 0) > 0 || end != NULL)
				return s;
			if (fallback == NULL)
				fallback = s;
		}
	return fallback;
}

static void
explain_log(struct wait *w, const struct pod *p)
{
	const cJSON *container;
	const char *name;
	cJSON *object = NULL;
	struct buf path, text;
	int previous;

	buf_init(&path, 4096);
	buf_init(&text, LOG_BYTES);
	kube_pod_path(&path, p->ns, p->name, NULL);
	if (kube_call(w->kube, "GET", buf_str(&path), NULL, NULL, &object, NULL,
		NULL) != 0)
		goto out;
	container = troubled(object);
	name = json_str(container, "name", NULL);
	if (name == NULL)
		goto out;
	previous = json_at(container, "state", "waiting", NULL) != NULL;
	/* one that was just started again has not said anything yet */
	if (!fetch_log(w, p, name, previous, &text) &&
	    !fetch_log(w, p, name, !previous, &text))
		goto out;
	fprintf(
	    stderr, "  pod %s, container %s, last log lines:\n", p->name, name);
	print_indented(buf_str(&text));
out:
	cJSON_Delete(object);
	buf_release(&path);
	buf_release(&text);
}

static void
print_event(const cJSON *e)
{
	const char *type = json_str(e, "type", NULL);
	const char *reason = json_str(e, "reason", NULL);
	const char *message = json_str(e, "message", NULL);
	struct timespec then;
	double count = json_num(e, "count", 1);

	fputs("    ", stderr);
	if (kube_event_time(e, &then) == 0)
		fprintf(stderr, "%lds ago ", (long)(time(NULL) - then.tv_sec));
	fprintf(stderr, "%s %s: %s", type != NULL ? type : "Normal",
	    reason != NULL ? reason : "", message != NULL ? message : "");
	if (count > 1)
		fprintf(stderr, " (%.0f times)", count);
	fputc('\n', stderr);
}

/*
 * The last events of an object.  They are found by name: those of an object of
 * the same name before are its story as well.
 */
static void
explain_events(
    struct wait *w, const char *ns, const char *kind, const char *name)
{
	const cJSON *e, **v = NULL;
	cJSON *list = NULL;
	struct buf path;
	size_t n = 0, i;
	int size;

	buf_init(&path, 4096);
	buf_adds(&path, "/api/v1/namespaces/");
	http_escape(&path, ns, strlen(ns), 0);
	buf_adds(&path, "/events?fieldSelector=involvedObject.kind%3D");
	http_escape(&path, kind, strlen(kind), 0);
	buf_adds(&path, "%2CinvolvedObject.name%3D");
	http_escape(&path, name, strlen(name), 0);
	if (kube_call(w->kube, "GET", buf_str(&path), NULL, NULL, &list, NULL,
		NULL) != 0)
		goto out;
	size = cJSON_GetArraySize(json_at(list, "items", NULL));
	v = calloc((size_t)(size > 0 ? size : 1), sizeof *v);
	if (v == NULL || size == 0)
		goto out;
	cJSON_ArrayForEach(e, json_at(list, "items", NULL))
		v[n++] = e;
	qsort(v, n, sizeof *v, kube_event_order);
	fprintf(stderr, "  events of %s %s:\n", kind, name);
	for (i = n > EVENTS_MAX ? n - EVENTS_MAX : 0; i < n; i++)
		print_event(v[i]);
out:
	free(v);
	cJSON_Delete(list);
	buf_release(&path);
}

void
explain(struct target *t)
{
	struct wait *w = t->wait;
	struct pod *p = t->culprit;

	/* server trouble must not make the end wait for half a minute */
	kube_set_deadline(w->kube, clock_ms() + EXPLAIN_MS);
	kube_set_patience(w->kube, 1000);
	if (p != NULL) {
		char *ns = strdup(p->ns), *name = strdup(p->name);

		/* events go on meanwhile, and may take the pod away */
		explain_log(w, &(struct pod){ .ns = ns, .name = name });
		explain_events(w, ns, "Pod", name);
		free(ns);
		free(name);
	} else if (t->there)
		explain_events(w, t->ns != NULL ? t->ns : "default",
		    t->kind.kind, t->name);
}
