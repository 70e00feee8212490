/*
 * What a container sees: its root as bubblewrap's arguments.
 */
#ifndef NODED_ROOTFS_H
#define NODED_ROOTFS_H

#include "k8s-noded/args.h"
#include "k8s-noded/env.h"
#include "k8s-noded/image.h"
#include "k8s-noded/pod.h"

#define ROOTFS_PATH                                                       \
	"/inttest/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:" \
	"/sbin:/bin"
#define ROOTFS_HOST "/inttest/host" /* real folders behind farms of links */

/*
 * Appends bubblewrap's arguments for the next instance of c up to and
 * including "--" and the command, with $(VAR) expanded from e.  Makes the
 * instance's private folder (c->rootfs), which rootfs_remove takes away
 * again.  -1: what a kubelet calls a CreateContainerConfigError.
 */
int rootfs_args(
    struct args *a, struct container *c, const struct env *e, struct fault *f);

/* Removes what rootfs_args has made. */
void rootfs_remove(struct container *c);

/*
 * The user and group a container runs as: from its securityContext, the
 * pod's, or the image.
 */
long long rootfs_uid(const struct container *c);
long long rootfs_gid(const struct container *c);

/* The host's file behind a container's termination log, into out. */
int rootfs_termination_log(const struct container *c, char *out);

#endif
