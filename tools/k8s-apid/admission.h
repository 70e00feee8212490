/*
 * Admission: what stands between a request and the store beside the object's
 * own validity.  Names and order are those of kube-apiserver's plugins, and
 * so is the way to switch them off.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include "k8s-apid/request.h"

enum admission {
	ADMIT_SERVICE_ACCOUNT = 1 << 0, /* a pod's account: is there, decides */
	ADMIT_LIMIT_RANGER = 1 << 1,    /* LimitRanges of its namespace */
	ADMIT_RESOURCE_QUOTA = 1 << 2,  /* ResourceQuotas hold */
};

/*
 * Reads a comma-separated list of plugins to switch off into *off.  0, or
 * -1 with f filled: a name that is not known.
 */
int admission_disable(const char *list, unsigned *off, struct fault *f);

/*
 * Admits a new object v (with its defaults, not yet validated), which may be
 * completed.  0, or -1 with a 403 in st.
 */
int admission_create(
    struct apid *a, const struct type *t, cJSON *v, struct status *st);

/*
 * Admits v as it is going to be stored over old (NULL: as a new object).  0,
 * or -1 with a 403 in st.
 */
int admission_store(struct apid *a, const struct type *t, const cJSON *old,
    const cJSON *v, struct status *st);

#endif
