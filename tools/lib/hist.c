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

void
hist_free(struct hist *h)
{
	unsigned i;

	if (h == NULL)
		return;
	for (i = 0; i < HIST_OCTAVES; i++)
		free(h->octaves[i]);
	free(h);
}

static uint64_t *
octave(struct hist *h, unsigned i, struct fault *f)
{
	if (h->octaves[i] == NULL) {
		h->octaves[i] = calloc(BUCKETS, sizeof(uint64_t));
		if (h->octaves[i] == NULL)
			fault_nomem(f);
	}
	return h->octaves[i];
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
	uint64_t bits, *counts;

	if (!(value >= 0) || !isfinite(value))
		return fault_set(f, FAULT_INPUT, "not a number of 0 or more");
	bits = bits_of(value == 0 ? 0 : value); /* -0 has its own bits */
	counts = octave(h, (unsigned)(bits >> 52), f);
	if (counts == NULL)
		return -1;
	counts[bits >> (52 - HIST_BITS) & (BUCKETS - 1)]++;
	extend(h, value, value, value, 1);
	return 0;
}

int
hist_merge(struct hist *h, const struct hist *from, struct fault *f)
{
	uint64_t *counts;
	unsigned i, j;

	if (from->count == 0)
		return 0;
	for (i = 0; i < HIST_OCTAVES; i++) {
		if (from->octaves[i] == NULL)
			continue;
		counts = octave(h, i, f);
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
	if (p <= 0)
		return h->min;
	/* 0.95 * 20 is 19.000000000000004 in doubles: not the 20th */
	rank = (uint64_t)ceil(p / 100 * (double)h->count - 1e-9);
	if (p >= 100 || rank >= h->count)
		return h->max;
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
