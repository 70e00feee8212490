/*
 * One request to the API server.  It is tried again for a while after 429,
 * 5xx and lost connections, since API servers restart under their clients; a
 * 401 gets one more try with new credentials.  A POST whose outcome is unknown
 * is not repeated: it could create a second object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kube_auth.h"
#include "kube_impl.h"

#define KUBE_ATTEMPT_MS 30000
#define KUBE_BACKOFF_FIRST 100
#define KUBE_FIRST_TRIES 4 /* of a server that never answered */
#define KUBE_BACKOFF_MAX 5000

struct kube_call_state {
	struct kube *k;
	struct kube_call_state *next, **prevp; /* in k->calls */
	struct http *http;                     /* the client of call */
	struct http_call *call;                /* the attempt, or NULL */
	struct loop_timer *timer;              /* the next attempt, or NULL */
	char *method, *url, *content_type;
	struct buf body;
	int has_body;
	double timeout_ms, give_up_ms, delay;
	int once, attempts, reauthorised, fresh;
	unsigned turn;      /* of the credentials */
	http_data_fn *data; /* a stream's */
	http_done_fn *stream_done;
	kube_done_fn *done;
	void *arg;
};

static void attempt(void *arg);

static void
call_free(struct kube_call_state *c)
{
	if (c->call != NULL)
		http_cancel(c->http, c->call);
	loop_timer_cancel(c->k->loop, &c->timer);
	if (c->prevp != NULL) {
		*c->prevp = c->next;
		if (c->next != NULL)
			c->next->prevp = c->prevp;
	}
	free(c->method);
	free(c->url);
	free(c->content_type);
	if (c->body.data != NULL) /* may be a Secret */
		explicit_bzero(c->body.data, c->body.len);
	buf_release(&c->body);
	free(c);
}

void
kube_calls_free(struct kube *k)
{
	while (k->calls != NULL)
		call_free(k->calls);
}

double
kube_spread(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	/* the low digits of the clock differ from client to client */
	return (double)((unsigned long)ts.tv_nsec * 2654435761UL % 1000003) /
	       1000003.0;
}

double
kube_backoff(double *delay, double first, double max)
{
	double wait;

	*delay = *delay < first ? first : *delay * 2;
	if (*delay > max)
		*delay = max;
	wait = *delay * (0.8 + 0.4 * kube_spread());
	/* reflected at the limits, which hold for what is really waited */
	if (wait < first)
		wait = 2 * first - wait;
	return wait > max ? 2 * max - wait : wait;
}

double
kube_retry_after(const struct http_result *r)
{
	char v[32], *end;
	long s;

	if (!http_header(r, "retry-after", v, sizeof(v)))
		return 0;
	s = strtol(v, &end, 10);
	if (end == v || *end != '\0' || s < 0)
		return 0;
	return s > 60 ? 60000 : (double)s * 1000;
}

/* Ends the request: c is gone before its callback is entered. */
static void
finish(struct kube_call_state *c, const struct kube_answer *a)
{
	kube_done_fn *done = c->done;
	void *arg = c->arg;

	call_free(c);
	if (done != NULL)
		done(arg, a);
}

static void
finish_fault(struct kube_call_state *c, const char *message)
{
	struct kube_answer a = { .reason = "",
		.message = message,
		.attempts = c->attempts,
		.hopeless = 1 };

	finish(c, &a);
}

/* 1 when it makes sense to ask again after this outcome. */
static int
may_retry(const struct kube_call_state *c, const struct http_result *r)
{
	int post = strcmp(c->method, "POST") == 0;

	if (c->once)
		return 0;
	/* what may have been carried out is not created twice */
	if (r->status == 0)
		return r->refused ? r->unsent || !post : r->timed_out && !post;
	if (r->error != NULL || r->status == 504)
		return !post;
	/* so servers before 1.21 call a field that their schema lacks */
	if (r->status == 500 &&
	    strstr(buf_str(r->body), "failed to create typed patch") != NULL)
		return 0;
	return r->status == 429 || r->status == 500 || r->status == 502 ||
	       r->status == 503;
}

/* Arranges another attempt: 1, or 0 when this was the last. */
static int
retry(struct kube_call_state *c, const struct http_result *r)
{
	double wait, asked;

	if (r->status == 401 && !c->reauthorised) {
		c->reauthorised = 1;
		if (kube_auth_refused(c->k->auth, c->turn)) {
			c->timer = loop_timer(c->k->loop, 0, attempt, c, NULL);
			return c->timer != NULL;
		}
	}
	if (!may_retry(c, r))
		return 0;
	wait = kube_backoff(&c->delay, KUBE_BACKOFF_FIRST, KUBE_BACKOFF_MAX);
	asked = kube_retry_after(r);
	if (asked > wait)
		wait = asked;
	if (clock_ms() + wait > c->give_up_ms)
		return 0;
	/* nobody has ever answered there: no cluster, rather than a restart */
	if (r->refused && !c->k->answered && c->attempts >= KUBE_FIRST_TRIES)
		return 0;
	/* a connection that does not answer is not worth keeping */
	c->fresh = r->timed_out;
	c->timer = loop_timer(c->k->loop, wait, attempt, c, NULL);
	return c->timer != NULL;
}

