/*
 * The arithmetic of Jobs: see job_plan.h.
 */
#include "k8s-controllerd/job_plan.h"

long
job_wants(const struct job_numbers *n)
{
	long want = n->parallelism, left;

	if (n->suspended)
		return -n->active;
	if (n->completions >= 0) {
		left = n->completions - n->succeeded;
		if (left < want)
			want = left > 0 ? left : 0;
	} else if (n->succeeded > 0)
		want = n->active < want ? n->active : want;
	return want - n->active;
}

int
job_is_complete(const struct job_numbers *n)
{
	if (n->completions >= 0)
		return n->succeeded >= n->completions;
	return n->succeeded > 0 && n->active == 0;
}

double
job_backoff(long failures)
{
	double s = 10;

	if (failures <= 0)
		return 0;
	while (--failures > 0 && s < 360)
		s *= 2;
	return s < 360 ? s : 360;
}

int
job_print_indexes(struct buf *b, const char *done, size_t n)
{
	size_t i, from;
	int first = 1;

	for (i = 0; i < n; i++) {
		if (!done[i])
			continue;
		for (from = i; i + 1 < n && done[i + 1];)
			i++;
		if (!first)
			buf_addc(b, ',');
		first = 0;
		if (i == from)
			buf_addf(b, "%zu", i);
		else
			buf_addf(
			    b, i == from + 1 ? "%zu,%zu" : "%zu-%zu", from, i);
	}
	return b->failed ? -1 : 0;
}
