/*
 * Limit ranges: what a namespace's containers get when they do not say what
 * they want, and what they may say.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include "k8s-apid/request.h"

/*
 * Completes and checks a new pod by the LimitRanges of its namespace: 0, or
 * -1 with a 403.
 */
int
limits_admit(struct apid *a, const struct type *t, cJSON *v, struct status *st);

#endif
