/*
 * Whether a response is what a check expects, and what is captured from it.
 */
#ifndef HTTP_PROBE_JUDGE_H
#define HTTP_PROBE_JUDGE_H

#include "http-probe/check.h"
#include "http-probe/vars.h"
#include "lib/buf.h"
#include "lib/fault.h"
#include "lib/http.h"

#define JUDGE_FAILURES 50 /* told at most of one response */

struct verdict {
	char *failures[JUDGE_FAILURES]; /* each for people, owned */
	size_t n;
	int no_answer; /* nothing came back: cannot tell */
};

/*
 * Holds r against the check; what is captured goes into vars (the group's),
 * also when an expectation failed, as later checks may clean up with it.
 * -1 when memory ran out.
 */
int judge(const struct check *c, const struct http_result *r, struct vars *vars,
    struct verdict *v, struct fault *f);

/* Adds a failure: printf-like; dropped past JUDGE_FAILURES.  0 or -1. */
int verdict_add(struct verdict *v, struct fault *f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void verdict_release(struct verdict *v);

#endif
