/*
 * Histograms of bounded size for values of any range: an octave (a power of
 * two) is split into 2,048 equal buckets, so a value is known to 0.05 %; only
 * octaves that hold something take memory (16 KiB each).  The idea of
 * HdrHistogram with the double's own exponent and mantissa as the index, so
 * that no unit or range has to be chosen before.  The first values are kept as
 * they are: of many histograms most are small.
 */
#ifndef HIST_H
#define HIST_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define HIST_BITS 11      /* of the mantissa that are kept */
#define HIST_OCTAVES 2048 /* exponents that a double has */
#define HIST_FEW 512      /* values that are kept as they are */

struct hist {
	double *few; /* all values, in order; NULL when there are more */
	uint64_t *
	    *octaves; /* then: counts by bucket, or NULL, of each octave */
	uint64_t count;
	double min, max, sum; /* exact */
};

/* An empty histogram, or NULL without memory. */
struct hist *hist_new(void);
void hist_free(struct hist *h);

/*
 * Counts a value.  -1: it is negative or not finite (FAULT_INPUT), or
 * memory ran out.
 */
int hist_add(struct hist *h, double value, struct fault *f);

/* Adds all of from; 0, or -1 without memory (then part of it is added). */
int hist_merge(struct hist *h, const struct hist *from, struct fault *f);

/*
 * The value of nearest rank: the smallest that at least p percent (0 to
 * 100) of all values do not exceed; of more than HIST_FEW as the lower end of
 * its bucket: at most 0.05 % below.  0 and 100 are the exact extremes; 0 when
 * empty.
 */
double hist_percentile(const struct hist *h, double p);

/* The exact mean; 0 when empty. */
double hist_mean(const struct hist *h);

#endif
