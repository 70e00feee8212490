/* Histograms: nearest rank, the bound on the error, merging, extremes. */
#include "lib/hist.h"

#include <math.h>
#include <stdlib.h>

#include "unit/tap.h"

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
ranks(void)
{
	struct hist *h = hist_new();
	int i;

	tap_ok(hist_percentile(h, 50) == 0 && hist_mean(h) == 0, "empty");
	for (i = 1; i <= 100; i++)
		hist_add(h, i, NULL);
	tap_ok(hist_percentile(h, 95) == 95, "P95 of 1..100 is 95");
	tap_ok(hist_percentile(h, 50) == 50, "P50 of 1..100 is 50");
	tap_ok(hist_percentile(h, 99.1) == 100, "ranks are rounded up");
	tap_ok(hist_percentile(h, 1e-10) == 1, "to one at least");
	tap_ok(hist_percentile(h, 0) == 1 && hist_percentile(h, 100) == 100,
	    "extremes");
	tap_ok(hist_mean(h) == 50.5, "mean");
	hist_free(h);
	h = hist_new();
	for (i = 1; i <= 11; i++)
		hist_add(h, i, NULL);
	tap_ok(hist_percentile(h, 95) == 11, "P95 of 11 values is the last");
	hist_free(h);
}

/* Against a sorted array, over nine orders of magnitude. */
static void
accuracy(void)
{
	enum { N = 20000 };
	static const double p[] = { 1, 50, 90, 95, 99, 99.9 };
	struct hist *h = hist_new(), *half[2] = { hist_new(), hist_new() };
	double *v = calloc(N, sizeof(*v)), exact, worst = 0, merged = 0, e;
	unsigned x = 1;
	size_t i;

	for (i = 0; i < N; i++) {
		x = x * 1664525u + 1013904223u;
		v[i] = pow(10, (double)x / 4294967296.0 * 9 - 3);
		hist_add(h, v[i], NULL);
		hist_add(half[i % 2], v[i], NULL);
	}
	tap_ok(hist_merge(half[0], half[1], NULL) == 0, "merges");
	qsort(v, N, sizeof(*v), compare);
	for (i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
		exact = v[(size_t)ceil(p[i] / 100 * N - 1e-9) - 1];
		e = fabs(hist_percentile(h, p[i]) - exact) / exact;
		worst = e > worst ? e : worst;
		e = fabs(
		    hist_percentile(half[0], p[i]) - hist_percentile(h, p[i]));
		merged = e > merged ? e : merged;
	}
	tap_ok(worst <= 0.001, "relative error at most 0.1 %% (%.5f)", worst);
	tap_ok(merged == 0, "the parts' merger is the whole");
	tap_ok(half[0]->count == N && half[0]->min == v[0] &&
		   half[0]->max == v[N - 1],
	    "with its extremes");
	hist_free(h);
	hist_free(half[0]);
	hist_free(half[1]);
	free(v);
}

/* Few values are exact, and cost little; so do mergers with them. */
static void
few(void)
{
	struct hist *h = hist_new(), *other = hist_new();
	int i;

	for (i = HIST_FEW; i > 0; i--)
		hist_add(h, i + 0.0001, NULL);
	tap_ok(h->octaves == NULL &&
		   hist_percentile(h, 50) == HIST_FEW / 2 + 0.0001,
	    "few values are exact");
	hist_add(other, 0.5, NULL);
	tap_ok(hist_merge(other, h, NULL) == 0 &&
		   other->count == HIST_FEW + 1 && other->octaves != NULL &&
		   other->min == 0.5,
	    "one and many");
	tap_ok(hist_merge(h, other, NULL) == 0 &&
		   h->count == 2 * HIST_FEW + 1 &&
		   fabs(hist_percentile(h, 50) / (HIST_FEW / 2) - 1) < 0.001,
	    "many and more");
	hist_free(h);
	hist_free(other);
}

static void
refuses(void)
{
	struct hist *h = hist_new();
	struct fault f = { 0 };

	tap_ok(hist_add(h, -1, &f) == -1 && f.code == FAULT_INPUT, "negative");
	tap_ok(hist_add(h, NAN, &f) == -1, "not a number");
	tap_ok(hist_add(h, INFINITY, &f) == -1, "infinite");
	tap_ok(hist_add(h, 0, &f) == 0 && hist_add(h, -0.0, &f) == 0, "zeros");
	tap_ok(hist_add(h, 5e-324, &f) == 0 && hist_add(h, 1e308, &f) == 0,
	    "the smallest and nearly the largest");
	tap_ok(hist_percentile(h, 50) == 0, "zeros count");
	hist_free(h);
}

int
main(void)
{
	ranks();
	accuracy();
	few();
	refuses();
	return tap_end();
}
