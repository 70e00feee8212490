/*
 * What a run of checks says: probe records on standard output, failures and,
 * on a terminal, progress on standard error.
 */
#ifndef HTTP_PROBE_REPORT_H
#define HTTP_PROBE_REPORT_H

#include "http-probe/check.h"
#include "http-probe/judge.h"
#include "lib/fault.h"
#include "lib/http.h"

struct report;

/* For a run of checks (borrowed); NULL with f filled. */
struct report *report_new(const struct checks *checks, struct fault *f);

/*
 * One call has ended: its record, which whoever reads has at once, and its
 * failures.  ts is when it was started, url what was asked.  -1 when the
 * record cannot be written.
 */
int report_call(struct report *r, const struct check *c,
    const struct http_result *h, const struct verdict *v, const char *ts,
    const char *url, long long attempts, struct fault *f);

/* A check was not sent: its record says skipped and why. */
int report_skip(
    struct report *r, const struct check *c, const char *why, struct fault *f);

/* Takes progress off the terminal. */
void report_free(struct report *r);

#endif
