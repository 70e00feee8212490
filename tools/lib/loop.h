/*
 * One thread, one epoll: descriptors, timers and signals, each with a
 * callback.  Everything that waits in a tool or a daemon waits here.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

#include "fault.h"

struct loop;
struct loop_timer;

/* A new loop, or NULL with f filled. */
struct loop *loop_new(struct fault *f);

/*
 * Frees the loop and its timers; closes none of the caller's descriptors.
 * Signals that loop_signal blocked are unblocked again.  NULL is fine.
 */
void loop_free(struct loop *l);

typedef void loop_fd_fn(void *arg, int fd, uint32_t events);
typedef void loop_timer_fn(void *arg);
typedef void loop_signal_fn(void *arg, int signo);

/*
 * Watches fd for events (EPOLLIN, EPOLLOUT, ...; level-triggered).  Called
 * again for the same fd it changes events, callback and argument.  A regular
 * file is always ready.  0 or -1.
 */
int loop_fd(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg,
    struct fault *f);

/*
 * Stops watching fd; to be called before it is closed.  Events that are
 * already on their way are dropped.  Unknown descriptors are fine.
 */
void loop_fd_drop(struct loop *l, int fd);

/*
 * Calls fn once, ms milliseconds from now (0: at the next turn).  The timer
 * is gone when fn is entered.  NULL without memory.
 */
struct loop_timer *loop_timer(
    struct loop *l, double ms, loop_timer_fn *fn, void *arg, struct fault *f);

/* Cancels a timer that has not fired, sets *t to NULL; *t may be NULL. */
void loop_timer_cancel(struct loop *l, struct loop_timer **t);

/*
 * Blocks signo for the process and calls fn when it arrives.  Children
 * must unblock it (child_spawn does).  A SIGHUP that is ignored stays so; the
 * others are taken even then, since a shell ignores SIGINT for whatever it
 * runs in the background.  0 or -1.
 */
int loop_signal(
    struct loop *l, int signo, loop_signal_fn *fn, void *arg, struct fault *f);

/*
 * Turns until loop_stop is called or nothing is left to wait for (signals
 * alone do not keep it going): 0, or -1.  A loop_stop from before counts.
 */
int loop_run(struct loop *l, struct fault *f);

/*
 * One turn: waits at most ms milliseconds (-1: for ever).  0 or -1.  May be
 * called from within a callback; the outer turn's events may then be spurious,
 * so descriptors should be non-blocking.
 */
int loop_once(struct loop *l, double ms, struct fault *f);

/* Turns for ms milliseconds, whatever happens: 0 or -1. */
int loop_pause(struct loop *l, double ms, struct fault *f);

/* Makes loop_run return after the current callback. */
void loop_stop(struct loop *l);

/* 1 after a loop_stop that no loop_run has answered yet. */
int loop_stopped(const struct loop *l);

#endif
