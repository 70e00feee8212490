/*
 * The connection to Redis in a loop.  One is enough: commands are pipelined
 * over it and answered in order.
 */
#ifndef LINK_H
#define LINK_H

#include "lib/fault.h"
#include "lib/loop.h"
#include "lib/redis.h"

struct link;

/*
 * Called once: with a reply (hiredis' own, gone afterwards), or NULL when
 * the connection was lost or no reply came within 2 s.
 */
typedef void link_fn(void *arg, const redisReply *reply);

/*
 * Starts to connect, and goes on trying with longer pauses, up to 2 s.  NULL
 * with f filled.
 */
struct link *
link_new(struct loop *l, const struct redis_url *url, struct fault *f);

/*
 * Sends a command (the arguments are copied): 0.  -1 with FAULT_UNSURE, and
 * fn is not called, when there is no connection.
 */
int link_send(struct link *k, int argc, const char **argv, const size_t *lens,
    link_fn *fn, void *arg, struct fault *f);

/* Ends the connection; commands that are open get their fn with NULL. */
void link_free(struct link *k);

#endif
