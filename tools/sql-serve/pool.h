/*
 * A pool of database connections in a loop.  Statements are prepared on each
 * connection when first asked for there; who finds no connection free waits
 * in a bounded queue.
 */
#ifndef POOL_H
#define POOL_H

#include "lib/fault.h"
#include "lib/loop.h"
#include "lib/pg.h"

struct pool;

/*
 * Called once with the outcome: a result (of any status; the pool's own), or
 * NULL and why when the connection was lost.  ms is the time from sending to
 * the result, waiting in the queue not included.
 */
typedef void
pool_fn(void *arg, PGresult *res, const struct fault *why, double ms);

struct pool_spec {
	const char *dsn;     /* borrowed; NULL: libpq's environment */
	unsigned size;       /* connections */
	unsigned queue;      /* who may wait at most */
	unsigned statements; /* their numbers are below this */
};

struct pool_query {
	unsigned statement;
	const char *sql;
	int n;
	const char *const *values; /* n texts or NULLs */
	pool_fn *fn;
	int (*left)(void *arg); /* 1: nobody waits for it now; or NULL */
	void *arg; /* sql, values and what they point to live until fn */
};

/*
 * Starts to connect; a database that is not up yet is tried again, with
 * longer and longer pauses, up to 2 s.  NULL with f filled.
 */
struct pool *
pool_new(struct loop *l, const struct pool_spec *spec, struct fault *f);

/*
 * Runs or queues a query: 0.  One that waited and is not wanted any more when
 * its turn comes is not run: fn gets FAULT_NO then.  -1 with FAULT_UNSURE, and
 * fn is not called, when no connection is up, or the queue is full.
 */
int pool_run(struct pool *p, const struct pool_query *q, struct fault *f);

/* Ends all connections; queries that are open get their fn with NULL. */
void pool_free(struct pool *p);

#endif
