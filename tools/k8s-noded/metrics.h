/*
 * Memory and CPU of containers, sampled from /proc since a node without root
 * has no cgroups.
 *
 * Memory is PSS (smaps_rollup): each page counted once in all, shared pages
 * in parts, so that the processes of a database do not count their shared
 * buffers again and again.  It comes near what a cgroup would charge, less the
 * page cache.  A memory limit is watched more often, by a cheaper upper bound
 * (resident less file pages), and judged by PSS without file pages before
 * anything is killed.
 */
#ifndef NODED_METRICS_H
#define NODED_METRICS_H

#include "k8s-noded/pod.h"

struct metrics *metrics_new(struct node *n, struct fault *f);
void metrics_free(struct metrics *m);

/* The pod is over: its PodMetrics object is deleted. */
void metrics_forget(struct pod *p);

/* The kubelet's /stats/summary, from the last samples; the caller's. */
cJSON *metrics_summary(struct node *n);

#endif
