/*
 * Defaults: the fields that a real API server fills in and that clients rely
 * on.  Pure: an object in, the same object completed.  What a client has set
 * stays, whatever it is.
 */
#ifndef DEFAULTS_H
#define DEFAULTS_H

#include "k8s-apid/status.h"

/*
 * Completes a new object, whose metadata are there, its first status
 * included.  0 or -1.
 */
int defaults_create(const struct type *t, cJSON *v, struct status *st);

/*
 * Completes a new state of an object; selectors and the like that the server
 * made for old stay.  0 or -1.
 */
int defaults_update(
    const struct type *t, const cJSON *old, cJSON *v, struct status *st);

/* ---- the parts; all 0, or -1 without memory ---- */

/* A PodSpec, of a pod or in a template. */
int defaults_pod_spec(cJSON *spec);

/* What only a pod itself gets: its account, priority, first status. */
int defaults_pod(cJSON *pod);

/* Sets status.qosClass by what the containers ask for.  0 or -1. */
int defaults_qos(cJSON *pod);

/* Specs of the kinds that run pods, by kind ("Deployment"). */
int defaults_workload(const char *kind, cJSON *v);

/* Labels and selector that the server makes for a new Job. */
int defaults_job_selector(cJSON *job);

/* Sets member key of v when it is missing: a string, number, object. */
int default_str(cJSON *v, const char *key, const char *value);
int default_num(cJSON *v, const char *key, double value);
int default_bool(cJSON *v, const char *key, int value);
int default_object(cJSON *v, const char *key);

#endif
