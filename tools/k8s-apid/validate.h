/*
 * What an object must be before it is stored: 422 Invalid with a cause for
 * each field that is not.  Types were checked before (model.h); here it is
 * about values.  Fields and wording follow kubernetes' validation, for what
 * users of test clusters get wrong; exotic fields pass unchecked.
 */
#ifndef VALIDATE_H
#define VALIDATE_H

#include "k8s-apid/status.h"

/* old is NULL for a new object.  0, or -1 with st filled. */
int validate(
    const struct type *t, const cJSON *old, const cJSON *v, struct status *st);

/* ---- for the parts ---- */

struct validation {
	struct causes causes;
	const struct type *type;
	const cJSON *old; /* or NULL */
	char path[512];   /* the field looked at, "spec.ports[0]" */
	size_t len;
};

/* Goes into a field (".name" or "[3]"); what it returns leads back. */
size_t go_in(struct validation *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void go_back(struct validation *x, size_t len);

/* Causes about member key of the object at x->path (NULL: that itself). */
void bad_required(struct validation *x, const char *key, const char *why);
void bad_value(
    struct validation *x, const char *key, const cJSON *value, const char *why);
void bad_choice(struct validation *x, const char *key, const cJSON *value,
    const char *supported);
void bad_duplicate(struct validation *x, const char *key, const cJSON *value);
void bad_forbidden(struct validation *x, const char *key, const char *why);
void bad_missing(struct validation *x, const char *key, const cJSON *value);

/*
 * Member key of o: must be there and not empty (its text, or NULL with a
 * cause).
 */
const char *must_have(struct validation *x, const cJSON *o, const char *key);

/* As must_have, with a syntax of names.h. */
const char *must_be(struct validation *x, const cJSON *o, const char *key,
    const char *(*syntax)(const char *));

/* If there: one of the NULL-ended choices / a number within bounds. */
void may_choose(struct validation *x, const cJSON *o, const char *key,
    const char *const *choices);
void may_count(struct validation *x, const cJSON *o, const char *key,
    double min, double max);

/* A label selector against the labels of a template. */
void check_selector(
    struct validation *x, const cJSON *selector, const cJSON *labels);

/* Labels at member key of o. */
void check_labels(struct validation *x, const cJSON *o, const char *key);

/* Says that key may not change when it does. */
void must_stay(
    struct validation *x, const cJSON *old, const cJSON *o, const char *key);

/* The specs, by part. */
void validate_pod_spec(struct validation *x, const cJSON *spec);
void validate_pod(struct validation *x, const cJSON *v);
void validate_workload(struct validation *x, const cJSON *v);
void validate_job(struct validation *x, const cJSON *v);
void validate_service(struct validation *x, const cJSON *v);
void validate_config(struct validation *x, const cJSON *v);
void validate_quota(struct validation *x, const cJSON *v);
void validate_limits(struct validation *x, const cJSON *v);
void validate_binding(struct validation *x, const cJSON *v);

#endif
