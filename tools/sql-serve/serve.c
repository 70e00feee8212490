/*
 * Requests: see serve.h.  Each goes through the same steps in order (route,
 * body, Redis, statement, answer) and gives up at the first that says no.
 */
#include "serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "lib/clock.h"
#include "lib/scan.h"
#include "static.h"
#include "tool.h"

#define LEFT 499 /* for the log, as nginx has it */

static void next_step(struct call *c);

/* ---- results ---- */

/* For the operator: what a 500 does not tell the client. */
static void
report(const struct call *c, const PGresult *res, const char *message)
{
	const struct route *r = c->route;
	const char *pos = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	unsigned line = r->sql_line;
	long n = pos != NULL ? strtol(pos, NULL, 10) : 0;
	const char *p;

	for (p = r->sql.text; *p != '\0' && n > 1; p++, n--)
		if (*p == '\n')
			line++;
	tool_warn("%s:%u: %s %s: %s%s%s", r->file, line, r->method, r->path,
	    message, res != NULL && *pg_state(res) != '\0' ? ": " : "",
	    pg_state(res));
}

/* 1 when the server refused a parameter's value before it ran anything. */
static int
is_bad_parameter(const PGresult *res)
{
	const char *context = PQresultErrorField(res, PG_DIAG_CONTEXT);

	return strncmp(pg_state(res), "22", 2) == 0 && context != NULL &&
	       strstr(context, "portal parameter $") != NULL;
}

static int
status_of(const PGresult *res)
{
	static const struct {
		const char *state;
		int status;
	} map[] = {
		{ "22P02", 400 }, /* invalid_text_representation */
		{ "23505", 409 }, /* unique_violation */
		{ "23502", 422 }, /* not_null_violation */
		{ "23503", 422 }, /* foreign_key_violation */
		{ "23514", 422 }, /* check_violation */
	};
	size_t i;

	for (i = 0; i < sizeof map / sizeof *map; i++)
		if (strcmp(pg_state(res), map[i].state) == 0)
			return map[i].status;
	return is_bad_parameter(res) ? 400 : 500;
}

static void
answer_error(struct call *c, const PGresult *res)
{
	const char *msg = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	int status = status_of(res);

	if (msg == NULL)
		msg = "no message";
	if (status == 500) {
		report(c, res, msg);
		msg = "internal error";
	}
	call_error(c, status, msg);
}

static void
answer_row(struct call *c, const PGresult *res)
{
	int rows = PQntuples(res);

	if (rows > 1 || PQnfields(res) != 1) {
		report(c, NULL, "gave other than one row with one column");
		call_error(c, 500, "internal error");
	} else if (rows == 0 || PQgetisnull(res, 0, 0))
		call_error(c, 404, "not found");
	else if (c->route->status == 204)
		call_answer(c, 204, "", 0);
	else
		call_answer(c, c->route->status, PQgetvalue(res, 0, 0),
		    (size_t)PQgetlength(res, 0, 0));
}

static void
on_result(void *arg, PGresult *res, const struct fault *why, double ms)
{
	struct call *c = arg;

	if (!call_resume(c))
		return;
	c->db_ms = ms;
	c->asked_db = 1;
	if (res == NULL && why->code == FAULT_NO)
		call_error(c, LEFT, why->msg);
	else if (res == NULL) /* the pool has said why */
		call_error(c, 503, "the database is not available");
	else if (PQresultStatus(res) == PGRES_TUPLES_OK)
		answer_row(c, res);
	else if (PQresultStatus(res) == PGRES_FATAL_ERROR)
		answer_error(c, res);
	else {
		report(c, NULL, "gives no rows (RETURNING is missing)");
		call_error(c, 500, "internal error");
	}
}

static void
unavailable(struct call *c, const char *message)
{
	httpd_add_header(c->rq, "Retry-After", "1");
	call_error(c, 503, message);
}

static int
has_left(void *arg)
{
	const struct call *c = arg;

	return c->rq == NULL || httpd_peer_left(c->rq);
}

static void
run_statement(struct call *c)
{
	const struct route *r = c->route;
	struct pool_query q = { .statement = r->id,
		.sql = r->sql.text,
		.n = (int)r->sql.n,
		.values = c->values,
		.fn = on_result,
		.left = has_left,
		.arg = c };

	call_bind(c);
	c->waiting = 1;
	if (pool_run(c->sv->pool, &q, NULL) != 0) {
		c->waiting = 0;
		unavailable(c, "the database is not available");
	}
}

/* ---- Redis steps ---- */

/* A reply as a parameter's text in *text (NULL for nil): 0 or -1. */
static int
reply_text(const redisReply *r, char **text)
{
	struct buf b;
	int rc;

	*text = NULL;
	if (r->type == REDIS_REPLY_NIL)
		return 0;
	buf_init(&b, (size_t)16 << 20);
	if (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS)
		rc = buf_add(&b, r->str, r->len);
	else
		rc = redis_write_json(&b, r);
	if (rc == 0)
		*text = buf_take(&b);
	buf_release(&b);
	return *text != NULL ? 0 : -1;
}

