/*
 * Between the rooms that read checks: what a reader knows, and expressions.
 */
#ifndef HTTP_PROBE_CHECK_READ_H
#define HTTP_PROBE_CHECK_READ_H

#include "http-probe/check.h"
#include "lib/json.h"

#define CHECK_LINE_MAX (4 << 20) /* bytes of one check */
#define CHECK_CAPTURES_MAX 1000  /* names that one group may capture */

struct reader {
	struct check *check;
	struct jqx_set *jqs;
	const struct vars *vars;
	const char *known[CHECK_CAPTURES_MAX]; /* captured earlier */
	size_t known_n;
};

/* "WHAT: WHY" as malformed input; returns -1. */
int check_bad(struct fault *f, const char *what, const char *why);

/*
 * A template with all that is known now replaced, for the caller to free.
 * NULL: a name in it is neither known nor captured earlier (FAULT_INPUT), or
 * memory ran out.
 */
char *check_expand(const struct reader *r, const char *text,
    enum vars_mode mode, struct fault *f);

/*
 * Reads expressions into a new array: those of an array, or (named) of an
 * object whose keys are the variables that they capture.  -1: FAULT_INPUT;
 * what was read is in *out all the same.
 */
int check_read_jqs(struct reader *r, const cJSON *v, int named,
    struct check_jq **out, size_t *n, struct fault *f);

void check_jqs_release(struct check_jq *q, size_t n);

#endif
