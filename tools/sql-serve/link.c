/*
 * The connection to Redis: see link.h.  hiredis' asynchronous interface with
 * its hooks tied to our loop.  A server that stops to answer is found by one
 * timer that each reply pushes on, since a later reply cannot come before an
 * earlier one.
 */
#include "link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define RETRY_FIRST 100.0 /* ms */
#define RETRY_LAST 2000.0 /* ms */
#define REPLY_MAX 2000.0  /* ms */

struct link {
	struct loop *loop;
	struct redis_url url;
	redisAsyncContext *redis; /* NULL: between two attempts */
	struct loop_timer *retry, *late;
	double pause;
	unsigned open; /* commands without a reply */
	int up, closing;
	int refused; /* by the greeting: this connection never comes up */
	int fd;
	uint32_t events; /* that fd is watched for */
	char last[600];  /* what was said last */
};

/* A command on its way. */
struct sent {
	struct link *link;
	link_fn *fn;
	void *arg;
};

static void link_start(struct link *k);
static void retry(struct link *k);

static void
say(struct link *k, const char *what)
{
	char line[sizeof k->last];

	snprintf(line, sizeof line, "redis %.200s:%d: %.300s", k->url.host,
	    k->url.port, what);
	if (k->closing || strcmp(line, k->last) == 0)
		return;
	memcpy(k->last, line, sizeof k->last);
	tool_warn("%s", line);
}

/* ---- hiredis' hooks ---- */

static void
on_event(void *arg, int fd, uint32_t events)
{
	struct link *k = arg;

	(void)fd;
	if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 && k->redis != NULL)
		redisAsyncHandleRead(k->redis);
	if ((events & EPOLLOUT) != 0 && k->redis != NULL)
		redisAsyncHandleWrite(k->redis);
}

static void
watch(struct link *k, uint32_t events)
{
	if (events == k->events)
		return;
	k->events = events;
	if (events == 0)
		loop_fd_drop(k->loop, k->fd);
	else
		/* without memory nothing happens, and on_late finds out */
		loop_fd(k->loop, k->fd, events, on_event, k, NULL);
}

static void
add_read(void *arg)
{
	struct link *k = arg;

	watch(k, k->events | EPOLLIN);
}

static void
del_read(void *arg)
{
	struct link *k = arg;

	watch(k, k->events & ~(uint32_t)EPOLLIN);
}

static void
add_write(void *arg)
{
	struct link *k = arg;

	watch(k, k->events | EPOLLOUT);
}

static void
del_write(void *arg)
{
	struct link *k = arg;

	watch(k, k->events & ~(uint32_t)EPOLLOUT);
}

static void
cleanup(void *arg)
{
	watch(arg, 0);
}

/* ---- replies ---- */

static void
on_late(void *arg)
{
	struct link *k = arg;

	k->late = NULL;
	k->up = 0;
	say(k, "no answer in time");
	/* all that are open get NULL; on_disconnect follows if we were up */
	redisAsyncFree(k->redis);
	if (k->redis != NULL)
		retry(k);
}

static void
push_timer(struct link *k)
{
	loop_timer_cancel(k->loop, &k->late);
	if (k->open > 0)
		k->late = loop_timer(k->loop, REPLY_MAX, on_late, k, NULL);
}

static void
on_reply(redisAsyncContext *c, void *reply, void *arg)
{
	struct sent *s = arg;
	struct link *k = s->link;

	(void)c;
	k->open--;
	push_timer(k);
	s->fn(s->arg, reply);
	free(s);
}

/* ---- connecting ---- */

static void
on_retry(void *arg)
{
	struct link *k = arg;

	k->retry = NULL;
	link_start(k);
}

static void
retry(struct link *k)
{
	watch(k, 0);
	k->redis = NULL;
	k->up = 0;
	loop_timer_cancel(k->loop, &k->late);
	if (k->closing)
		return;
	k->retry = loop_timer(k->loop, k->pause, on_retry, k, NULL);
	k->pause = k->pause * 2 < RETRY_LAST ? k->pause * 2 : RETRY_LAST;
}

