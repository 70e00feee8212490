/*
 * Headers of checks: those to send, and those expected with the pattern that
 * a value must match.
 */
#ifndef HTTP_PROBE_CHECK_HEADER_H
#define HTTP_PROBE_CHECK_HEADER_H

#include <regex.h>
#include <stddef.h>

#include "http-probe/vars.h"
#include "lib/fault.h"

struct check_header {
	char *name;   /* of a request: with its case; expected: lower case */
	char *value;  /* a template; of an expected one: the pattern */
	int compiled; /* re is the pattern; 0: it waits for captures */
	regex_t re;   /* matches the whole value */
};

/*
 * Makes h one that is expected, its pattern compiled unless it waits for
 * captures.  -1: FAULT_INPUT, no regular expression.
 */
int check_header_expect(struct check_header *h, struct fault *f);

/*
 * h with what vars know put into its pattern: into now, to be freed with
 * check_header_release.  -1: FAULT_NO, a variable was not captured or what
 * was makes no regular expression.
 */
int check_header_bind(const struct check_header *h, const struct vars *vars,
    struct check_header *now, struct fault *f);

void check_header_release(struct check_header *h);

/* Releases n headers and frees the array. */
void check_headers_free(struct check_header *h, size_t n);

#endif
