/*
 * How long to wait before the next attempt: what a server asks for, and a
 * back-off that spreads those who failed together.
 */
#include <stdlib.h>
#include <time.h>

#include "kube_impl.h"

double
kube_spread(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	/* the low digits of the clock differ from client to client */
	return (double)((unsigned long)ts.tv_nsec * 2654435761UL % 1000003) /
	       1000003.0;
}

double
kube_backoff(double *delay, double first, double max)
{
	double wait;

	*delay = *delay < first ? first : *delay * 2;
	if (*delay > max)
		*delay = max;
	wait = *delay * (0.8 + 0.4 * kube_spread());
	/* reflected at the limits, which hold for what is really waited */
	if (wait < first)
		wait = 2 * first - wait;
	return wait > max ? 2 * max - wait : wait;
}

double
kube_retry_after(const struct http_result *r)
{
	char v[32], *end;
	long s;

	if (!http_header(r, "retry-after", v, sizeof(v)))
		return 0;
	s = strtol(v, &end, 10);
	if (end == v || *end != '\0' || s < 0)
		return 0;
	return s > 60 ? 60000 : (double)s * 1000;
}
