/*
 * Running checks: see run.h.  A lane is a group under way; there are as many
 * as calls may go on at a time, and each has one call open.  All state of a
 * group (its captures, its place) dies with its lane.  The loop only calls and
 * times; a response is judged and told of by the worker, whose the lane is
 * meanwhile.
 */
#include "http-probe/run.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http-probe/judge.h"
#include "http-probe/report.h"
#include "http-probe/request.h"
#include "http-probe/worker.h"
#include "lib/clock.h"

#define END_MS 200 /* for what is being judged when a signal comes */

struct run;

/* What came of a call, for the worker. */
struct outcome {
	struct worker_job job;
	struct report *report;
	struct http_result result; /* points at the copies below */
	struct buf body, headers;
	char *error;
	struct verdict verdict;
	int final;          /* 1: another try would not help */
	int failed;         /* 1: fault ends the run */
	struct fault fault; /* the worker's own */
};

struct lane {
	struct run *run;
	const struct check *check; /* under way; NULL: the lane is free */
	size_t at;                 /* its index */
	long long call, attempt;   /* of repeat, of retry; from 1 */
	struct vars vars;          /* what the group has captured */
	char ts[CLOCK_TS_SIZE];
	char *url;
	struct outcome out;
};

struct run {
	const struct run_spec *spec;
	struct loop *loop;
	struct http *http;
	struct worker *worker;
	struct report *report; /* the worker's while there is a job */
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

int
run_bases_ok(const struct run_spec *s, struct fault *f)
{
	const struct check *c;
	size_t i;

	for (i = 0; i < s->checks->n; i++) {
		c = &s->checks->v[i];
		/* "${NEXT}" may become a URL; else it cannot be sent */
		if (*c->path != '/' || base_of(s, c) != NULL)
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

/* 1 when a check is likely to need TLS. */
static int
has_tls(const struct run_spec *s)
{
	const char *url;
	size_t i;

	for (i = 0; i < s->checks->n; i++) {
		url = *s->checks->v[i].path == '/' ?
			  base_of(s, &s->checks->v[i]) :
			  s->checks->v[i].path;
		if (strncmp(url, "https:", 6) == 0)
			return 1;
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

/* Keeps what is valid during the callback only. */
static int
outcome_keep(struct outcome *o, const struct http_result *h, struct fault *f)
{
	o->result = *h;
	buf_add(&o->body, h->body->data, h->body->len);
	buf_add(&o->headers, h->headers->data, h->headers->len);
	o->result.body = &o->body;
	o->result.headers = &o->headers;
	if (h->error != NULL && (o->error = strdup(h->error)) == NULL)
		return fault_nomem(f);
	o->result.error = o->error;
	if (buf_check(&o->body, "response", f) != 0)
		return -1;
	return buf_check(&o->headers, "response", f);
}

static void
outcome_release(struct outcome *o)
{
	verdict_release(&o->verdict);
	buf_release(&o->body);
	buf_release(&o->headers);
	free(o->error);
	*o = (struct outcome){ .failed = 0 };
	buf_init(&o->body, SIZE_MAX); /* http.h has the limit */
	buf_init(&o->headers, SIZE_MAX);
}

/* 1 when the call is to be made once more. */
static int
retried(const struct lane *l)
{
	return l->out.verdict.n > 0 && !l->out.final &&
	       l->attempt <= l->check->retries;
}

/* These three are the worker's: of a run they know what the lane has. */
static void
work_tell(void *arg)
{
	struct lane *l = arg;
	struct outcome *o = &l->out;

	o->failed = report_call(o->report, l->check, &o->result, &o->verdict,
			l->ts, l->url, l->attempt, &o->fault) != 0;
}

static void
work_judge(void *arg)
{
	struct lane *l = arg;
	struct outcome *o = &l->out;

	if (judge(l->check, &o->result, &l->vars, &o->verdict, &o->fault) != 0)
		o->failed = 1;
	else if (!retried(l))
		work_tell(l);
}

static void
work_skip(void *arg)
{
	struct lane *l = arg;
	struct outcome *o = &l->out;

	o->failed = report_skip(o->report, l->check,
			"a variable was not captured", &o->fault) != 0;
}

/* In the loop again: what is next. */
static void
lane_judged(void *arg)
{
	struct lane *l = arg;
	struct outcome *o = &l->out;
	struct run *r = l->run;
	int again = retried(l);

	if (o->failed) {
		*r->fault = o->fault;
		run_failed(r);
		return;
	}
	if (again) {
		l->attempt++;
	} else if (o->verdict.n == 0) {
		r->result->passed++;
	} else {
		r->result->failed++;
		r->result->no_answer += o->verdict.no_answer != 0;
	}
	if (o->final)
		l->call = l->check->repeat;
	outcome_release(o);
	if (again)
		lane_later(l, l->check->retry_delay);
	else
		lane_next(l);
}

static void
lane_skipped(void *arg)
{
	struct lane *l = arg;
	struct run *r = l->run;

	if (l->out.failed) {
		*r->fault = l->out.fault;
		run_failed(r);
		return;
	}
	r->result->skipped++;
	l->call = l->check->repeat;
	outcome_release(&l->out);
	lane_next(l);
}

static void
lane_work(struct lane *l, void (*work)(void *), void (*done)(void *))
{
	struct run *r = l->run;

	l->out.report = r->report;
	l->out.job =
	    (struct worker_job){ .work = work, .done = done, .arg = l };
	if (worker_do(r->worker, &l->out.job, r->fault) != 0)
		run_failed(r);
}

static void
lane_done(void *arg, const struct http_result *h)
{
	struct lane *l = arg;

	if (outcome_keep(&l->out, h, l->run->fault) != 0)
		run_failed(l->run);
	else
		lane_work(l, work_judge, lane_judged);
}

/* What was captured made a request that cannot be sent: its check failed. */
static void
lane_unsendable(struct lane *l)
{
	struct outcome *o = &l->out;

	o->final = 1;
	o->result.body = &o->body;
	o->result.headers = &o->headers;
	if (verdict_add(&o->verdict, l->run->fault, "not sent: %s",
		l->run->fault->msg) != 0)
		run_failed(l->run);
	else
		lane_work(l, work_tell, lane_judged);
}

static void
lane_call(void *arg)
{
	struct lane *l = arg;
	struct run *r = l->run;
	struct request p = { .n = 0 };
	int left = request_make(
	    &p, l->check, base_of(r->spec, l->check), &l->vars, r->fault);

	if (left > 0) {
		/* it needs what an earlier one failed to capture */
		lane_work(l, work_skip, lane_skipped);
	} else if (left == 0) {
		free(l->url);
		l->url = request_shown(&p);
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
	request_release(&p);
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
	    loop_signal(r.loop, SIGTERM, on_signal, &r, f) != 0 ||
	    /* after the signals, which its thread is to have blocked */
	    (r.worker = worker_new(r.loop, f)) == NULL)
		goto out;
	if (has_tls(s))
		http_warm(r.http);
	for (i = 0; i < s->concurrency; i++) {
		r.lanes[i].run = &r;
		outcome_release(&r.lanes[i].out);
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
	result->stuck = worker_free(r.worker, END_MS) != 0;
	loop_free(r.loop);
	free(r.taken);
	if (result->stuck)
		return rc;
	for (i = 0; r.lanes != NULL && i < s->concurrency; i++) {
		vars_release(&r.lanes[i].vars);
		free(r.lanes[i].url);
		outcome_release(&r.lanes[i].out);
	}
	report_free(r.report);
	free(r.lanes);
	return rc;
}
