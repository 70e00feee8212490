/*
 * What the server can do, as clients ask before they do anything: groups,
 * versions and resources, in the old form and the aggregated one.
 */
#ifndef DISCOVERY_H
#define DISCOVERY_H

#include "k8s-apid/request.h"

/* Answers a discovery path: 1; 0 when the path is none. */
int discovery(struct request *rq);

#endif
