/*
 * TCP connections carried from an accepted socket to one of several targets:
 * any number of them in one loop, each with bounded memory.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include <netinet/in.h>
#include <stddef.h>

#include "lib/fault.h"
#include "lib/loop.h"

#define FORWARD_TRIES 3 /* targets that are tried for one connection */

struct forward;

/*
 * Carries at most max connections at once (2 descriptors each) in l.  NULL
 * without memory.
 */
struct forward *forward_new(struct loop *l, size_t max, struct fault *f);

/* Closes all connections. */
void forward_free(struct forward *fw);

/*
 * Takes over client and connects it to the first of n targets (n > 0, copied
 * up to FORWARD_TRIES) that accepts.  Data and the end of each direction are
 * passed on as they come; a reset as a reset.  When there is no room, or no
 * target accepts, the client is reset.
 */
void forward_start(struct forward *fw, int client,
    const struct sockaddr_in *targets, size_t n);

/* Closes fd so that its peer sees a reset, not an end. */
void forward_reset(int fd);

#endif
