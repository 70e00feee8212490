/*
 * One request on its way: see call.h.  A call outlives its request when the
 * peer goes while a query runs, so it owns copies of all that the query uses.
 */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/record.h"
#include "tool.h"

#define BODY_MAX ((size_t)64 << 10) /* of an error */

static void
call_free(struct call *c)
{
	size_t i;

	for (i = 0; i < ROUTE_SEGMENTS; i++)
		free(c->path[i]);
	for (i = 0; c->query != NULL && i < c->route->n_queries; i++)
		free(c->query[i]);
	for (i = 0; c->redis != NULL && i < c->route->n_steps; i++)
		free(c->redis[i]);
	free(c->query);
	free(c->redis);
	free(c->body);
	free(c->values);
	free(c);
}

/* The request has ended, answered or not. */
static void
on_request_end(void *arg)
{
	struct call *c = arg;

	c->rq = NULL;
	if (!c->waiting)
		call_free(c);
}

/* Copies what the route's parameters stand for: 0, or -1 without memory. */
static int
copy_values(struct call *c, const struct capture *captured)
{
	const struct route *r = c->route;
	const struct buf *body = httpd_body(c->rq);
	const char *v;
	size_t i;

	c->query = calloc(r->n_queries + 1, sizeof *c->query);
	c->redis = calloc(r->n_steps + 1, sizeof *c->redis);
	c->values = calloc(r->sql.n + 1, sizeof *c->values);
	if (c->query == NULL || c->redis == NULL || c->values == NULL)
		return -1;
	for (i = 0; i < r->n_segments; i++) {
		c->path[i] = strndup(captured->at[i], captured->len[i]);
		if (c->path[i] == NULL)
			return -1;
	}
	for (i = 0; i < r->n_queries; i++) {
		v = httpd_query(c->rq, r->queries[i]);
		if (v != NULL && (c->query[i] = strdup(v)) == NULL)
			return -1;
	}
	if (body->len > 0) {
		c->body = strndup(body->data, body->len);
		if (c->body == NULL)
			return -1;
	}
	return 0;
}

struct call *
call_new(struct serve *sv, struct httpd_req *rq, const struct route *route,
    const struct capture *captured)
{
	struct call *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->sv = sv;
	c->rq = rq;
	c->begun = clock_ms();
	c->route = route;
	if (route != NULL && copy_values(c, captured) != 0) {
		call_free(c);
		return NULL;
	}
	httpd_set(rq, c, on_request_end);
	return c;
}

const char *
call_value(const struct call *c, const struct param *p)
{
	switch (p->kind) {
	case PARAM_PATH:
		return c->path[p->index];
	case PARAM_QUERY:
		return c->query[p->index];
	case PARAM_REDIS:
		return c->redis[p->index];
	default:
		return c->body;
	}
}

void
call_bind(struct call *c)
{
	const struct sql *q = &c->route->sql;
	size_t i;

	for (i = 0; i < q->n; i++)
		c->values[i] = call_value(c, &q->params[i]);
}

int
call_resume(struct call *c)
{
	c->waiting = 0;
	if (c->rq != NULL)
		return 1;
	call_free(c);
	return 0;
}

static void
add_timing(struct call *c)
{
	char v[80];
	int n = 0;

	if (c->asked_db)
		n = snprintf(v, sizeof v, "db;dur=%.3f", c->db_ms);
	if (c->asked_redis)
		n += snprintf(v + n, sizeof v - (size_t)n, "%sredis;dur=%.3f",
		    n > 0 ? ", " : "", c->redis_ms);
	if (n > 0)
		httpd_add_header(c->rq, "Server-Timing", v);
}

void
call_log(struct call *c, int status, size_t bytes)
{
	struct record r;
	struct fault f;

	record_init(&r);
	record_begin(&r, "access");
	record_ts(&r);
	record_str(&r, "method", httpd_method(c->rq));
	record_str(&r, "path", httpd_path(c->rq));
	record_str(&r, "route", c->route != NULL ? c->route->path : NULL);
	record_int(&r, "status", status);
	record_ms(&r, "ms", clock_ms() - c->begun);
	if (c->asked_db)
		record_ms(&r, "db_ms", c->db_ms);
	if (c->asked_redis)
		record_ms(&r, "redis_ms", c->redis_ms);
	record_int(&r, "bytes", (long long)bytes);
	record_str(&r, "peer", httpd_peer(c->rq));
	if ((record_end(&r, stdout, &f) != 0 || fflush(stdout) != 0) &&
	    !c->sv->log_failed) {
		c->sv->log_failed = 1;
		tool_warn("access log: cannot be written");
	}
	record_release(&r);
}

void
call_answer(struct call *c, int status, const char *body, size_t len)
{
	struct httpd_req *rq = c->rq;

	add_timing(c);
	call_log(c, status, len);
	/* without memory httpd closes the connection: all that can be said */
	httpd_answer(
	    rq, status, len > 0 ? "application/json" : NULL, body, len);
}

void
call_error(struct call *c, int status, const char *message)
{
	struct buf b;

	buf_init(&b, BODY_MAX);
	buf_adds(&b, "{\"error\":");
	json_write_string(&b, message, strlen(message));
	buf_addc(&b, '}');
	call_answer(c, status, buf_str(&b), b.len);
	buf_release(&b);
}
