/*
 * Histograms: see hist.h.  The bucket of a double is its exponent and the
 * top bits of its mantissa, read from the representation itself: no
 * logarithm, no branch on the range.
 */
#include "hist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS (1u << HIST_BITS)

static uint64_t
bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static double
value_of(unsigned octave, unsigned bucket)
{
	uint64_t bits = (uint64_t)octave << 52 | (uint64_t)bucket
						     << (52 - HIST_BITS);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

struct hist *
hist_new(void)
{
	return calloc(1, sizeof(struct hist));
}

static void
octaves_free(uint64_t **octaves)
{
	unsigned i;

	for (i = 0; octaves != NULL && i < HIST_OCTAVES; i++)
		free(octaves[i]);
	free(octaves);
}

void
hist_free(struct hist *h)
{
	if (h == NULL)
		return;
	free(h->few);
	octaves_free(h->octaves);
	free(h);
}

/* The counts of an octave; NULL without memory. */
static uint64_t *
octave(uint64_t **octaves, unsigned i, struct fault *f)
{
	if (octaves[i] == NULL) {
		octaves[i] = calloc(BUCKETS, sizeof(uint64_t));
		if (octaves[i] == NULL)
			fault_nomem(f);
	}
	return octaves[i];
}

static int
bucket_add(uint64_t **octaves, double value, struct fault *f)
{
	uint64_t bits = bits_of(value == 0 ? 0 : value); /* -0 has its own */
	uint64_t *counts = octave(octaves, (unsigned)(bits >> 52), f);

	if (counts == NULL)
		return -1;
	counts[bits >> (52 - HIST_BITS) & (BUCKETS - 1)]++;
	return 0;
}

/* Counts from now on: 0, or -1 without memory, and then nothing has changed. */
static int
to_octaves(struct hist *h, struct fault *f)
{
	uint64_t **octaves, i;

	if (h->octaves != NULL)
		return 0;
	octaves = calloc(HIST_OCTAVES, sizeof(uint64_t *));
	if (octaves == NULL)
		return fault_nomem(f);
	for (i = 0; i < h->count; i++)
		if (bucket_add(octaves, h->few[i], f) != 0) {
			octaves_free(octaves);
			return -1;
		}
	free(h->few);
	h->few = NULL;
	h->octaves = octaves;
	return 0;
}

/* Puts a value among the few, which double in size when they are full. */
static int
few_add(struct hist *h, double value, struct fault *f)
{
	size_t n = (size_t)h->count, from = 0, to = n, mid;
	double *grown;

	if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
		grown = realloc(h->few, (n > 0 ? 2 * n : 4) * sizeof(*grown));
		if (grown == NULL)
			return fault_nomem(f);
		h->few = grown;
	}
	while (from < to) {
		mid = from + (to - from) / 2;
		if (h->few[mid] <= value)
			from = mid + 1;
		else
			to = mid;
	}
	memmove(&h->few[from + 1], &h->few[from], (n - from) * sizeof(value));
	h->few[from] = value;
	return 0;
}

static void
extend(struct hist *h, double min, double max, double sum, uint64_t count)
{
	if (h->count == 0 || min < h->min)
		h->min = min;
	if (h->count == 0 || max > h->max)
		h->max = max;
	h->sum += sum;
	h->count += count;
}

int
hist_add(struct hist *h, double value, struct fault *f)
{
	int rc;

	if (!(value >= 0) || !isfinite(value))
		return fault_set(f, FAULT_INPUT, "not a number of 0 or more");
	if (h->octaves == NULL && h->count < HIST_FEW)
		rc = few_add(h, value, f);
	else if ((rc = to_octaves(h, f)) == 0)
		rc = bucket_add(h->octaves, value, f);
	if (rc == 0)
		extend(h, value, value, value, 1);
	return rc;
}

int
hist_merge(struct hist *h, const struct hist *from, struct fault *f)
{
	uint64_t *counts;
	unsigned i, j;

	for (i = 0; from->octaves == NULL && i < from->count; i++)
		if (hist_add(h, from->few[i], f) != 0)
			return -1;
	if (from->octaves == NULL)
		return 0;
	if (to_octaves(h, f) != 0)
		return -1;
	for (i = 0; i < HIST_OCTAVES; i++) {
		if (from->octaves[i] == NULL)
			continue;
		counts = octave(h->octaves, i, f);
		if (counts == NULL)
			return -1;
		for (j = 0; j < BUCKETS; j++)
			counts[j] += from->octaves[i][j];
	}
	extend(h, from->min, from->max, from->sum, from->count);
	return 0;
}

double
hist_percentile(const struct hist *h, double p)
{
	uint64_t rank, seen = 0;
	unsigned i, j;
	double v;

	if (h->count == 0)
		return 0;
	/* 0.95 * 20 is 19.000000000000004 in doubles: not the 20th */
	rank = p > 0 ? (uint64_t)ceil(p / 100 * (double)h->count - 1e-9) : 0;
	if (rank == 0)
		return h->min;
	if (p >= 100 || rank >= h->count)
		return h->max;
	if (h->octaves == NULL)
		return h->few[rank - 1];
	for (i = 0; i < HIST_OCTAVES; i++) {
		if (h->octaves[i] == NULL)
			continue;
		for (j = 0; j < BUCKETS; j++) {
			seen += h->octaves[i][j];
			if (seen < rank)
				continue;
			v = value_of(i, j);
			return v < h->min ? h->min : v;
		}
	}
	return h->max;
}

double
hist_mean(const struct hist *h)
{
	return h->count > 0 ? h->sum / (double)h->count : 0;
}
