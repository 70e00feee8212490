/*
 * The hooks at a container's start and the way to its end: preStop, SIGTERM,
 * the grace, SIGKILL.
 */
#ifndef NODED_LIFECYCLE_H
#define NODED_LIFECYCLE_H

#include "k8s-noded/pod.h"

/*
 * Runs lifecycle.postStart, if any, and then calls go_on: until then the
 * container is neither probed nor ready.  A failure of the hook ends the
 * container instead.
 */
void lifecycle_started(struct container *c, void (*go_on)(struct container *c));

/*
 * Begins to end a running container, at the latest grace_ms from now.  A
 * second call can only shorten the grace.  Nothing when it does not run.
 */
void lifecycle_stop(struct container *c, double grace_ms);

/* Forgets what is under way; to be called when the process has ended. */
void lifecycle_ended(struct container *c);

#endif
