/*
 * What a pod may say about itself: fieldRef and resourceFieldRef, for
 * environment variables and downwardAPI files alike.  Pure functions over
 * the Pod object (its status must already hold the addresses).
 */
#ifndef NODED_FIELD_H
#define NODED_FIELD_H

#include "lib/buf.h"
#include "lib/json.h"

/* What a container without limits may use: the whole node. */
struct field_node {
	double cpu;    /* cores */
	double memory; /* bytes */
};

/*
 * Appends the value of a fieldPath ("metadata.name",
 * "metadata.labels['app']", "status.podIP" ...); a label that is not there
 * is "".  -1 with FAULT_INPUT for a path that Kubernetes does not offer.
 */
int field_value(
    struct buf *out, const cJSON *pod, const char *path, struct fault *f);

/*
 * Appends the value of a resource ("limits.cpu", "requests.memory" ...) of a
 * container, divided by divisor (a quantity; NULL or "0": 1) and rounded up.
 * A missing limit is what the node has, a missing request 0.  -1 with
 * FAULT_INPUT.
 */
int
field_resource(struct buf *out, const cJSON *container, const char *resource,
    const char *divisor, const struct field_node *node, struct fault *f);

/* A container of pod (init containers too) by name, borrowed, or NULL. */
const cJSON *field_container(const cJSON *pod, const char *name);

#endif