static void
on_disconnect(const redisAsyncContext *c, int status)
{
	struct link *k = c->data;

	if (status != REDIS_OK)
		say(k, c->errstr[0] != '\0' ? c->errstr : "connection lost");
	retry(k);
}

/* The answers to AUTH and SELECT; the last one tells that we are up. */
static void
on_greeting(void *arg, const redisReply *reply)
{
	struct link *k = arg;

	if (reply == NULL || k->refused)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		k->refused = 1;
		say(k, reply->str);
		redisAsyncDisconnect(k->redis);
		return;
	}
	if (k->open > 0)
		return;
	say(k, "connected");
	k->up = 1;
	k->pause = RETRY_FIRST;
}

static int
submit(struct link *k, int argc, const char **argv, const size_t *lens,
    link_fn *fn, void *arg, struct fault *f)
{
	struct sent *s = malloc(sizeof *s);

	if (s == NULL)
		return fault_nomem(f);
	*s = (struct sent){ k, fn, arg };
	if (redisAsyncCommandArgv(k->redis, on_reply, s, argc, argv, lens) !=
	    REDIS_OK) {
		free(s);
		return fault_set(f, FAULT_UNSURE, "redis: not connected");
	}
	k->open++;
	if (k->late == NULL)
		push_timer(k);
	return 0;
}

static void
on_connect(const redisAsyncContext *c, int status)
{
	struct link *k = c->data;
	const char *argv[3];
	char db[16];
	int n;

	if (status != REDIS_OK) {
		say(k, c->errstr[0] != '\0' ? c->errstr : "cannot connect");
		retry(k);
		return;
	}
	n = redis_auth(&k->url, argv);
	if (n > 0)
		submit(k, n, argv, NULL, on_greeting, k, NULL);
	snprintf(db, sizeof db, "%d", k->url.db);
	argv[0] = "SELECT";
	argv[1] = db;
	submit(k, 2, argv, NULL, on_greeting, k, NULL);
}

static void
link_start(struct link *k)
{
	k->refused = 0;
	k->redis = redisAsyncConnect(k->url.host, k->url.port);
	if (k->redis == NULL) {
		retry(k);
		return;
	}
	if (k->redis->err != 0) {
		say(k, k->redis->errstr);
		redisAsyncFree(k->redis);
		retry(k);
		return;
	}
	k->fd = k->redis->c.fd;
	k->late = loop_timer(k->loop, REPLY_MAX, on_late, k, NULL);
	k->redis->data = k;
	k->redis->ev.data = k;
	k->redis->ev.addRead = add_read;
	k->redis->ev.delRead = del_read;
	k->redis->ev.addWrite = add_write;
	k->redis->ev.delWrite = del_write;
	k->redis->ev.cleanup = cleanup;
	redisAsyncSetDisconnectCallback(k->redis, on_disconnect);
	/* asks for the first write, which tells that we are connected */
	redisAsyncSetConnectCallback(k->redis, on_connect);
}

struct link *
link_new(struct loop *l, const struct redis_url *url, struct fault *f)
{
	struct link *k = calloc(1, sizeof *k);

	if (k == NULL) {
		fault_nomem(f);
		return NULL;
	}
	k->loop = l;
	k->url = *url;
	k->pause = RETRY_FIRST;
	link_start(k);
	return k;
}

int
link_send(struct link *k, int argc, const char **argv, const size_t *lens,
    link_fn *fn, void *arg, struct fault *f)
{
	if (!k->up)
		return fault_set(f, FAULT_UNSURE, "redis: not connected");
	return submit(k, argc, argv, lens, fn, arg, f);
}

void
link_free(struct link *k)
{
	if (k == NULL)
		return;
	k->closing = 1;
	if (k->redis != NULL)
		redisAsyncFree(k->redis);
	loop_timer_cancel(k->loop, &k->retry);
	loop_timer_cancel(k->loop, &k->late);
	free(k);
}
