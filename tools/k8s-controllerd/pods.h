/*
 * What the owners of pods have in common: making one, choosing which go
 * first, and telling events.
 */
#ifndef PODS_H
#define PODS_H

#include "k8s-controllerd/act.h"

/*
 * Posts a pod (freed), owned by owner, with the Event reason and note about
 * owner once it worked.
 */
void pods_create(struct control *c, struct work *w, enum resource r,
    const cJSON *owner, cJSON *pod, const char *reason, const char *note);

/* Deletes a pod, with an Event about owner. */
void pods_delete(struct control *c, struct work *w, enum resource r,
    const cJSON *owner, const cJSON *pod, const char *reason, const char *note);

/* 1 when owner has no pods but such that have succeeded or failed. */
int pods_gone(struct control *c, const cJSON *owner);

/*
 * qsort order of pods by who goes first: not scheduled, Pending, not ready,
 * younger.
 */
int pods_by_worth(const void *a, const void *b);

#endif
