/*
 * A Deployment's status from its ReplicaSets.  Pure but for the clock.
 */
#ifndef DEPLOYMENT_STATUS_H
#define DEPLOYMENT_STATUS_H

#include "lib/json.h"

struct deployment_view {
	const cJSON *deployment;
	const cJSON *const *sets; /* all its ReplicaSets */
	size_t n;
	const cJSON *fresh;  /* the one of the present template, or NULL */
	const char *created; /* name of one that is made just now, or NULL */
	long collisions;     /* of template hashes */
};

/*
 * The status: the caller's; NULL without memory.  *deadline (seconds from
 * now) is lowered to when progress is overdue.
 */
cJSON *deployment_status(const struct deployment_view *v, double *deadline);

#endif
