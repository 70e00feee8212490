/*
 * The worker's thread: see worker.h.  Two lists under one lock: jobs to do,
 * and jobs done, of which an eventfd tells the loop.  The loop watches it only
 * while there is a job, so that a loop without work still ends.
 */
#include "http-probe/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct jobs {
	struct worker_job *first, **end;
};

struct worker {
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more; /* to do, or ending */
	struct jobs todo, done;
	int ending;
	int event;      /* eventfd: something is done */
	size_t pending; /* jobs whose end was not told; the loop's */
};

static void
jobs_add(struct jobs *j, struct worker_job *job)
{
	job->next = NULL;
	*j->end = job;
	j->end = &job->next;
}

static struct worker_job *
jobs_take(struct jobs *j)
{
	struct worker_job *job = j->first;

	if (job != NULL)
		j->first = job->next;
	if (j->first == NULL)
		j->end = &j->first;
	return job;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct worker_job *job;
	uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		job = jobs_take(&w->todo);
		if (job == NULL && w->ending)
			break;
		if (job == NULL) {
			pthread_cond_wait(&w->more, &w->lock);
			continue;
		}
		pthread_mutex_unlock(&w->lock);
		job->work(job->arg);
		pthread_mutex_lock(&w->lock);
		jobs_add(&w->done, job);
		/* full only when it is readable already */
		if (write(w->event, &one, sizeof(one)) == -1 && errno != EAGAIN)
			break;
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void
on_done(void *arg, int fd, uint32_t events)
{
	struct worker *w = arg;
	struct worker_job *job, *next;
	uint64_t count;

	(void)events;
	pthread_mutex_lock(&w->lock);
	while (read(fd, &count, sizeof(count)) == -1 && errno == EINTR)
		;
	job = w->done.first;
	w->done = (struct jobs){ .end = &w->done.first };
	pthread_mutex_unlock(&w->lock);
	for (; job != NULL; job = next) {
		next = job->next;
		if (--w->pending == 0)
			loop_fd_drop(w->loop, fd);
		job->done(job->arg);
	}
}

struct worker *
worker_new(struct loop *l, struct fault *f)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err;

	if (w == NULL) {
		fault_nomem(f);
		return NULL;
	}
	w->loop = l;
	w->todo.end = &w->todo.first;
	w->done.end = &w->done.first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err =
	    w->event == -1 ? errno : pthread_create(&w->thread, NULL, work, w);
	if (err == 0)
		return w;
	fault_sys(f, FAULT_UNSURE, err, "thread");
	if (w->event != -1)
		close(w->event);
	free(w);
	return NULL;
}

int
worker_do(struct worker *w, struct worker_job *job, struct fault *f)
{
	if (w->pending == 0 &&
	    loop_fd(w->loop, w->event, EPOLLIN, on_done, w, f) != 0)
		return -1;
	w->pending++;
	pthread_mutex_lock(&w->lock);
	jobs_add(&w->todo, job);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

int
worker_free(struct worker *w, double ms)
{
	struct timespec end;

	if (w == NULL)
		return 0;
	pthread_mutex_lock(&w->lock);
	w->ending = 1;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += (long)(ms * 1e6);
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	if (pthread_clockjoin_np(w->thread, NULL, CLOCK_MONOTONIC, &end) != 0)
		return -1;
	loop_fd_drop(w->loop, w->event);
	close(w->event);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->more);
	free(w);
	return 0;
}
