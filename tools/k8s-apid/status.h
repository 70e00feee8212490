/*
 * What went wrong, in the API's own words: a Status object in the making.
 * Functions that can refuse a request take a struct status as their last
 * argument, fill it and return -1.
 */
#ifndef STATUS_H
#define STATUS_H

#include "k8s-apid/types.h"
#include "lib/fault.h"
#include "lib/json.h"

struct status {
	int code;           /* HTTP status; 0: nothing went wrong */
	const char *reason; /* static: "NotFound" */
	char message[8192];
	cJSON *details; /* or NULL */
};

/* Frees what st owns. */
void status_release(struct status *st);

/* Sets all but details; returns -1. */
int status_set(struct status *st, int code, const char *reason, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* The usual refusals, each with its details; all return -1. */
int status_not_found(struct status *st, const struct type *t, const char *name);
int status_exists(struct status *st, const struct type *t, const char *name);
int status_conflict(struct status *st, const struct type *t, const char *name,
    const char *why); /* why NULL: it was modified meanwhile */
int status_forbidden(
    struct status *st, const struct type *t, const char *name, const char *why);
int status_bad_request(struct status *st, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int status_nomem(struct status *st);

/* From a fault: FAULT_INPUT 400, FAULT_NO 422, else 500. */
int status_fault(struct status *st, const struct fault *f);

/* The Status object, the caller's; NULL without memory. */
cJSON *status_json(const struct status *st);

/*
 * Causes of a 422, collected while an object is looked at.  Zero-initialise
 * with causes_init; list is an array of StatusCause.
 */
struct causes {
	cJSON *list;
	int failed; /* memory ran out */
};

void causes_init(struct causes *c);
void causes_release(struct causes *c);

/* The kinds of causes, worded as apimachinery's field.Error does. */
void cause_required(struct causes *c, const char *field, const char *why);
void cause_invalid(
    struct causes *c, const char *field, const cJSON *value, const char *why);
void cause_duplicate(struct causes *c, const char *field, const cJSON *value);
void cause_unsupported(struct causes *c, const char *field, const cJSON *value,
    const char *supported);
void cause_not_found(struct causes *c, const char *field, const cJSON *value);
void cause_too_long(struct causes *c, const char *field, size_t max);
void cause_forbidden(struct causes *c, const char *field, const char *why);

/*
 * 0 when there are no causes; else -1 with a 422 Invalid for the object.
 * Takes the causes over.
 */
int status_invalid(struct status *st, const struct type *t, const char *name,
    struct causes *c);

#endif
