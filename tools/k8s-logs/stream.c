/*
 * One container's log: "TIME TEXT" lines from the API into records or text.
 * When the connection is lost while following, the log is asked for again from
 * the second of its last line, and what has been told is not told twice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "logs.h"
#include "tool.h"

/*
 * Whether a stream has ended because its container has is for the pod's status
 * to say, which the kubelet writes a moment later: END_CHECKS looks at it.
 */
#define RESUME_MS 1000
#define RESUMES 8 /* of a log that is not followed, without a line */
#define END_CHECK_MS 100
#define END_CHECKS 20

static kube_log_fn on_line;

struct stream *
stream_add(struct logs *l, const char *pod, const char *container,
    const char *id, struct fault *f)
{
	struct stream **v, *s = calloc(1, sizeof(*s));

	v = reallocarray(l->v, l->n + 1, sizeof(*v));
	if (v != NULL)
		l->v = v;
	if (s == NULL || v == NULL)
		goto nomem;
	s->logs = l;
	kube_log_init(&s->log, on_line, s);
	buf_init(&s->refusal, 1 << 16);
	s->pod = strdup(pod);
	s->container = strdup(container);
	s->id = strdup(id);
	if (s->pod == NULL || s->container == NULL || s->id == NULL)
		goto nomem;
	v[l->n++] = s;
	return s;
nomem:
	stream_free(s);
	fault_nomem(f);
	return NULL;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	kube_cancel(s->logs->kube, s->call);
	loop_timer_cancel(s->logs->loop, &s->timer);
	kube_log_release(&s->log);
	buf_release(&s->refusal);
	free(s->pod);
	free(s->container);
	free(s->id);
	free(s);
}

/* Nobody can be told any more: all streams end. */
static void
write_failed(struct logs *l, const struct fault *f)
{
	l->status = tool_worse(l->status, tool_fault(f));
	l->stopped = 1;
	loop_stop(l->loop);
}

/* What has come so far is handed on: following is for the present. */
static void
hand_on(struct logs *l)
{
	struct fault f = { 0 };

	if (fflush(stdout) == 0)
		return;
	fault_sys(&f, FAULT_UNSURE, errno, RECORD_OUTPUT);
	write_failed(l, &f);
}

static void
tell_text(struct stream *s, const char *ts, const char *text, size_t n)
{
	if (s->logs->prefix)
		printf("%s/%s ", s->pod, s->container);
	if (s->logs->timestamps)
		printf("%s ", ts);
	fwrite(text, 1, n, stdout);
	putchar('\n');
}

static void
tell_record(struct stream *s, const char *ts, const char *text, size_t n)
{
	struct record *r = &s->logs->record;
	struct fault f = { 0 };

	record_begin(r, "log");
	record_str(r, "pod", s->pod);
	record_str(r, "container", s->container);
	record_str(r, "ts", ts);
	record_strn(r, "line", text, n);
	if (record_end(r, stdout, &f) != 0)
		write_failed(s->logs, &f);
}

/* The time in front of a line is the node's. */
static void
on_line(void *arg, const struct timespec *at, const char *text, size_t n)
{
	struct stream *s = arg;
	char room[CLOCK_TS_SIZE];
	const char *ts;

	if (s->logs->stopped)
		return;
	away_line(s);
	if (at == NULL) { /* no line, but why there is none */
		tool_warn("%s/%s: the node says: %.*s", s->pod, s->container,
		    (int)(n < 500 ? n : 500), text);
		s->logs->status = tool_worse(s->logs->status, FAULT_UNSURE);
		return;
	}
	ts = clock_format(room, at, 0);
	if (s->logs->text)
		tell_text(s, ts, text, n);
	else
		tell_record(s, ts, text, n);
}

static int
on_data(void *arg, int status, const char *p, size_t n)
{
	struct stream *s = arg;

	if (status != 200)
		return buf_add(&s->refusal, p, n);
	s->logs->heard = 1;
	kube_log_feed(&s->log, p, n);
	hand_on(s->logs);
	return s->logs->stopped ? -1 : 0;
}

