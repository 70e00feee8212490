/*
 * Namespaces: a process in new ones with its users mapped, joining the ones
 * of a running sandbox, and why the kernel would not have it.
 */
#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <sys/types.h>

#include "lib/fault.h"

/*
 * Runs fn(arg) as process 1 of new user, mount, PID, network, IPC and UTS
 * namespaces, where the caller's user is uid 0; what fn returns is its exit
 * status.  It is killed when this process dies, and all of the PID namespace
 * with it.  The root user keeps all uids that it can reach.  Returns the
 * child's pid, -1 with a message that says what the machine forbids.
 */
pid_t namespaces_enter(int (*fn)(void *arg), void *arg, struct fault *f);

/*
 * Fills f with why namespaces, or what their owner should be able to do in
 * them, cannot be had on this machine, and what would help: what failed with
 * errno err.  Returns -1.
 */
int namespaces_forbidden(struct fault *f, int err, const char *what);

/*
 * Moves this process into the namespaces of init, the PID namespace for its
 * children only; the working directory is lost.  0 or -1.
 */
int namespaces_join(pid_t init, struct fault *f);

/*
 * In a child before exec: back to the caller's own uid and gid in a user
 * namespace of its own.  A program that counts on not being root (a browser,
 * initdb) so finds its user as it was outside.  Nothing to do for uid 0.
 * 0, or errno.
 */
int namespaces_own_user(uid_t uid, gid_t gid);

#endif
