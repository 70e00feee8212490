/*
 * What a Job does next, from the numbers of its pods.  Pure.
 */
#ifndef JOB_PLAN_H
#define JOB_PLAN_H

#include <stddef.h>

#include "lib/buf.h"

struct job_numbers {
	long parallelism;
	long completions; /* -1: none, any success completes it */
	long active, succeeded, failed;
	int suspended;
};

/* How many pods more (or, negative, fewer) than are active there shall be. */
long job_wants(const struct job_numbers *n);

/* 1 when enough have succeeded and nothing is left to run. */
int job_is_complete(const struct job_numbers *n);

/* Seconds to wait after so many failures in a row: 10, 20, 40 ... 360. */
double job_backoff(long failures);

/*
 * Writes the indexes of done[0..n) that are set as "0-2,5": 0 or -1.
 */
int job_print_indexes(struct buf *b, const char *done, size_t n);

#endif
