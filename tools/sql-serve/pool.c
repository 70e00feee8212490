/*
 * A pool of database connections: see pool.h.  libpq without blocking, one
 * state machine per connection.  While no connection is up only one is tried,
 * so that a database that is coming up is not knocked at N times a second; when
 * it answers the others follow.  A query that was sent is never sent again:
 * nobody knows what it has done.
 */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "tool.h"

#define RETRY_FIRST 100.0   /* ms */
#define RETRY_LAST 2000.0   /* ms */
#define CONNECT_MAX 10000.0 /* ms from the start to a connection */

/* What each connection is told first: no query runs longer than that. */
#define GREETING "SET statement_timeout TO '30s'"

enum conn_state {
	CONN_PARKED,     /* waits until another one is up */
	CONN_PAUSED,     /* its timer tries again */
	CONN_CONNECTING, /* PQconnectPoll */
	CONN_GREETING,
	CONN_IDLE,
	CONN_PREPARING,
	CONN_RUNNING,
};

struct job {
	struct job *next;
	int waits; /* found no connection free */
	struct pool_query q;
};

struct conn {
	struct pool *pool;
	PGconn *pg;
	enum conn_state state;
	int fd; /* in the loop, or -1 */
	uint32_t events;
	struct loop_timer *timer;
	double since; /* clock_ms when the query was sent */
	struct job *job;
	PGresult *res;           /* of the job, until all is read */
	unsigned char *prepared; /* by statement */
};

struct pool {
	struct loop *loop;
	struct pool_spec spec;
	struct job *head, **tail; /* the queue */
	unsigned queued, up;
	double pause;    /* before the next attempt */
	char last[1024]; /* what was said last about the database */
	struct conn conns[];
};

static void conn_start(struct conn *c);
static void conn_lost(struct conn *c);
static void on_event(void *arg, int fd, uint32_t events);

static void
say(struct pool *p, const char *what)
{
	if (strncmp(p->last, what, sizeof p->last - 1) == 0)
		return;
	snprintf(p->last, sizeof p->last, "%s", what);
	tool_warn("%s", what);
}

static int
conn_up(const struct conn *c)
{
	return c->state >= CONN_IDLE;
}

static void
conn_watch(struct conn *c, uint32_t events)
{
	int fd = PQsocket(c->pg);

	if (c->fd == fd && c->events == events)
		return;
	if (c->fd != -1 && c->fd != fd)
		loop_fd_drop(c->pool->loop, c->fd);
	c->fd = fd;
	c->events = events;
	if (fd == -1 ||
	    loop_fd(c->pool->loop, fd, events, on_event, c, NULL) != 0)
		c->fd = -1;
}

static void
conn_unwatch(struct conn *c)
{
	if (c->fd != -1)
		loop_fd_drop(c->pool->loop, c->fd);
	c->fd = -1;
	c->events = 0;
}

/* Ends a job: fn has it, and it is gone. */
static void
job_end(struct job *j, PGresult *res, const struct fault *why, double ms)
{
	j->q.fn(j->q.arg, res, why, ms);
	free(j);
}

/* Takes what waits longest; NULL when nothing does. */
static struct job *
queue_take(struct pool *p)
{
	struct job *j = p->head;

	if (j == NULL)
		return NULL;
	p->head = j->next;
	if (p->head == NULL)
		p->tail = &p->head;
	p->queued--;
	return j;
}

static void
fail_queue(struct pool *p, const struct fault *why)
{
	struct job *j;

	while ((j = queue_take(p)) != NULL)
		job_end(j, NULL, why, 0);
}

/* ---- queries ---- */

/* Sends what the job needs next: its preparation, or itself. */
static void
conn_send(struct conn *c)
{
	const struct pool_query *q = &c->job->q;
	char name[16];
	int sent;

	snprintf(name, sizeof name, "s%u", q->statement);
	if (c->prepared[q->statement]) {
		c->state = CONN_RUNNING;
		sent = PQsendQueryPrepared(
		    c->pg, name, q->n, q->values, NULL, NULL, 0);
	} else {
		c->state = CONN_PREPARING;
		sent = PQsendPrepare(c->pg, name, q->sql, 0, NULL);
	}
	if (!sent)
		conn_lost(c);
	else
		conn_watch(c, EPOLLIN | (PQflush(c->pg) == 1 ? EPOLLOUT : 0));
}

/*
 * Gives a free connection what waits longest.  Clients that gave up while
 * they waited often ask again: running their old queries first would keep the
 * queue as long as it is.
 */
