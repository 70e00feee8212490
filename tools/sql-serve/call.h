/*
 * One request on its way, and how it is answered and logged.
 */
#ifndef CALL_H
#define CALL_H

#include "lib/buf.h"
#include "routes.h"
#include "serve.h"

struct call {
	struct serve *sv;
	struct httpd_req *rq;      /* NULL: the peer is gone */
	const struct route *route; /* NULL: none, or built in */
	int waiting;               /* a reply or a result will come */
	size_t step;               /* the Redis step that is due */
	double begun;              /* clock_ms */
	double sent;               /* clock_ms of the Redis command under way */
	double db_ms, redis_ms;
	int asked_db, asked_redis;
	/* what parameters stand for; NULL for null, all owned */
	char *path[ROUTE_SEGMENTS];
	char **query, **redis;
	char *body;
	const char **values; /* of the statement; borrowed from above */
};

/*
 * A call for a request, which frees it when both have ended.  route and
 * its captures may be NULL.  NULL without memory.
 */
struct call *call_new(struct serve *sv, struct httpd_req *rq,
    const struct route *route, const struct capture *captured);

/* The value of a parameter; NULL for null. */
const char *call_value(const struct call *c, const struct param *p);

/* Fills c->values for the route's statement. */
void call_bind(struct call *c);

/* To be called when what a call waited for has come: 0 when it is gone. */
int call_resume(struct call *c);

/* Answers with a JSON body and logs; then c is not to be used any more. */
void call_answer(struct call *c, int status, const char *body, size_t len);

/* As call_answer with {"error": message}. */
void call_error(struct call *c, int status, const char *message);

/* Writes the line of the access log for an answer of that size. */
void call_log(struct call *c, int status, size_t bytes);

#endif
