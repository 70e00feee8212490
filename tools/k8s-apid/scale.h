/*
 * The scale subresource: autoscaling/v1 Scale over spec.replicas.
 */
#ifndef SCALE_H
#define SCALE_H

#include "k8s-apid/request.h"

/* Answers GET, PUT and PATCH: 1; 0 for other methods. */
int scale(struct request *rq);

#endif
