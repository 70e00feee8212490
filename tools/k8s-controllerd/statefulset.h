/*
 * What a StatefulSet does next, from what its pods are.  Pure.
 */
#ifndef STATEFULSET_H
#define STATEFULSET_H

#include <stddef.h>

/* A pod of the set as the plan sees it. */
struct member {
	int exists, dying, finished; /* finished: phase Succeeded or Failed */
	int ready;                   /* Running and Ready (for long enough) */
	int current;                 /* of the update revision */
};

struct set_plan {
	long replicas, start;
	int parallel;   /* podManagementPolicy */
	int on_delete;  /* updateStrategy */
	long partition; /* ordinals below keep their revision */
};

enum set_verb { SET_NOTHING, SET_CREATE, SET_DELETE };

/*
 * Fills verbs[0..n) for the ordinals 0 to n-1, of which those from
 * plan->replicas on are to go; members[i] is the pod of ordinal i.  How many
 * there are to do.
 */
size_t set_next(const struct set_plan *plan, const struct member *members,
    size_t n, enum set_verb *verbs);

#endif
