/*
 * Thresholds of a probe: see probe_rule.h.
 */
#include "k8s-noded/probe_rule.h"

int
probe_judge(struct probe_rule *r, int success)
{
	if (success) {
		r->failures = 0;
		r->successes++;
		if (r->ok == 1 || r->successes < r->success_threshold)
			return 0;
		r->ok = 1;
		return 1;
	}
	r->successes = 0;
	r->failures++;
	if (r->ok == 0 || r->failures < r->failure_threshold)
		return 0;
	r->ok = 0;
	return 1;
}
