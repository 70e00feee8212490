/*
 * Redis: the door to hiredis.  Blocking connections are redisContext and
 * redisReply, asynchronous ones hiredis' own; what is added are URLs with
 * credentials, faults, and replies as JSON.
 */
#ifndef REDIS_H
#define REDIS_H

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stddef.h>

#include "buf.h"
#include "fault.h"

/* redis://[[user]:password@]host[:port][/db], percent-decoded. */
struct redis_url {
	char host[256];
	int port;       /* 6379 when not given */
	int db;         /* 0 when not given */
	char user[256]; /* "" when not given */
	char password[1024];
};

/*
 * Parses a URL; an empty host is 127.0.0.1.  -1 with FAULT_INPUT and a
 * message that never quotes the URL, for it may hold a password.
 */
int redis_url_parse(struct redis_url *u, const char *url, struct fault *f);

/*
 * The argument vector of AUTH for u: its length, 0 when there is no
 * password.  argv has room for 3 and borrows from u.
 */
int redis_auth(const struct redis_url *u, const char **argv);

/*
 * Connects, authenticates and selects the database; each step waits at most
 * ms.  To be ended with redisFree.  NULL: FAULT_UNSURE, "redis HOST:PORT:
 * reason".
 */
redisContext *
redis_connect(const struct redis_url *u, double ms, struct fault *f);

/*
 * Runs one command: its reply (an error reply too), to be freed with
 * freeReplyObject.  NULL: the connection is lost or timed out (FAULT_UNSURE);
 * only redisFree makes sense then.
 */
redisReply *redis_command(redisContext *c, int argc, const char **argv,
    const size_t *lens, struct fault *f);

/*
 * Appends a reply as JSON: strings and statuses as strings, integers as
 * numbers with every digit, nil as null, arrays as arrays, an error as
 * {"error": "..."}.  -1: the buffer has failed, or nested too deep.
 */
int redis_write_json(struct buf *b, const redisReply *r);

#endif
