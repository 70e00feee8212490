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
 * Why the pod cannot go on the node, which has used taken already: words
 * such as "Insufficient memory" in out, or 1 when it can.
 */
int node_fits(const cJSON *node, const struct requests *used, const cJSON *pod,
    char *out, size_t size);

#endif
