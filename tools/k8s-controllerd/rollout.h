/*
 * The arithmetic of rolling updates: how many pods the new and the old
 * ReplicaSets of a Deployment shall have next.  Pure.  (The model is
 * kubernetes' deployment/rolling.go.)
 */
#ifndef ROLLOUT_H
#define ROLLOUT_H

#include <stddef.h>

#include "lib/json.h"

struct rollout {
	long replicas;        /* what the Deployment asks for */
	long max_surge;       /* pods above that */
	long max_unavailable; /* pods below that */
};

/* A ReplicaSet as the arithmetic sees it. */
struct rollout_set {
	long replicas;  /* spec.replicas; changed by rollout_shrink */
	long available; /* status.availableReplicas */
};

/*
 * A number or a percentage ("25%") of total, as maxSurge and maxUnavailable
 * are written; NULL is otherwise.  Percentages round up or down.
 */
long
rollout_share(const cJSON *v, const char *otherwise, long total, int round_up);

/*
 * Fills r from a Deployment's spec; both limits are never 0 at once, as
 * then nothing could move.
 */
void rollout_limits(struct rollout *r, const cJSON *deployment);

/*
 * The new set's next size, when all sets together have total pods (specs).
 */
long rollout_grow(const struct rollout *r, long new_replicas, long total);

/*
 * Shrinks the old sets (oldest first) as far as availability allows: first
 * pods that are not available, then others.  fresh is the new set.  1 when
 * something has changed.
 */
int rollout_shrink(const struct rollout *r, const struct rollout_set *fresh,
    struct rollout_set *old, size_t n);

#endif
