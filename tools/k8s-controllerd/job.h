/*
 * What job.c and job_status.c share: a Job and what its pods have come to.
 */
#ifndef JOB_H
#define JOB_H

#include "k8s-controllerd/job_plan.h"
#include "k8s-controllerd/pods.h"

#define JOB_MAX_INDEXES 100000

struct job {
	struct control *c;
	struct work *w;
	const cJSON *job;
	struct objects pods; /* all that it controls, oldest first */
	struct job_numbers n;
	long counted; /* failed pods that are there */
	long ready, terminating, restarts;
	double last_failure;  /* seconds since 1970, 0: none */
	long recent_failures; /* since the last success */
	int indexed;
	char *done, *busy;   /* by index: succeeded, active */
	const char *verdict; /* "Complete", "Failed", or NULL: goes on */
	const char *reason, *message;
};

/* The index of a pod of an Indexed Job, or -1. */
long job_index(const cJSON *pod);

/* 1 when the Job has ended, one way or the other. */
int job_ended(const cJSON *job);

/* Writes the status, if it has changed. */
void job_keep_status(struct job *j);

#endif
