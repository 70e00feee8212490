/*
 * Running checks: see run.h.  A lane is a group under way; there are as many
 * as calls may go on at a time, and each has one call open.  All state of a
 * group (its captures, its place) dies with its lane.
 */
#include "http-probe/run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http-probe/judge.h"
#include "http-probe/report.h"
#include "lib/clock.h"

struct run;

struct lane {
	struct run *run;
	const struct check *check; /* under way; NULL: the lane is free */
	size_t at;                 /* its index */
	long long call, attempt;   /* of repeat, of retry; from 1 */
	struct vars vars;          /* what the group has captured */
	char ts[CLOCK_TS_SIZE];
	char *url;
};

struct run {
	const struct run_spec *spec;
	struct loop *loop;
	struct http *http;
	struct report *report;
	struct lane *lanes;
	char *taken; /* per check: its group has been started */
	size_t next; /* the first check that may not be taken */
	size_t busy; /* lanes under way */
	struct run_result *result;
	struct fault *fault; /* of what ended the run */
	int failed;
};

static void lane_call(void *arg);
static void lane_next(struct lane *l);

static const char *
base_of(const struct run_spec *s, const struct check *c)
{
	const char *otherwise = NULL;
	size_t i;

	for (i = 0; i < s->bases_n; i++) {
		if (s->bases[i].name == NULL)
			otherwise = s->bases[i].url;
		else if (c->service != NULL &&
			 strcmp(c->service, s->bases[i].name) == 0)
			return s->bases[i].url;
	}
	if (otherwise == NULL && c->service == NULL && s->bases_n == 1)
		return s->bases[0].url;
	return otherwise;
}

static int
absolute(const char *path)
{
	return strncmp(path, "http://", 7) == 0 ||
	       strncmp(path, "https://", 8) == 0;
}

int
run_bases_ok(const struct run_spec *s, struct fault *f)
{
	const struct check *c;
	size_t i;

	for (i = 0; i < s->checks->n; i++) {
		c = &s->checks->v[i];
		if (absolute(c->path) || base_of(s, c) != NULL)
			continue;
		if (c->service != NULL)
			return fault_set(f, FAULT_INPUT,
			    "%s:%lu: service %s: no --base is given for it",
			    c->file, c->line, c->service);
		return fault_set(f, FAULT_INPUT,
		    "%s:%lu: no service, and not exactly one --base", c->file,
		    c->line);
	}
	return 0;
}

static int
same_group(const struct check *a, const struct check *b)
{
	return a->group != NULL && b->group != NULL && a->file == b->file &&
	       strcmp(a->group, b->group) == 0;
}

static void
run_failed(struct run *r)
{
	r->failed = 1;
	loop_stop(r->loop);
}

/* The lane's next step happens in a turn of its own, so steps do not nest. */
static void
lane_later(struct lane *l, double ms)
{
	if (loop_timer(l->run->loop, ms, lane_call, l, l->run->fault) == NULL)
		run_failed(l->run);
}

/* Gives a free lane the first group that has not been started. */
static void
lane_start(struct lane *l)
{
	struct run *r = l->run;
	const struct checks *c = r->spec->checks;
	size_t i;

	while (r->next < c->n && r->taken[r->next])
		r->next++;
	if (r->next == c->n)
		return;
	l->at = r->next;
	l->check = &c->v[l->at];
	l->call = l->attempt = 1;
	l->vars.outer = r->spec->vars;
	for (i = l->at; i < c->n; i++)
		if (i == l->at || same_group(l->check, &c->v[i]))
			r->taken[i] = 1;
	r->busy++;
	lane_later(l, 0);
}

static void
lane_end(struct lane *l)
{
	struct run *r = l->run;

	vars_release(&l->vars);
	l->check = NULL;
	r->busy--;
	lane_start(l);
	if (r->busy == 0)
		loop_stop(r->loop);
}

/* Goes on with the next call, or the group's next check, or ends the lane. */
static void
lane_next(struct lane *l)
{
	const struct checks *c = l->run->spec->checks;
	const struct check *was = l->check;

	l->attempt = 1;
	if (l->call < was->repeat) {
		l->call++;
		lane_later(l, 0);
		return;
	}
	l->call = 1;
	while (++l->at < c->n)
		if (same_group(was, &c->v[l->at]))
			break;
	if (l->at == c->n) {
		lane_end(l);
		return;
	}
	l->check = &c->v[l->at];
	lane_later(l, 0);
}

static void
lane_done(void *arg, const struct http_result *h)
{
	struct lane *l = arg;
	struct run *r = l->run;
	struct verdict v = { .n = 0 };

	if (judge(l->check, h, &l->vars, &v, r->fault) != 0) {
		run_failed(r);
	} else if (v.n > 0 && l->attempt <= l->check->retries) {
		l->attempt++;
		lane_later(l, l->check->retry_delay);
	} else {
		if (report_call(r->report, l->check, h, &v, l->ts, l->url,
			l->attempt, r->fault) != 0)
			run_failed(r);
		if (v.n == 0)
			r->result->passed++;
		else
			r->result->failed++;
		r->result->no_answer += v.no_answer != 0;
		lane_next(l);
	}
	verdict_release(&v);
}

/* The request's parts with the group's captures in place. */
struct parts {
	struct buf url, body;
	struct buf *headers;
	const char **lines;
	size_t n;
};

static void
parts_release(struct parts *p)
{
	size_t i;

	buf_release(&p->url);
	buf_release(&p->body);
	for (i = 0; p->headers != NULL && i < p->n; i++)
		buf_release(&p->headers[i]);
	free(p->headers);
	free(p->lines);
}

