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
#define KUBE_WEBHOOK_MS 5000   /* how long webhooks may be away, as with kapp */
#define KUBE_REFUSAL (1 << 20) /* bytes of a stream that is a refusal */

struct kube_call_state {
	struct kube *k;
	struct kube_call_state *next, **prevp; /* in k->calls */
	struct http *http;                     /* the client of call */
	struct http_call *call;                /* the attempt, or NULL */
	struct loop_timer *timer;              /* the next attempt, or NULL */
	char *method, *url, *content_type;
	struct buf body;
	int has_body;
	double timeout_ms, start_ms, give_up_ms, delay;
	int once, list, attempts, reauthorised, fresh;
	int unclear;   /* an attempt may have been carried out, unanswered */
	unsigned turn; /* of the credentials */
	int patient;   /* a stream that is tried again */
	int told;      /* some of it has been handed on */
	struct buf refusal; /* what came instead of the stream */
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
	buf_release(&c->refusal);
	free(c);
}

void
kube_calls_free(struct kube *k)
{
	while (k->calls != NULL)
		call_free(k->calls);
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

static void
finish_stream_fault(struct kube_call_state *c, const char *message)
{
	struct buf none = { 0 };
	struct http_result r = {
		.body = &none, .headers = &none, .error = message
	};
	http_done_fn *done = c->stream_done;
	void *arg = c->arg;

	call_free(c);
	done(arg, &r);
}

/* 1 when a success says that it is JSON, and is not: it was cut on its way. */
static int
is_broken(const struct http_result *r, const cJSON *body)
{
	char type[64];

	return r->error == NULL && r->status >= 200 && r->status < 300 &&
	       r->body->len > 0 && body == NULL &&
	       http_header(r, "content-type", type, sizeof(type)) &&
	       strncmp(type, "application/json", 16) == 0;
}

/* 1 when the server may have done what it was asked, and we do not know. */
static int
is_unclear(const struct http_result *r, int broken)
{
	return r->status == 0 ? !r->unsent :
				r->error != NULL || broken ||
				    r->status == 502 || r->status == 504;
}

/* 1 when it makes sense to ask again after this outcome. */
static int
may_retry(const struct kube_call_state *c, const struct http_result *r,
    const char *said, int broken)
{
	int post = strcmp(c->method, "POST") == 0;

	if (c->once)
		return 0;
	/* what may have been carried out is not created twice */
	if (r->status == 0)
		return r->refused ? r->unsent || !post : r->timed_out && !post;
	if (r->error != NULL || broken || r->status == 504)
		return !post;
	/* so servers before 1.21 call a field that their schema lacks */
	if (r->status == 500 &&
	    strstr(said, "failed to create typed patch") != NULL)
		return 0;
	/* it may be starting, but as likely it is not there at all */
	if (r->status == 500 && strstr(said, "failed calling webhook") != NULL)
		return clock_ms() - c->start_ms < KUBE_WEBHOOK_MS;
	return r->status == 429 || r->status == 500 || r->status == 502 ||
	       r->status == 503;
}

/*
 * Arranges another attempt: 1, or 0 when this was the last.  said is the body
 * of r, broken whether it was cut.
 */
static int
retry(struct kube_call_state *c, const struct http_result *r, const char *said,
    int broken)
{
	double wait, asked;

	if (r->status == 401 && !c->reauthorised) {
		c->reauthorised = 1;
		if (kube_auth_refused(c->k->auth, c->turn)) {
			c->timer = loop_timer(c->k->loop, 0, attempt, c, NULL);
			return c->timer != NULL;
		}
	}
	if (!may_retry(c, r, said, broken))
		return 0;
	if (is_unclear(r, broken) || r->resent)
		c->unclear = 1;
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

/* Fills reason and message of an answer that is no success. */
static void
describe(const struct kube *k, const struct http_result *r,
    struct kube_answer *a, char *words, size_t size)
{
	if (json_str(a->body, "reason", NULL) != NULL)
		a->reason = json_str(a->body, "reason", NULL);
	a->message = json_str(a->body, "message", NULL);
	if (r->error == NULL && a->message != NULL && a->message[0] != '\0')
		return;
	if (r->error != NULL)
		kube_words(k, r, words, size);
	else if (a->status == 0)
		snprintf(words, size, "%s: its answer is not whole JSON",
		    k->c.server);
	else
		snprintf(words, size, "HTTP status %d", a->status);
	a->message = words;
}

static void
on_answer(void *arg, const struct http_result *r)
{
	struct kube_call_state *c = arg;
	struct kube_answer a = { .status = r->error == NULL ? r->status : 0,
		.reason = "",
		.ms = r->timing.total,
		.attempts = c->attempts };
	struct json_items items;
	char words[1024];
	cJSON *body = NULL;
	int broken;

	c->call = NULL;
	if (r->status != 0) {
		c->k->answered = 1;
		c->k->shared = r->shared;
	}
	if (c->list && kube_ok(&a)) {
		body = json_parse_list(
		    buf_str(r->body), r->body->len, &items, NULL);
		a.items = &items;
	} else if (r->body->len > 0 && a.status != 0) {
		body = json_parse(buf_str(r->body), r->body->len, NULL);
	}
	broken = is_broken(r, body);
	if (retry(c, r, buf_str(r->body), broken))
		goto out;
	a.retry_after_ms = kube_retry_after(r);
	a.hopeless = r->status == 0 && !r->refused && !r->timed_out;
	a.unclear = c->unclear || r->resent;
	a.body = body;
	if (broken)
		a.status = 0;
	if (!kube_ok(&a))
		describe(c->k, r, &a, words, sizeof(words));
	finish(c, &a);
out:
	cJSON_Delete(body);
}

static void
on_stream_end(void *arg, const struct http_result *r)
{
	struct kube_call_state *c = arg;
	http_done_fn *done = c->stream_done;
	void *user = c->arg;

	c->call = NULL;
	if (r->status != 0)
		c->k->answered = 1;
	if (c->patient && !c->told && (r->status != 200 || r->error != NULL) &&
	    retry(c, r, buf_str(&c->refusal), 0)) {
		buf_clear(&c->refusal);
		return;
	}
	if (r->status == 401)
		kube_auth_refused(c->k->auth, c->turn); /* for the next */
	if (c->refusal.len > 0)
		c->data(user, r->status, c->refusal.data, c->refusal.len);
	call_free(c);
	done(user, r);
}

static int
on_stream_data(void *arg, int status, const char *p, size_t n)
{
	struct kube_call_state *c = arg;

	/* told only when it is the last word */
	if (c->patient && status >= 400)
		return buf_add(&c->refusal, p, n);
	c->told = 1;
	return c->data(c->arg, status, p, n);
}

/* When a request is no longer tried again. */
static double
give_up(const struct kube *k, double patience_ms)
{
	double at =
	    clock_ms() + (patience_ms > 0 ? patience_ms : k->patience_ms);

	return k->deadline_ms > 0 && k->deadline_ms < at ? k->deadline_ms : at;
}

/* Sets how long an attempt may last, 0: as long as it likes. */
static int
attempt_ms(const struct kube_call_state *c, double *ms, struct fault *f)
{
	double left = c->k->deadline_ms - clock_ms();

	*ms = c->timeout_ms;
	if (c->data != NULL || c->k->deadline_ms == 0)
		return 0;
	if (left <= 0)
		return fault_set(f, FAULT_UNSURE,
		    "%s: not asked, the time is up", c->k->c.server);
	if (left < *ms)
		*ms = left;
	return 0;
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
		.max_body = KUBE_MAX_BODY,
		.fresh = c->fresh,
		.once = strcmp(c->method, "POST") == 0,
		.join = 1,
		.on_data = c->data != NULL ? on_stream_data : NULL,
		.done = c->data != NULL ? on_stream_end : on_answer,
		.arg = c };

	if (kube_auth_token(c->k->auth, &rq.userpwd_bearer, f) != 0 ||
	    kube_check_client(c->k, f) != 0 ||
	    attempt_ms(c, &rq.timeout_ms, f) != 0)
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
	if (send_call(c, &f) == 0)
		return;
	if (c->data != NULL)
		finish_stream_fault(c, f.msg);
	else
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
	c->start_ms = clock_ms();
	buf_init(&c->body, KUBE_MAX_BODY);
	buf_init(&c->refusal, KUBE_REFUSAL);
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
	c->list = rq->list;
	c->timeout_ms = rq->timeout_ms > 0 ? rq->timeout_ms : KUBE_ATTEMPT_MS;
	c->give_up_ms = give_up(k, rq->patience_ms);
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

int
kube_call_status(const struct kube_call_state *c)
{
	return c->call != NULL ? http_call_status(c->call) : 0;
}

void
kube_cancel(struct kube *k, struct kube_call_state *c)
{
	(void)k;
	if (c != NULL)
		call_free(c);
}

static struct kube_call_state *
start_stream(struct kube *k, const char *path, double timeout_ms, int patient,
    http_data_fn *data, http_done_fn *done, void *arg, struct fault *f)
{
	struct kube_call_state *c = call_new(k, "GET", path, f);

	if (c == NULL)
		return NULL;
	c->data = data;
	c->stream_done = done;
	c->arg = arg;
	c->timeout_ms = timeout_ms;
	c->patient = patient;
	c->give_up_ms = give_up(k, 0);
	if (send_call(c, f) == 0)
		return c;
	call_free(c);
	return NULL;
}

struct kube_call_state *
kube_stream_for(struct kube *k, const char *path, double timeout_ms,
    http_data_fn *data, http_done_fn *done, void *arg, struct fault *f)
{
	return start_stream(k, path, timeout_ms, 0, data, done, arg, f);
}

struct kube_call_state *
kube_stream(struct kube *k, const char *path, http_data_fn *data,
    http_done_fn *done, void *arg, struct fault *f)
{
	return start_stream(k, path, 0, 1, data, done, arg, f);
}
