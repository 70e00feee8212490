/*
 * What the sandbox sees of the file system: the machine's own, but /proc of
 * its PID namespace, its names, and a tmpfs for the node.
 */
#ifndef MOUNTS_H
#define MOUNTS_H

#include "lib/fault.h"
#include "state.h"

/*
 * Sets up the mount namespace of this process: nothing propagates outside,
 * /proc is mounted anew, s's hosts and empty resolv.conf lie over those of
 * /etc, s's node is a tmpfs.  0 or -1.
 */
int mounts_set_up(const struct state *s, struct fault *f);

#endif
