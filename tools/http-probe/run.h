/*
 * Running checks: the checks of a group in order, groups beside each other,
 * one probe record a call.
 */
#ifndef HTTP_PROBE_RUN_H
#define HTTP_PROBE_RUN_H

#include "http-probe/check.h"
#include "http-probe/vars.h"
#include "lib/fault.h"
#include "lib/http.h"

struct run_base {
	const char *name; /* of a service; NULL: for all others */
	const char *url;  /* without a slash at the end */
};

struct run_spec {
	const struct checks *checks;
	const struct vars *vars;
	const struct run_base *bases;
	size_t bases_n;
	size_t concurrency;         /* groups at a time */
	double timeout_ms;          /* of one call */
	const struct http_tls *tls; /* or NULL */
};

struct run_result {
	size_t passed, failed, skipped; /* checks' calls */
	size_t no_answer;               /* of failed: nothing came back */
	int signo;                      /* ended early by it, or 0 */
	int stuck; /* a response is being judged still: the checks and variables
		      must stay, and standard output may be locked */
};

/* 0, or -1 naming the check whose service no base is given for. */
int run_bases_ok(const struct run_spec *s, struct fault *f);

/*
 * Runs all checks, writing records to standard output and failures to
 * standard error.  Latency is measured from the moment a call is started: a
 * group waits for its turn outside.  -1 when the run could not go on.
 */
int run_checks(
    const struct run_spec *s, struct run_result *result, struct fault *f);

#endif