static int
parts_make(struct parts *p, struct lane *l, struct fault *f)
{
	const struct check *c = l->check;
	int left;
	size_t i;

	buf_init(&p->url, 1 << 20);
	buf_init(&p->body, 16 << 20);
	p->n = c->headers_n + 1;
	p->headers = calloc(p->n, sizeof(*p->headers));
	p->lines = calloc(p->n + 1, sizeof(*p->lines));
	if (p->headers == NULL || p->lines == NULL)
		return fault_nomem(f);
	if (!absolute(c->path))
		buf_adds(&p->url, base_of(l->run->spec, c));
	left = vars_expand(&l->vars, c->path, VARS_PLAIN, &p->url);
	if (c->body != NULL)
		left |= vars_expand(&l->vars, c->body,
		    c->json ? VARS_JSON : VARS_PLAIN, &p->body);
	for (i = 0; i < p->n; i++) {
		buf_init(&p->headers[i], 1 << 16);
		if (i < c->headers_n) {
			buf_addf(&p->headers[i], "%s: ", c->headers[i].name);
			left |= vars_expand(&l->vars, c->headers[i].value,
			    VARS_PLAIN, &p->headers[i]);
		} else if (c->json)
			buf_adds(
			    &p->headers[i], "Content-Type: application/json");
		p->lines[i] =
		    p->headers[i].len > 0 ? buf_str(&p->headers[i]) : NULL;
	}
	/* a part cut short must not be sent */
	if (left != -1 && (buf_check(&p->url, "URL", f) != 0 ||
			      buf_check(&p->body, "body", f) != 0))
		left = -1;
	for (i = 0; left != -1 && i < p->n; i++)
		if (buf_check(&p->headers[i], "header", f) != 0)
			left = -1;
	return left;
}

/* A check that needs what an earlier one failed to capture is not sent. */
static void
lane_skip(struct lane *l)
{
	struct run *r = l->run;

	r->result->skipped++;
	if (report_skip(r->report, l->check, "a variable was not captured",
		r->fault) != 0)
		run_failed(r);
	l->call = l->check->repeat;
	lane_next(l);
}

/* What was captured made a request that cannot be sent: its check failed. */
static void
lane_unsendable(struct lane *l)
{
	struct run *r = l->run;
	struct buf none = { 0 };
	struct http_result h = { .body = &none, .headers = &none };
	struct verdict v = { .n = 0 };

	if (verdict_add(&v, r->fault, "not sent: %s", r->fault->msg) != 0 ||
	    report_call(r->report, l->check, &h, &v, l->ts, l->url, l->attempt,
		r->fault) != 0) {
		run_failed(r);
	} else {
		r->result->failed++;
		l->call = l->check->repeat;
		lane_next(l);
	}
	verdict_release(&v);
}

static void
lane_call(void *arg)
{
	struct lane *l = arg;
	struct run *r = l->run;
	struct parts p = { .n = 0 };
	int left = parts_make(&p, l, r->fault);

	if (left > 0) {
		lane_skip(l);
	} else if (left == 0) {
		free(l->url);
		l->url = strdup(buf_str(&p.url));
		clock_ts(l->ts);
		if (l->url == NULL)
			left = fault_nomem(r->fault);
		else if (http_start(r->http,
			     &(struct http_request){ .method = l->check->method,
				 .url = buf_str(&p.url),
				 .headers = p.lines,
				 .body = l->check->body != NULL ?
					     buf_str(&p.body) :
					     NULL,
				 .body_len = p.body.len,
				 .timeout_ms = r->spec->timeout_ms,
				 .done = lane_done,
				 .arg = l },
			     r->fault) == NULL)
			left = -1;
	}
	parts_release(&p);
	if (left == -1 && r->fault->code == FAULT_INPUT)
		lane_unsendable(l);
	else if (left == -1)
		run_failed(r);
}

static void
on_signal(void *arg, int signo)
{
	struct run *r = arg;

	r->result->signo = signo;
	loop_stop(r->loop);
}

int
run_checks(const struct run_spec *s, struct run_result *result, struct fault *f)
{
	struct run r = { .spec = s, .result = result, .fault = f };
	size_t i;
	int rc = -1;

	*result = (struct run_result){ 0 };
	r.taken = calloc(s->checks->n + 1, 1);
	r.lanes = calloc(s->concurrency, sizeof(*r.lanes));
	if (r.taken == NULL || r.lanes == NULL) {
		fault_nomem(f);
		goto out;
	}
	if ((r.loop = loop_new(f)) == NULL ||
	    (r.http = http_new(r.loop, s->tls, f)) == NULL ||
	    (r.report = report_new(s->checks, f)) == NULL ||
	    loop_signal(r.loop, SIGINT, on_signal, &r, f) != 0 ||
	    loop_signal(r.loop, SIGTERM, on_signal, &r, f) != 0)
		goto out;
	for (i = 0; i < s->concurrency; i++) {
		r.lanes[i].run = &r;
		lane_start(&r.lanes[i]);
	}
	rc = 0;
	if (r.busy > 0)
		rc = loop_run(r.loop, f);
	if (r.failed)
		rc = -1;
	else if (rc == 0 && r.busy > 0 && result->signo == 0)
		rc = fault_set(f, FAULT_UNSURE,
		    "calls were lost: libcurl waits for nothing any more");
out:
	http_free(r.http);
	for (i = 0; r.lanes != NULL && i < s->concurrency; i++) {
		vars_release(&r.lanes[i].vars);
		free(r.lanes[i].url);
	}
	report_free(r.report);
	loop_free(r.loop);
	free(r.lanes);
	free(r.taken);
	return rc;
}
