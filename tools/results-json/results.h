/*
 * One run's results, collected from its records: what results.json holds.
 * Checks that passed are counted only, and every list has an end, so memory
 * does not grow with the number of calls that were made.
 */
#ifndef RESULTS_JSON_RESULTS_H
#define RESULTS_JSON_RESULTS_H

#include <stddef.h>

#include "lib/fault.h"
#include "lib/json.h"
#include "lib/stages.h"

#define RESULTS_LIST_MAX 10000 /* items of one list */

struct results {
	struct stages stages;
	long long passed, failed, skipped; /* checks */
	long long rows, objects;           /* seeded */
	double from, to;                   /* ms since 1970; 0: not known */
	cJSON *failures, *tables, *latency, *budgets; /* lists */
	cJSON *startup;  /* by workload: what startup[] holds */
	cJSON *memory;   /* by pod, by container: bytes at most */
	cJSON *notes;    /* findings that records tell of themselves */
	size_t left_out; /* items that their list had no room for */
};

/* 0, or -1 without memory; to be released in either case. */
int results_init(struct results *r, struct fault *f);
void results_release(struct results *r);

/*
 * Takes in a record as it stands in its line; types that are of no use here
 * are passed over.  -1: malformed (FAULT_INPUT), or memory ran out.
 */
int
results_add(struct results *r, const char *line, size_t len, struct fault *f);

/*
 * What a person should look at: appends {"kind", "subject", "message",
 * "action"?} to list (stages, budgets, slow keys, and r's notes), most urgent
 * first.  To be called after stages_finish.  0 or -1.
 */
int results_findings(const struct results *r, cJSON *list, struct fault *f);

/* Adds a finding to a list: 0, -1 without memory.  action may be NULL. */
int results_finding(cJSON *list, const char *kind, const char *subject,
    const char *action, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* "passed", "failed" or "error".  To be called after stages_finish. */
const char *results_verdict(const struct results *r);

#endif
