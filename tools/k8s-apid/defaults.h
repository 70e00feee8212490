/*
 * Defaults: the fields that a real API server fills in and that clients rely
 * on.  Pure: an object in, the same object completed.
 */
#ifndef DEFAULTS_H
#define DEFAULTS_H

#include "k8s-apid/status.h"

/* Completes a new object, its first status included.  0 or -1. */
int defaults_create(const struct type *t, cJSON *v, struct status *st);

/* Completes a new state of an object; what old had chosen stays.  0 or -1. */
int defaults_update(
    const struct type *t, const cJSON *old, cJSON *v, struct status *st);

#endif