/* Asks for what is missing of a log, unless nobody has it any more. */
static void
begin_again(void *arg)
{
	struct stream *s = arg;
	struct fault f = { 0 };

	s->timer = NULL;
	if (s->logs->follow) {
		/* the present log may be another run's, which tells its own */
		enum run run = logs_run(s->logs, s);

		s->before = run == RUN_BEFORE;
		s->over = run == RUN_LOST;
		if (s->over) {
			tool_warn("%s/%s: the rest of its log is lost: the "
				  "container is gone",
			    s->pod, s->container);
			s->logs->status =
			    tool_worse(s->logs->status, FAULT_UNSURE);
		}
	}
	if (s->over || stream_begin(s, &f) == 0)
		return;
	s->over = 1;
	s->logs->status = tool_worse(s->logs->status, tool_fault(&f));
}

/*
 * A stream has ended well.  When following, the container should have ended as
 * well, which its status may tell a little later; if it goes on to run, it was
 * the server's doing and the log is asked for again.
 */
static void
check_end(void *arg)
{
	struct stream *s = arg;
	struct logs *l = s->logs;

	s->timer = NULL;
	if (l->stopped || !l->follow || logs_run(l, s) != RUN_GOES_ON) {
		s->over = 1;
	} else if (s->checks++ < END_CHECKS) {
		s->timer =
		    loop_timer(l->loop, END_CHECK_MS, check_end, s, NULL);
		s->over = s->timer == NULL;
	} else {
		begin_again(s);
	}
}

/* Why there is no log, or not all of it. */
static void
refusal(struct stream *s, const struct http_result *r, struct fault *f)
{
	cJSON *status = json_parse(buf_str(&s->refusal), s->refusal.len, NULL);
	struct kube_answer a = { .status = r->error == NULL ? r->status : 0 };
	char name[600];

	a.message = json_str(status, "message", NULL);
	if (a.message == NULL)
		a.message = r->error != NULL ? r->error : "refused";
	snprintf(name, sizeof(name), "%s/%s", s->pod, s->container);
	kube_fault(&a, name, f);
	cJSON_Delete(status);
}

/* A stream that was cut goes on; one that is followed, whatever happens. */
static int
may_resume(const struct stream *s, int status)
{
	if (s->logs->follow)
		return status == 200 || status == 0 || status == 429 ||
		       status >= 500;
	return status == 200 && s->lost < RESUMES;
}

static void
on_end(void *arg, const struct http_result *r)
{
	struct stream *s = arg;
	struct logs *l = s->logs;
	struct fault f = { 0 };

	s->call = NULL;
	if (r->status == 200 && r->error == NULL) {
		kube_log_end(&s->log);
		hand_on(l);
	}
	if (l->stopped || (r->status == 200 && r->error == NULL)) {
		s->checks = 0;
		check_end(s);
		return;
	}
	refusal(s, r, &f);
	if (may_resume(s, r->status)) {
		if (l->follow && r->status != 200)
			away_stream(s, &f);
		if (r->status == 0)
			l->heard = 0;
		buf_clear(&s->refusal);
		s->timer = loop_timer(l->loop, s->lost++ == 0 ? 0 : RESUME_MS,
		    begin_again, s, NULL);
		if (s->timer != NULL)
			return;
	}
	l->status = tool_worse(l->status, tool_fault(&f));
	s->over = 1;
}

/*
 * --tail and --since are for what was there when we came: a run that starts
 * while it is followed is told from its beginning, and what was lost with a
 * connection is asked for by the time of the last line.
 */
int
stream_begin(struct stream *s, struct fault *f)
{
	const struct logs *l = s->logs;
	struct buf path;
	size_t n;
	int r = -1;

	buf_init(&path, 8192);
	kube_pod_path(&path, l->ns, s->pod, s->container);
	buf_adds(&path, "&timestamps=true");
	if (l->follow && !s->before)
		buf_adds(&path, "&follow=true");
	if (l->previous || s->before)
		buf_adds(&path, "&previous=true");
	n = path.len;
	kube_log_resume(&s->log, &path);
	if (path.len == n && s->old) {
		if (l->tail >= 0)
			buf_addf(&path, "&tailLines=%lld", l->tail);
		if (l->since > 0)
			buf_addf(&path, "&sinceSeconds=%lld", l->since);
		if (l->since_time != NULL) {
			buf_adds(&path, "&sinceTime=");
			http_escape(
			    &path, l->since_time, strlen(l->since_time), 0);
		}
	}
	if (buf_check(&path, s->pod, f) == 0) {
		s->call =
		    kube_stream(l->kube, buf_str(&path), on_data, on_end, s, f);
		r = s->call != NULL ? 0 : -1;
	}
	buf_release(&path);
	return r;
}