static void
on_reply(void *arg, const redisReply *reply)
{
	struct call *c = arg;

	if (!call_resume(c))
		return;
	c->redis_ms += clock_ms() - c->sent;
	c->asked_redis = 1;
	if (reply == NULL) {
		unavailable(c, "redis is not available");
		return;
	}
	if (reply->type == REDIS_REPLY_ERROR ||
	    reply_text(reply, &c->redis[c->step]) != 0) {
		tool_warn("%s:%u: redis: %s", c->route->file,
		    c->route->steps[c->step].line,
		    reply->type == REDIS_REPLY_ERROR ?
			reply->str :
			"the reply is too large");
		call_error(c, 500, "internal error");
		return;
	}
	c->step++;
	next_step(c);
}

/* The arguments of a step; -1 when one of them is null (answered then). */
static int
step_args(struct call *c, const struct step *st, const char **argv)
{
	char message[300];
	size_t i;

	for (i = 0; i < st->n; i++) {
		const struct step_arg *a = &st->args[i];

		argv[i] = a->word != NULL ? a->word : call_value(c, &a->param);
		if (argv[i] != NULL)
			continue;
		if (a->param.kind == PARAM_BODY)
			snprintf(message, sizeof message, "a body is wanted");
		else
			snprintf(message, sizeof message,
			    "parameter %.200s is missing", a->param.name);
		call_error(c, 400, message);
		return -1;
	}
	return 0;
}

/* The Redis step that is due, or the statement behind the last one. */
static void
next_step(struct call *c)
{
	const struct route *r = c->route;
	const struct step *st = &r->steps[c->step];
	const char **argv;

	if (c->step == r->n_steps) {
		run_statement(c);
		return;
	}
	argv = calloc(st->n, sizeof *argv);
	if (argv == NULL) {
		unavailable(c, "out of memory");
		return;
	}
	if (step_args(c, st, argv) == 0) {
		c->waiting = 1;
		c->sent = clock_ms();
		if (link_send(c->sv->link, (int)st->n, argv, NULL, on_reply, c,
			NULL) != 0) {
			c->waiting = 0;
			unavailable(c, "redis is not available");
		}
	}
	free(argv);
}

/* ---- requests ---- */

static void
on_health(void *arg, PGresult *res, const struct fault *why, double ms)
{
	static const char up[] = "{\"status\":\"ok\"}";
	struct call *c = arg;

	(void)why;
	if (!call_resume(c))
		return;
	c->db_ms = ms;
	c->asked_db = 1;
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		call_error(c, 503, "the database is not available");
	else
		call_answer(c, 200, up, sizeof up - 1);
}

static void
answer_health(struct call *c)
{
	struct pool_query q = { .statement = (unsigned)c->sv->routes->n,
		.sql = "SELECT 1",
		.fn = on_health,
		.arg = c };

	c->waiting = 1;
	if (pool_run(c->sv->pool, &q, NULL) != 0) {
		c->waiting = 0;
		call_error(c, 503, "the database is not available");
	}
}

/* No route: a method that the path has not, a file, or nothing. */
static void
answer_other(struct call *c, const char *allow)
{
	const char *method = httpd_method(c->rq);
	const char *path = httpd_path(c->rq);
	int status,
	    reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	size_t bytes;

	if (allow[0] != '\0') {
		httpd_add_header(c->rq, "Allow", allow);
		if (strcmp(method, "OPTIONS") == 0)
			call_answer(c, 204, "", 0);
		else
			call_error(c, 405, "method not allowed");
	} else if (reads && c->sv->root != NULL &&
		   static_answer(c->sv->root, c->rq, path, &status, &bytes))
		call_log(c, status, bytes);
	else
		call_error(c, 404, "not found");
}

static int
is_health(const struct httpd_req *rq)
{
	return strcmp(httpd_path(rq), "/health") == 0 &&
	       (strcmp(httpd_method(rq), "GET") == 0 ||
		   strcmp(httpd_method(rq), "HEAD") == 0);
}

/*
 * 1 when the body is there and cannot be used, answered then: it is no JSON,
 * or has the escape of NUL, which PostgreSQL's text has not.
 */
static int
bad_body(struct call *c)
{
	const struct buf *body = httpd_body(c->rq);
	struct scan_value v;
	struct fault f;

	if (body->len == 0)
		return 0;
	if (scan_value(body->data, body->len, &v, &f) != 0)
		fault_prefix(&f, "the body is not JSON");
	else if (scan_has_zero(body->data, body->len))
		fault_set(&f, FAULT_INPUT, "the body has a NUL character");
	else
		return 0;
	call_error(c, 400, f.msg);
	return 1;
}

void
serve_too_large(void *arg, struct httpd_req *rq)
{
	struct call *c = call_new(arg, rq, NULL, NULL);

	if (c == NULL)
		httpd_answer(rq, 413, NULL, "", 0);
	else
		call_error(c, 413, "the body is too large");
}

void
serve_request(void *arg, struct httpd_req *rq)
{
	struct serve *sv = arg;
	const struct route *r;
	struct capture captured;
	struct call *c;
	char allow[64];

	r = is_health(rq) ? NULL :
			    routes_match(sv->routes, httpd_method(rq),
				httpd_path(rq), &captured, allow, sizeof allow);
	c = call_new(sv, rq, r, &captured);
	if (c == NULL) {
		httpd_answer(rq, 503, NULL, "", 0);
		return;
	}
	/* path and parameters would end there */
	if (strstr(httpd_target(rq), "%00") != NULL)
		call_error(c, 400, "the URL has a NUL character");
	else if (is_health(rq))
		answer_health(c);
	else if (r == NULL)
		answer_other(c, allow);
	else if (!bad_body(c))
		next_step(c);
}
