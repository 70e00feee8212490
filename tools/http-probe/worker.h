/*
 * Work beside the loop: one thread that does a job after the other.  A loop
 * that is busy reads responses late, and the calls under way would seem slow;
 * so what may take long (jq on a large response, a reader of our output that
 * is slow) is done here.
 */
#ifndef HTTP_PROBE_WORKER_H
#define HTTP_PROBE_WORKER_H

#include "lib/fault.h"
#include "lib/loop.h"

struct worker;

/* A job is the worker's, and all that work touches, until done is called. */
struct worker_job {
	void (*work)(void *arg); /* in the thread */
	void (*done)(void *arg); /* then, in the loop */
	void *arg;
	struct worker_job *next; /* the worker's */
};

/* A worker for loop l, or NULL with f filled. */
struct worker *worker_new(struct loop *l, struct fault *f);

/*
 * Hands over a job (borrowed); jobs are done in the order in which they came.
 * 0, or -1 when its end could not be heard of: then it is not done.
 */
int worker_do(struct worker *w, struct worker_job *job, struct fault *f);

/*
 * Ends the thread when its jobs are done; of those the loop hears nothing any
 * more.  -1 when that takes longer than ms: it goes on then, and nothing that
 * it may touch may be freed.  NULL is fine.
 */
int worker_free(struct worker *w, double ms);

#endif
