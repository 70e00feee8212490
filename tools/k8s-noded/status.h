/*
 * The status of a pod as the API shows it: phase, conditions, container
 * states; written when it has changed.
 */
#ifndef NODED_STATUS_H
#define NODED_STATUS_H

#include "k8s-noded/pod.h"

/*
 * Composes the status and writes it if it differs from what was last
 * written; one request at a time, the newest state wins.
 */
void status_update(struct pod *p);

/* 1 when the newest status has been written (or never can be). */
int status_settled(const struct pod *p);

/* The phase that the containers' states make: "Pending", "Running" ... */
const char *status_phase(const struct pod *p);

/*
 * A new "status" object for p, whose condition times are taken from before
 * (the status last composed, or NULL).  Pure.  NULL without memory.
 */
cJSON *status_compose(const struct pod *p, const cJSON *before);

void status_free(struct pod *p);

#endif
