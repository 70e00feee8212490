/*
 * The state folder of one sandbox: certificates, tokens, kubeconfig, names,
 * logs.  Its exclusive flock(2) says that the sandbox lives: whoever is
 * killed leaves a folder without a lock, which the next sandbox sweeps.
 */
#ifndef STATE_H
#define STATE_H

#include <sys/types.h>

#include "lib/fault.h"

#define STATE_PATH 1024        /* bytes of a path within the state folder */
#define STATE_NAME 64          /* bytes of a sandbox's name, with the 0 */
#define STATE_KEEPER_LOG "log" /* what the keeper of an `up` has to say */

struct state {
	char dir[STATE_PATH - 64]; /* absolute, no slash at the end */
	const char *name;          /* the last part of dir */
	int dir_fd;                /* holds the lock; -1: none */
	int outer_fd; /* listens on 127.0.0.1:port outside; -1: none */
	int port;
};

/*
 * Makes a folder (mode 0700) under $TMPDIR/inttest-UID with everything that
 * the daemons are given, after sweeping dead ones; name NULL: a unique one,
 * run-XXXXXX.  -1: FAULT_NO when that name is in use, FAULT_INPUT for a name
 * that is none; nothing is left then.
 */
int state_new(struct state *s, const char *name, struct fault *f);

/* DIR/NAME into out (STATE_PATH bytes); returns out. */
char *state_path(const struct state *s, const char *name, char *out);

/* Writes who keeps the sandbox and its init, as seen from outside. */
int
state_pids(const struct state *s, pid_t keeper, pid_t init, struct fault *f);

/* Marks the sandbox as ready for others to join.  0 or -1. */
int state_ready(const struct state *s, struct fault *f);

/* Removes the folder and what is in it, then releases s. */
void state_remove(struct state *s);

/* Closes descriptors; the folder stays. */
void state_release(struct state *s);

/* A folder as others see it. */
struct state_seen {
	char dir[STATE_PATH - 64];
	char name[STATE_NAME];
	int alive, ready;
	pid_t keeper, init; /* 0: not known (yet) */
};

/*
 * Looks at the folder called name.  1 when there is one (alive or dead), 0
 * when not (*seen is zero then), -1 with f.
 */
int state_find(struct state_seen *seen, const char *name, struct fault *f);

/*
 * Looks at all folders, sorted by name: fn returns non-zero to stop.  0, or
 * -1 with f.
 */
int state_each(int (*fn)(void *arg, const struct state_seen *seen), void *arg,
    struct fault *f);

#endif
