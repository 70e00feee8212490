/*
 * Reading objects: names, owners, conditions, and what makes a pod active,
 * ready or available.  Pure; everything returned is borrowed.
 */
#ifndef META_H
#define META_H

#include <time.h>

#include "lib/json.h"

/* metadata's name, namespace, uid; "" when missing, never NULL. */
const char *meta_name(const cJSON *o);
const char *meta_ns(const cJSON *o);
const char *meta_uid(const cJSON *o);

/* A label's or annotation's value, or NULL. */
const char *meta_label(const cJSON *o, const char *key);
const char *meta_note(const cJSON *o, const char *key);

/* 1 when it has a deletionTimestamp. */
int meta_dying(const cJSON *o);

/* resourceVersion as a number, 0 when it is none. */
unsigned long long meta_version(const cJSON *o);

/* The owner reference that controls it, or NULL. */
const cJSON *meta_controller(const cJSON *o);

/* 1 when owner controls it. */
int meta_controlled_by(const cJSON *o, const cJSON *owner);

/* spec.NAME as a whole number, or otherwise. */
long spec_num(const cJSON *o, const char *name, long otherwise);
long status_num(const cJSON *o, const char *name, long otherwise);

/* The time in RFC 3339 that s names as seconds since 1970; 0 for none. */
time_t meta_time(const char *s);

/* Now in whole seconds as RFC 3339 into out (CLOCK_TS_SIZE); returns out. */
char *meta_now(char *out);

/* status.conditions' entry of that type, or NULL. */
const cJSON *meta_condition(const cJSON *o, const char *type);

/* 1 when that condition's status is "True". */
int meta_is(const cJSON *o, const char *type);

/* Neither finished nor being deleted. */
int pod_active(const cJSON *pod);

/* status.phase, "" when missing. */
const char *pod_phase(const cJSON *pod);

int pod_ready(const cJSON *pod);

/*
 * Ready for at least min_ready seconds.  When it is ready for less, *wait
 * (may be NULL) is lowered to the seconds that are missing.
 */
int pod_available(const cJSON *pod, long min_ready, double *wait);

#endif
