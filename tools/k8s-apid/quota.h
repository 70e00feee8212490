/*
 * Resource quotas: what the objects of a namespace may come to together.
 * What is used is counted anew from the store with each question, so a quota
 * holds at once, and two requests cannot pass on the same count.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include "k8s-apid/request.h"

struct quotas;

/* Keeps status of the ResourceQuotas; NULL with f filled.  NULL is freed. */
struct quotas *quotas_new(struct apid *a, struct fault *f);
void quotas_free(struct quotas *q);

/*
 * Whether v of kind t may be stored over old (NULL: a new object): 0, or -1
 * with a 403 that names the quota and what was asked, used and allowed.
 */
int quota_admit(struct apid *a, const struct type *t, const cJSON *old,
    const cJSON *v, struct status *st);

/* ---- quota_usage.c: what one object uses; pure ---- */

struct amount {
	double n;
	int binary; /* was written with Ki, Mi, ... */
};

/* What an object uses of a quota's resource ("pods", "requests.cpu", ...). */
struct amount
quota_usage(const struct type *t, const cJSON *v, const char *name);

/* 1 when the resource can be counted here. */
int quota_counts(const char *name);

/* 1 when it is of containers' requests or limits; 0 when pods cannot have it */
int quota_is_compute(const char *name);

/* 1 when a container says how much of a compute resource it wants. */
int quota_specifies(const cJSON *container, const char *name);

/* 1 when a quota's scopes hold for the object. */
int quota_in_scope(const cJSON *quota, const struct type *t, const cJSON *v);

/* "64Mi", "500m", "3": as Kubernetes writes it; into out, which is returned. */
const char *quota_show(struct amount a, char *out, size_t size);

#endif
