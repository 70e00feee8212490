/*
 * Whether a pod fits on a node.  Pure.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "lib/json.h"

struct requests {
	double cpu, memory; /* cores, bytes */
};

/*
 * What a pod asks for: its containers' requests (limits where there are
 * none) together, or its largest init container's when that is more.
 */
struct requests pod_requests(const cJSON *pod);

/*
 * 1 when the node's labels and name are what a pod (or a template) requires:
 * its nodeSelector, and one of the terms of its required node affinity.
 */
int node_selected(const cJSON *node, const cJSON *pod);

/* A taint of the node that the pod (or template) does not tolerate, or NULL. */
const cJSON *node_taint(const cJSON *node, const cJSON *pod);

/*
 * Why the pod cannot go on the node, which has used taken already: words
 * such as "Insufficient memory" in out, or 1 when it can.
 */
int node_fits(const cJSON *node, const struct requests *used, const cJSON *pod,
    char *out, size_t size);

#endif
