/*
 * The subsets of an Endpoints object from a Service and its pods.  Pure.
 */
#ifndef ENDPOINTS_BUILD_H
#define ENDPOINTS_BUILD_H

#include "lib/json.h"

/* 1 when the pod's labels are those that the Service selects. */
int endpoints_selects(const cJSON *service, const cJSON *pod);

/*
 * The subsets array: addresses of ready pods (of all with
 * publishNotReadyAddresses), notReadyAddresses of others, grouped by the
 * ports that their named targetPorts come to.  The caller's, empty when no
 * pod has an address; NULL without memory.
 */
cJSON *
endpoints_build(const cJSON *service, const cJSON *const *pods, size_t n);

#endif
