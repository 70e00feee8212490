/*
 * Expressions of checks, with variables that only earlier checks of the group
 * will know.
 */
#ifndef HTTP_PROBE_CHECK_JQ_H
#define HTTP_PROBE_CHECK_JQ_H

#include <stddef.h>

#include "lib/fault.h"
#include "lib/jqx.h"

struct check_jq {
	char *name; /* of the variable that it captures; NULL: assertion */
	char *text; /* as written, with known variables replaced */
	struct jqx *q;
	char **late; /* names that are captured first and bound then */
	size_t late_n;
};

/*
 * Adds q's text to the set; each ${NAME} still in it becomes a jq variable
 * that is noted in late.  -1: FAULT_INPUT, no jq.
 */
int check_jq_add(struct check_jq *q, struct jqx_set *set, struct fault *f);

/* Frees n expressions and the array; not the set. */
void check_jqs_free(struct check_jq *q, size_t n);

#endif
