/*
 * Changing objects' status: conditions and counts.  Pure.
 */
#ifndef COND_H
#define COND_H

#include "lib/json.h"

/*
 * Sets the condition of a type in a status object.  lastTransitionTime
 * changes only with the value; with updates not 0 there is a lastUpdateTime
 * too, renewed when anything changes or updates is 2.  0, or -1 without
 * memory.
 */
int cond_set(cJSON *status, const char *type, const char *value,
    const char *reason, const char *message, int updates);

/* Removes the condition of a type, if there is one. */
void cond_drop(cJSON *status, const char *type);

/* The status's condition of a type, borrowed, or NULL. */
cJSON *cond_get(const cJSON *status, const char *type);

/*
 * Sets a count of a status.  One that is 0 is left out (and removed), as
 * everywhere in Kubernetes.  0, or -1 without memory.
 */
int status_count(cJSON *status, const char *key, long n);

#endif
