/*
 * What an object must be before it is stored: 422 Invalid with a cause for
 * each field that is not.
 */
#ifndef VALIDATE_H
#define VALIDATE_H

#include "k8s-apid/status.h"

/* old is NULL for a new object.  0, or -1 with st filled. */
int validate(
    const struct type *t, const cJSON *old, const cJSON *v, struct status *st);

#endif
