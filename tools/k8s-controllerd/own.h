/*
 * Who controls what: a controller takes what its selector finds and nobody
 * has, such as what a predecessor left with --cascade=orphan, and lets go of
 * what its selector no longer finds, such as a pod that somebody relabels to
 * look into it.
 */
#ifndef OWN_H
#define OWN_H

#include "k8s-controllerd/work.h"

/* A filter: nobody's, not dying, and found by the selector of arg's spec. */
int own_is_orphan(const void *owner, const cJSON *object);

/*
 * Makes owner the controller of the objects of resource r in its namespace
 * that the filter passes: how many requests that took.
 */
size_t own_adopt(struct control *c, struct work *w, const cJSON *owner,
    enum resource owner_resource, enum resource r, control_filter *is_orphan);

/*
 * Ends owner's control over objects of resource r that its selector does not
 * find: how many requests that took.
 */
size_t own_release(
    struct control *c, struct work *w, const cJSON *owner, enum resource r);

#endif
