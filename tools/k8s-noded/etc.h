/*
 * The /etc of a container: links to the machine's, and its own accounts,
 * host names and resolver (which knows no server).
 */
#ifndef NODED_ETC_H
#define NODED_ETC_H

#include "k8s-noded/pod.h"

/*
 * Makes dir the /etc of c's next instance; the machine's is at target within
 * the container.  The hosts file is the pod's (a hard link, so that later
 * changes show).  0 or -1.
 */
int etc_make(const char *dir, const char *target, const struct container *c,
    struct fault *f);

#endif
