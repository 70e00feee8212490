/*
 * k8s-top in rooms: main.c (arguments, waiting), samples.c (what the metrics
 * API and the kubelets say).
 */
#ifndef TOP_H
#define TOP_H

#include "lib/kube.h"
#include "lib/opt.h"
#include "lib/record.h"

/* A pod that is to be measured. */
struct pod {
	char *name, *node;
	int sampled;   /* told already */
	int seen;      /* in the present list of pods */
	int asked;     /* its node was asked in this round */
	char why[256]; /* and gave no answer, or "" */
};

struct top {
	struct loop *loop;
	struct kube *kube;
	const char *ns, *selector;
	const char *const *names; /* NULL-ended; empty: all pods */
	int table;
	int kubelet;        /* the metrics API is of no use: ask the kubelets */
	int absent;         /* because there is none */
	const char *source; /* "metrics.k8s.io", "kubelet"; NULL: none yet */
	struct fault metrics; /* what it said */
	int optional;         /* it is no fault if these may not be asked */
	struct fault
	    skipped; /* that is so, and why; code FAULT_NONE: it is not */
	struct pod *v;
	size_t n;
	size_t told; /* samples printed */
	struct record record;
	int status;
};

/*
 * Lists the pods anew: those that run are to be measured, those that are gone
 * are no more.  0 or -1.
 */
int pods_list(struct top *t, struct fault *f);

/* How many of them are not sampled yet, but might be. */
size_t pods_waiting(const struct top *t);

void pods_release(struct top *t);

/* Tells the samples that there are of pods not told yet.  0 or -1. */
int samples_take(struct top *t, struct fault *f);

/* Tells one sample: memory in bytes, CPU in cores (negative: unknown). */
int usage_tell(struct top *t, const char *pod, const char *container,
    double memory, double cpu, const char *at, struct fault *f);

#endif