static void
conn_next(struct conn *c)
{
	struct fault why;
	struct job *j;

	c->state = CONN_IDLE;
	fault_set(&why, FAULT_NO, "the client has left");
	while (c->state == CONN_IDLE && (j = queue_take(c->pool)) != NULL) {
		if (j->waits && j->q.left != NULL && j->q.left(j->q.arg)) {
			job_end(j, NULL, &why, 0);
			continue;
		}
		c->job = j;
		c->since = clock_ms();
		conn_send(c);
	}
}

static int
is_error(const PGresult *res)
{
	return PQresultStatus(res) == PGRES_FATAL_ERROR;
}

/* A plan that no longer fits, or one that somebody deallocated. */
static int
is_stale(const PGresult *res)
{
	const char *state = pg_state(res);

	return is_error(res) &&
	       (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0);
}

/* The server has said all about what was sent last. */
static void
conn_done(struct conn *c)
{
	struct pool *p = c->pool;
	PGresult *res = c->res;
	struct job *j = c->job;
	unsigned i;

	c->res = NULL;
	if (c->state == CONN_GREETING) {
		PQclear(res);
		p->up++;
		p->pause = RETRY_FIRST;
		say(p, "database: connected");
		loop_timer_cancel(p->loop, &c->timer);
		conn_next(c);
		for (i = 0; i < p->spec.size; i++)
			if (p->conns[i].state == CONN_PARKED)
				conn_start(&p->conns[i]);
		return;
	}
	if (c->state == CONN_PREPARING && !is_error(res)) {
		c->prepared[j->q.statement] = 1;
		PQclear(res);
		conn_send(c);
		return;
	}
	c->job = NULL;
	/* fn may ask for more: this connection is then free already */
	c->state = CONN_IDLE;
	job_end(j, res, NULL, clock_ms() - c->since);
	if (is_stale(res))
		conn_lost(c);
	else if (c->state == CONN_IDLE)
		conn_next(c);
	PQclear(res);
}

static void
conn_read(struct conn *c)
{
	PGresult *res;

	while (!PQisBusy(c->pg)) {
		res = PQgetResult(c->pg);
		if (res == NULL)
			break;
		PQclear(c->res);
		c->res = res;
	}
	if (PQstatus(c->pg) == CONNECTION_BAD) {
		conn_lost(c);
		return;
	}
	if (PQisBusy(c->pg) || c->state == CONN_IDLE)
		return;
	if (c->res == NULL)
		conn_lost(c);
	else
		conn_done(c);
}

/* ---- connecting ---- */

static void
on_pause_over(void *arg)
{
	struct conn *c = arg;

	c->timer = NULL;
	conn_start(c);
}

static void
on_connect_late(void *arg)
{
	struct conn *c = arg;

	c->timer = NULL;
	conn_lost(c);
}

/* 1 when another connection is up or on its way. */
static int
others_try(const struct conn *c)
{
	const struct pool *p = c->pool;
	unsigned i;

	for (i = 0; i < p->spec.size; i++)
		if (&p->conns[i] != c && p->conns[i].state != CONN_PARKED)
			return 1;
	return 0;
}

/* Ends a connection and decides when to try again. */
static void
conn_lost(struct conn *c)
{
	struct pool *p = c->pool;
	struct job *j = c->job;
	int was_up = conn_up(c);
	struct fault why;

	pg_conn_fault(c->pg, &why);
	conn_unwatch(c);
	loop_timer_cancel(p->loop, &c->timer);
	PQclear(c->res);
	PQfinish(c->pg);
	c->res = NULL;
	c->pg = NULL;
	c->job = NULL;
	if (was_up)
		p->up--;
	if (p->up == 0)
		say(p, why.msg);
	c->state = p->up == 0 && others_try(c) ? CONN_PARKED : CONN_PAUSED;
	if (c->state == CONN_PAUSED) {
		c->timer =
		    loop_timer(p->loop, p->pause, on_pause_over, c, NULL);
		if (c->timer == NULL)
			c->state = CONN_PARKED;
		p->pause =
		    p->pause * 2 < RETRY_LAST ? p->pause * 2 : RETRY_LAST;
	}
	if (j != NULL)
		job_end(j, NULL, &why, 0);
	if (p->up == 0)
		fail_queue(p, &why);
}

