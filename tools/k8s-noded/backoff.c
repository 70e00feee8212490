/*
 * Delays that double: see backoff.h.
 */
#include "k8s-noded/backoff.h"

double
backoff_next(struct backoff *b, double now_ms, double initial_ms, double max_ms)
{
	double ms = b->delay_ms;

	if (b->delay_ms > 0 && now_ms - b->until_ms > 2 * max_ms)
		ms = 0;
	b->delay_ms = ms > 0 ? 2 * ms : initial_ms;
	if (b->delay_ms > max_ms)
		b->delay_ms = max_ms;
	b->until_ms = now_ms + ms;
	return ms;
}
