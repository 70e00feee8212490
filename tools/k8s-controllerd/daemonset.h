/*
 * DaemonSets: the pods that they make, and where those belong.  Pure but for
 * the random part of pods' names.
 */
#ifndef DAEMONSET_H
#define DAEMONSET_H

#include "lib/json.h"

/* The label that says from which revision a pod is: its hash. */
#define DAEMONSET_HASH_LABEL "controller-revision-hash"

/*
 * A pod of set for a node, of the revision with that hash: the caller's, its
 * name too; NULL without memory.
 */
cJSON *daemonset_pod(const cJSON *set, const char *node, const char *hash);

/* The node that a pod is on, or is meant for; "" when nothing says so. */
const char *daemonset_node(const cJSON *pod);

/*
 * 1 when the set's pods belong on the node: by selector, affinity and taints,
 * whether there is room or not.
 */
int daemonset_wants(const cJSON *set, const cJSON *node);

#endif
