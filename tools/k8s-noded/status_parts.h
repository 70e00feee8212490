/*
 * The parts of a pod's status.  Pure: they read the pod and make JSON, the
 * caller's.
 */
#ifndef NODED_STATUS_PARTS_H
#define NODED_STATUS_PARTS_H

#include "k8s-noded/pod.h"

/*
 * The conditions, with those that others have written kept; a condition's
 * lastTransitionTime is before's as long as its status is.
 */
cJSON *
status_conditions(const struct pod *p, const char *phase, const cJSON *before);

/* containerStatuses of containers from..to-1. */
cJSON *status_containers(const struct pod *p, size_t from, size_t to);

/* "Guaranteed", "Burstable" or "BestEffort". */
const char *status_qos(const struct pod *p);

#endif