static void
conn_poll(struct conn *c)
{
	switch (PQconnectPoll(c->pg)) {
	case PGRES_POLLING_READING:
		conn_watch(c, EPOLLIN);
		return;
	case PGRES_POLLING_WRITING:
		conn_watch(c, EPOLLOUT);
		return;
	case PGRES_POLLING_OK:
		break;
	default:
		conn_lost(c);
		return;
	}
	memset(c->prepared, 0, c->pool->spec.statements);
	c->state = CONN_GREETING;
	if (PQsetnonblocking(c->pg, 1) != 0 || !PQsendQuery(c->pg, GREETING))
		conn_lost(c);
	else
		conn_watch(c, EPOLLIN | (PQflush(c->pg) == 1 ? EPOLLOUT : 0));
}

static void
conn_start(struct conn *c)
{
	struct pool *p = c->pool;
	struct fault f;

	c->state = CONN_CONNECTING;
	c->pg = pg_connect_start(p->spec.dsn, "sql-serve", &f);
	if (c->pg == NULL) {
		/* the DSN was checked: no memory */
		say(p, f.msg);
		c->state = CONN_PAUSED;
		c->timer =
		    loop_timer(p->loop, RETRY_LAST, on_pause_over, c, NULL);
		return;
	}
	if (PQstatus(c->pg) == CONNECTION_BAD) {
		conn_lost(c);
		return;
	}
	c->timer = loop_timer(p->loop, CONNECT_MAX, on_connect_late, c, NULL);
	/* libpq: before the first poll the socket is to be writable */
	conn_watch(c, EPOLLOUT);
}

static void
on_event(void *arg, int fd, uint32_t events)
{
	struct conn *c = arg;
	int more;

	(void)fd;
	if (c->state == CONN_CONNECTING) {
		/* libpq may close the socket and open another */
		conn_unwatch(c);
		conn_poll(c);
		return;
	}
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 &&
	    !PQconsumeInput(c->pg)) {
		conn_lost(c);
		return;
	}
	more = PQflush(c->pg);
	if (more == -1) {
		conn_lost(c);
		return;
	}
	conn_watch(c, EPOLLIN | (more == 1 ? EPOLLOUT : 0));
	conn_read(c);
}

/* ---- the pool ---- */

struct pool *
pool_new(struct loop *l, const struct pool_spec *spec, struct fault *f)
{
	struct pool *p;
	unsigned i;

	if (pg_check_dsn(spec->dsn, f) != 0)
		return NULL;
	p = calloc(1, sizeof *p + spec->size * sizeof p->conns[0]);
	if (p == NULL) {
		fault_nomem(f);
		return NULL;
	}
	p->loop = l;
	p->spec = *spec;
	p->tail = &p->head;
	p->pause = RETRY_FIRST;
	for (i = 0; i < spec->size; i++) {
		p->conns[i].pool = p;
		p->conns[i].fd = -1;
		p->conns[i].prepared = calloc(spec->statements + 1, 1);
		if (p->conns[i].prepared == NULL) {
			fault_nomem(f);
			pool_free(p);
			return NULL;
		}
	}
	conn_start(&p->conns[0]);
	return p;
}

int
pool_run(struct pool *p, const struct pool_query *q, struct fault *f)
{
	struct job *j;
	unsigned i;

	if (p->up == 0)
		return fault_set(f, FAULT_UNSURE, "%s",
		    p->last[0] != '\0' ? p->last : "database: not connected");
	if (p->queued >= p->spec.queue)
		return fault_set(f, FAULT_UNSURE,
		    "database: %u requests wait already", p->queued);
	j = malloc(sizeof *j);
	if (j == NULL)
		return fault_nomem(f);
	*j = (struct job){ .q = *q };
	*p->tail = j;
	p->tail = &j->next;
	p->queued++;
	for (i = 0; i < p->spec.size; i++)
		if (p->conns[i].state == CONN_IDLE) {
			conn_next(&p->conns[i]);
			return 0;
		}
	j->waits = 1;
	return 0;
}

void
pool_free(struct pool *p)
{
	struct fault why;
	unsigned i;

	if (p == NULL)
		return;
	fault_set(&why, FAULT_UNSURE, "the server is stopping");
	for (i = 0; i < p->spec.size; i++) {
		struct conn *c = &p->conns[i];

		conn_unwatch(c);
		loop_timer_cancel(p->loop, &c->timer);
		if (c->job != NULL)
			job_end(c->job, NULL, &why, 0);
		PQclear(c->res);
		PQfinish(c->pg);
		free(c->prepared);
	}
	fail_queue(p, &why);
	free(p);
}
