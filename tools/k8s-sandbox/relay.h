/*
 * Signals on their way from whoever ends k8s-sandbox to CMD.  A ^C reaches
 * every process of the terminal's foreground group by itself, CMD too; a
 * kill(1) of k8s-sandbox reaches k8s-sandbox alone and must be passed on.
 * Either way CMD is to see it exactly once: a second SIGINT often means
 * "do not even clean up".
 */
#ifndef RELAY_H
#define RELAY_H

#include <signal.h>
#include <sys/types.h>

#include "lib/fault.h"
#include "lib/loop.h"

/*
 * Blocks the signals that are passed on, so that none is lost before the
 * relay stands; *before gets the mask that was, which CMD is to have.
 */
void relay_block(sigset_t *before);

/*
 * The outer half: sends what signals arrive through control until the child
 * pid ends, and returns its exit status as a shell tells it; -1 with f.
 */
int relay_outer(pid_t pid, int control, struct fault *f);

struct relay;

/*
 * Called with a signal that came while there was no CMD, or with 0 when the
 * outer half is gone.
 */
typedef void relay_stop_fn(void *arg, int signo);

/*
 * The inner half, in CMD's parent, which is in the same process group as
 * the outer half and as CMD: what it sees itself, CMD has seen.  NULL with f.
 */
struct relay *relay_inner(struct loop *l, int control, relay_stop_fn *stop,
    void *arg, struct fault *f);

/* CMD's pid, from now on (0: none). */
void relay_target(struct relay *r, pid_t pid);

void relay_free(struct relay *r);

#endif
