/*
 * Events: what a user sees below `kubectl describe pod`.  Written and
 * forgotten: an event that cannot be posted is lost, as on a real node.
 */
#ifndef NODED_EVENT_H
#define NODED_EVENT_H

#include "k8s-noded/node.h"
#include "k8s-noded/pod.h"

struct events *events_new(struct node *n, struct fault *f);
void events_free(struct events *e);

/*
 * Posts an event about a pod, or about a container of it (c may be NULL).
 * The same event again only raises the count of the first.  type is "Normal"
 * or "Warning".
 */
void event_pod(struct pod *p, const struct container *c, const char *type,
    const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Forgets a pod's events, when it is gone. */
void events_forget(struct events *e, const char *pod_uid);

#endif
