/*
 * Checks: what is sent and what must come back, read from JSON lines (see
 * inttest-checks(5)), with variables that are known replaced and expressions
 * compiled.
 */
#ifndef HTTP_PROBE_CHECK_H
#define HTTP_PROBE_CHECK_H

#include <stddef.h>

#include "http-probe/check_header.h"
#include "http-probe/check_jq.h"
#include "http-probe/vars.h"
#include "lib/fault.h"
#include "lib/jqx.h"

struct check {
	const char *file; /* borrowed from whoever read it */
	unsigned long line;
	char *name, *group, *service, *method, *path, *route, *body;
	int json; /* body is JSON */
	struct check_header *headers, *expect_headers;
	size_t headers_n, expect_headers_n;
	int *status; /* one of these; none: 200 to 299 */
	size_t status_n;
	struct check_jq *jq, *captures;
	size_t jq_n, captures_n;
	double max_ms;    /* 0: none */
	long long repeat; /* calls, 1 at least */
	long long retries;
	double retry_delay; /* ms */
};

struct checks {
	struct check *v;
	size_t n;
	struct jqx_set *jqs; /* all their expressions, one program */
};

/*
 * Appends the checks of a file ("-": standard input), with vars replaced.
 * -1 with "FILE:LINE: reason" (FAULT_INPUT) for a malformed check, an unknown
 * member, an expression that is no jq, or a ${NAME} that neither
 * vars nor an earlier check of the same group in this file knows.  path is
 * borrowed for the checks' life.
 */
int checks_read(struct checks *c, const char *path, const struct vars *vars,
    struct fault *f);

/*
 * Compiles the expressions, once all files are read.  -1: FAULT_INPUT with
 * the expression and jq's message.
 */
int checks_compile(struct checks *c, struct fault *f);

void checks_release(struct checks *c);

#endif