static void
on_answer(void *arg, const struct http_result *r)
{
	struct kube_call_state *c = arg;
	struct kube_answer a = { .status = r->error == NULL ? r->status : 0,
		.reason = "",
		.ms = r->timing.total,
		.attempts = c->attempts };
	char plain[64];
	cJSON *body = NULL;

	c->call = NULL;
	if (r->status != 0)
		c->k->answered = 1;
	if (retry(c, r))
		return;
	a.retry_after_ms = kube_retry_after(r);
	a.hopeless = r->status == 0 && !r->refused && !r->timed_out;
	if (r->body->len > 0 && a.status != 0)
		body = json_parse(buf_str(r->body), r->body->len, NULL);
	a.body = body;
	if (!kube_ok(&a)) {
		a.message = r->error;
		if (json_str(body, "reason", NULL) != NULL)
			a.reason = json_str(body, "reason", NULL);
		if (a.message == NULL)
			a.message = json_str(body, "message", NULL);
		if (a.message == NULL || a.message[0] == '\0') {
			snprintf(
			    plain, sizeof(plain), "HTTP status %d", a.status);
			a.message = plain;
		}
	}
	finish(c, &a);
	cJSON_Delete(body);
}

static void
on_stream_end(void *arg, const struct http_result *r)
{
	struct kube_call_state *c = arg;
	http_done_fn *done = c->stream_done;
	void *user = c->arg;

	c->call = NULL;
	if (r->status == 401)
		kube_auth_refused(c->k->auth, c->turn); /* for the next */
	call_free(c);
	done(user, r);
}

static int
on_stream_data(void *arg, int status, const char *p, size_t n)
{
	struct kube_call_state *c = arg;

	return c->data(c->arg, status, p, n);
}

static int
send_call(struct kube_call_state *c, struct fault *f)
{
	const char *headers[3] = { "Accept: application/json", NULL, NULL };
	struct http_request rq = { .method = c->method,
		.url = c->url,
		.headers = headers,
		.body = c->has_body ? buf_str(&c->body) : NULL,
		.body_len = c->body.len,
		.timeout_ms = c->timeout_ms,
		.max_body = KUBE_MAX_BODY,
		.fresh = c->fresh,
		.on_data = c->data != NULL ? on_stream_data : NULL,
		.done = c->data != NULL ? on_stream_end : on_answer,
		.arg = c };

	if (kube_auth_token(c->k->auth, &rq.userpwd_bearer, f) != 0 ||
	    kube_check_client(c->k, f) != 0)
		return -1;
	if (c->has_body)
		headers[1] = c->content_type;
	if (c->data != NULL)
		headers[0] = "Accept: */*";
	c->attempts++;
	c->turn = kube_auth_turn(c->k->auth);
	c->http = c->k->http;
	c->call = http_start(c->http, &rq, f);
	return c->call != NULL ? 0 : -1;
}

static void
attempt(void *arg)
{
	struct kube_call_state *c = arg;
	struct fault f = { 0 };

	c->timer = NULL;
	if (send_call(c, &f) != 0)
		finish_fault(c, f.msg);
}

static struct kube_call_state *
call_new(struct kube *k, const char *method, const char *path, struct fault *f)
{
	struct kube_call_state *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		fault_nomem(f);
		return NULL;
	}
	c->k = k;
	buf_init(&c->body, KUBE_MAX_BODY);
	c->next = k->calls;
	c->prevp = &k->calls;
	if (c->next != NULL)
		c->next->prevp = &c->next;
	k->calls = c;
	c->method = strdup(method != NULL ? method : "GET");
	if (asprintf(&c->url, "%s%s", k->c.server, path) == -1)
		c->url = NULL;
	if (c->method == NULL || c->url == NULL) {
		call_free(c);
		fault_nomem(f);
		return NULL;
	}
	return c;
}

struct kube_call_state *
kube_start(struct kube *k, const struct kube_request *rq, struct fault *f)
{
	struct kube_call_state *c = call_new(k, rq->method, rq->path, f);
	const char *type =
	    rq->content_type != NULL ? rq->content_type : "application/json";

	if (c == NULL)
		return NULL;
	c->done = rq->done;
	c->arg = rq->arg;
	c->once = rq->once;
	c->timeout_ms = rq->timeout_ms > 0 ? rq->timeout_ms : KUBE_ATTEMPT_MS;
	c->give_up_ms = clock_ms() + (rq->patience_ms > 0 ? rq->patience_ms :
							    k->patience_ms);
	c->has_body = rq->body != NULL;
	if (asprintf(&c->content_type, "Content-Type: %s", type) == -1) {
		c->content_type = NULL;
		fault_nomem(f);
		goto fail;
	}
	if (rq->body != NULL &&
	    buf_add(&c->body, rq->body, rq->body_len) != 0) {
		buf_check(&c->body, rq->path, f);
		goto fail;
	}
	/* sent at once; a failure is told here, not through the callback */
	if (send_call(c, f) != 0)
		goto fail;
	return c;
fail:
	call_free(c);
	return NULL;
}

void
kube_cancel(struct kube *k, struct kube_call_state *c)
{
	(void)k;
	if (c != NULL)
		call_free(c);
}

struct kube_call_state *
kube_stream_for(struct kube *k, const char *path, double timeout_ms,
    http_data_fn *data, http_done_fn *done, void *arg, struct fault *f)
{
	struct kube_call_state *c = call_new(k, "GET", path, f);

	if (c == NULL)
		return NULL;
	c->data = data;
	c->stream_done = done;
	c->arg = arg;
	c->timeout_ms = timeout_ms;
	if (send_call(c, f) == 0)
		return c;
	call_free(c);
	return NULL;
}

struct kube_call_state *
kube_stream(struct kube *k, const char *path, http_data_fn *data,
    http_done_fn *done, void *arg, struct fault *f)
{
	return kube_stream_for(k, path, 0, data, done, arg, f);
}
