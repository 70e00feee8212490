/*
 * What results do to the thresholds of a probe, apart from time and network.
 */
#ifndef NODED_PROBE_RULE_H
#define NODED_PROBE_RULE_H

struct probe_rule {
	int success_threshold, failure_threshold;
	int successes, failures; /* in a row */
	int ok;                  /* the verdict; -1: none yet */
};

/* Takes one result: 1 when the verdict (r->ok) has changed by it. */
int probe_judge(struct probe_rule *r, int success);

#endif
