/*
 * The loop: see loop.h.  Watches live in an array indexed by descriptor and
 * carry a generation, which epoll hands back, so that an event for a
 * descriptor that was dropped (or closed and reused) within the same turn is
 * recognised as stale.  Timers are a binary heap.  Regular files, which epoll
 * refuses, count as always ready.
 */
#include "loop.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"

#define LOOP_BATCH 64           /* events taken in one turn */
#define LOOP_MAX_FD (1 << 20)   /* descriptors beyond are refused */
#define LOOP_LONGEST 86400000.0 /* ms that one turn sleeps at most */

struct watch {
	loop_fd_fn *fn; /* NULL: not watched */
	void *arg;
	uint32_t gen;
	uint32_t events;
	int plain; /* a regular file: always ready, unknown to epoll */
};

struct loop_timer {
	double at; /* clock_ms when it is due */
	uint64_t seq;
	loop_timer_fn *fn;
	void *arg;
	size_t pos; /* in the heap */
};

struct signal_handler {
	loop_signal_fn *fn;
	void *arg;
	int was_blocked; /* before loop_signal */
};

struct loop {
	int epoll;
	struct watch *watch; /* by descriptor */
	size_t nwatch;
	size_t active; /* watches in use, without the signalfd's */
	size_t plain;  /* of them, regular files */
	uint32_t gen;
	struct loop_timer **heap;
	size_t ntimer, captimer;
	uint64_t seq;
	int sigfd; /* -1: no signals */
	sigset_t signals;
	struct signal_handler handler[_NSIG];
	int stop;
	unsigned stops; /* counts loop_stop, so that nested turns notice */
};

struct loop *
loop_new(struct fault *f)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		fault_nomem(f);
		return NULL;
	}
	sigemptyset(&l->signals);
	l->sigfd = -1;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll == -1) {
		fault_sys(f, FAULT_UNSURE, errno, "epoll_create1");
		free(l);
		return NULL;
	}
	return l;
}

static void
unblock_signals(struct loop *l)
{
	sigset_t set;
	int s;

	sigemptyset(&set);
	for (s = 1; s < _NSIG; s++)
		if (l->handler[s].fn != NULL && !l->handler[s].was_blocked)
			sigaddset(&set, s);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void
loop_free(struct loop *l)
{
	size_t i;

	if (l == NULL)
		return;
	if (l->sigfd != -1) {
		close(l->sigfd);
		unblock_signals(l);
	}
	for (i = 0; i < l->ntimer; i++)
		free(l->heap[i]);
	free(l->heap);
	free(l->watch);
	close(l->epoll);
	free(l);
}

static int
watch_grow(struct loop *l, int fd, struct fault *f)
{
	size_t n = l->nwatch != 0 ? l->nwatch : 64;
	struct watch *w;

	if (fd < 0 || fd >= LOOP_MAX_FD)
		return fault_sys(f, FAULT_UNSURE, EBADF, "loop");
	if ((size_t)fd < l->nwatch)
		return 0;
	while (n <= (size_t)fd)
		n *= 2;
	w = reallocarray(l->watch, n, sizeof(*w));
	if (w == NULL)
		return fault_nomem(f);
	memset(w + l->nwatch, 0, (n - l->nwatch) * sizeof(*w));
	l->watch = w;
	l->nwatch = n;
	return 0;
}

/* Tells epoll; a descriptor may have been closed behind our back. */
static int
watch_tell(struct loop *l, int fd, struct watch *w)
{
	struct epoll_event e = { .events = w->events };
	int op = w->fn != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	e.data.u64 = (uint64_t)w->gen << 32 | (uint32_t)fd;
	if (epoll_ctl(l->epoll, op, fd, &e) == 0)
		return 0;
	if (errno == ENOENT || errno == EEXIST)
		return epoll_ctl(l->epoll,
		    errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &e);
	return -1;
}

int
loop_fd(struct loop *l, int fd, uint32_t events, loop_fd_fn *fn, void *arg,
    struct fault *f)
{
	struct watch *w;

	if (watch_grow(l, fd, f) != 0)
		return -1;
	w = &l->watch[fd];
	w->events = events;
	if (w->fn == NULL)
		w->gen = ++l->gen;
	if (!(w->fn != NULL && w->plain) && watch_tell(l, fd, w) != 0) {
		if (errno != EPERM)
			return fault_sys(
			    f, FAULT_UNSURE, errno, "descriptor %d", fd);
		w->plain = 1;
		l->plain++;
	}
	if (w->fn == NULL)
		l->active++;
	w->fn = fn;
	w->arg = arg;
	return 0;
}

void
loop_fd_drop(struct loop *l, int fd)
{
	struct watch *w;

	if (fd < 0 || (size_t)fd >= l->nwatch || l->watch[fd].fn == NULL)
		return;
	w = &l->watch[fd];
	if (w->plain)
		l->plain--;
	else
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
	memset(w, 0, sizeof(*w));
	l->active--;
}

static int
timer_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->at < b->at || (a->at == b->at && a->seq < b->seq);
}

static void
heap_put(struct loop *l, size_t pos, struct loop_timer *t)
{
	l->heap[pos] = t;
	t->pos = pos;
}

static void
heap_up(struct loop *l, struct loop_timer *t)
{
	size_t pos = t->pos, up;

	for (; pos > 0; pos = up) {
		up = (pos - 1) / 2;
		if (!timer_before(t, l->heap[up]))
			break;
		heap_put(l, pos, l->heap[up]);
	}
	heap_put(l, pos, t);
}

static void
heap_down(struct loop *l, struct loop_timer *t)
{
	size_t pos = t->pos, down;

	for (; (down = 2 * pos + 1) < l->ntimer; pos = down) {
		if (down + 1 < l->ntimer &&
		    timer_before(l->heap[down + 1], l->heap[down]))
			down++;
		if (!timer_before(l->heap[down], t))
			break;
		heap_put(l, pos, l->heap[down]);
	}
	heap_put(l, pos, t);
}

static void
heap_remove(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last = l->heap[--l->ntimer];

	if (last == t)
		return;
	heap_put(l, t->pos, last);
	heap_up(l, last);
	heap_down(l, last);
}

struct loop_timer *
loop_timer(
    struct loop *l, double ms, loop_timer_fn *fn, void *arg, struct fault *f)
{
	struct loop_timer *t = malloc(sizeof(*t)), **heap;
	size_t cap;

	if (t == NULL)
		goto nomem;
	if (l->ntimer == l->captimer) {
		cap = l->captimer != 0 ? 2 * l->captimer : 16;
		heap = reallocarray(l->heap, cap, sizeof(*heap));
		if (heap == NULL)
			goto nomem;
		l->heap = heap;
		l->captimer = cap;
	}
	t->at = clock_ms() + (ms > 0 ? ms : 0);
	t->seq = ++l->seq;
	t->fn = fn;
	t->arg = arg;
	t->pos = l->ntimer++;
	heap_up(l, t);
	return t;
nomem:
	free(t);
	fault_nomem(f);
	return NULL;
}

void
loop_timer_cancel(struct loop *l, struct loop_timer **t)
{
	if (*t == NULL)
		return;
	heap_remove(l, *t);
	free(*t);
	*t = NULL;
}

static void
on_signals(struct loop *l)
{
	struct signalfd_siginfo si;
	struct signal_handler *h;
	unsigned stops = l->stops;

	while (l->stops == stops &&
	       read(l->sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo >= _NSIG)
			continue;
		h = &l->handler[si.ssi_signo];
		if (h->fn != NULL)
			h->fn(h->arg, (int)si.ssi_signo);
	}
}

/* nohup(1) has a command go on when its terminal is gone. */
static int
is_nohup(int signo)
{
	struct sigaction a;

	return signo == SIGHUP && sigaction(signo, NULL, &a) == 0 &&
	       a.sa_handler == SIG_IGN;
}

int
loop_signal(
    struct loop *l, int signo, loop_signal_fn *fn, void *arg, struct fault *f)
{
	struct epoll_event e = { .events = EPOLLIN };
	sigset_t set, old;
	int fd;

	if (signo < 1 || signo >= _NSIG)
		return fault_sys(f, FAULT_UNSURE, EINVAL, "signal %d", signo);
	if (is_nohup(signo))
		return 0;
	sigaddset(&l->signals, signo);
	fd = signalfd(l->sigfd, &l->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "signalfd");
	if (l->sigfd == -1) {
		e.data.u64 = (uint32_t)fd; /* generation 0: nobody else's */
		if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
			fault_sys(f, FAULT_UNSURE, errno, "signalfd");
			close(fd);
			return -1;
		}
		l->sigfd = fd;
	}
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_BLOCK, &set, &old);
	if (l->handler[signo].fn == NULL)
		l->handler[signo].was_blocked = sigismember(&old, signo);
	l->handler[signo].fn = fn;
	l->handler[signo].arg = arg;
	return 0;
}

/* Calls what is due; timers made meanwhile wait for the next turn. */
static void
run_timers(struct loop *l, unsigned stops)
{
	double now = clock_ms();
	uint64_t last = l->seq;
	struct loop_timer *t;
	loop_timer_fn *fn;
	void *arg;

	while (l->stops == stops && l->ntimer > 0 && l->heap[0]->at <= now &&
	       l->heap[0]->seq <= last) {
		t = l->heap[0];
		fn = t->fn;
		arg = t->arg;
		heap_remove(l, t);
		free(t);
		fn(arg);
	}
}

static void
run_plain(struct loop *l, unsigned stops)
{
	struct watch *w;
	size_t fd;

	for (fd = 0; l->plain > 0 && fd < l->nwatch && l->stops == stops;
	     fd++) {
		w = &l->watch[fd];
		if (w->fn != NULL && w->plain)
			w->fn(
			    w->arg, (int)fd, w->events & (EPOLLIN | EPOLLOUT));
	}
}

/* epoll_pwait2 keeps microseconds; older kernels round up to milliseconds. */
static int
wait_events(struct loop *l, struct epoll_event *ev, double ms)
{
	struct timespec ts;
	int n;

	if (ms > LOOP_LONGEST)
		ms = LOOP_LONGEST;
	if (ms >= 0) {
		ts.tv_sec = (time_t)(ms / 1000);
		ts.tv_nsec = (long)((ms - (double)ts.tv_sec * 1000) * 1e6);
	}
	n = epoll_pwait2(l->epoll, ev, LOOP_BATCH, ms < 0 ? NULL : &ts, NULL);
	if (n == -1 && errno == ENOSYS)
		n = epoll_wait(
		    l->epoll, ev, LOOP_BATCH, ms < 0 ? -1 : (int)ceil(ms));
	return n;
}

/* What is left until the next timer, or ms if that is sooner. */
static double
wait_time(const struct loop *l, double ms)
{
	double left;

	if (l->plain > 0)
		return 0;
	if (l->ntimer == 0)
		return ms;
	left = l->heap[0]->at - clock_ms();
	if (left < 0)
		left = 0;
	return ms < 0 || left < ms ? left : ms;
}

int
loop_once(struct loop *l, double ms, struct fault *f)
{
	struct epoll_event ev[LOOP_BATCH];
	unsigned stops = l->stops;
	struct watch *w;
	uint32_t fd;
	int i, n;

	n = wait_events(l, ev, wait_time(l, ms));
	if (n == -1 && errno != EINTR)
		return fault_sys(f, FAULT_UNSURE, errno, "epoll_wait");
	for (i = 0; i < n && l->stops == stops; i++) {
		fd = (uint32_t)ev[i].data.u64;
		if (ev[i].data.u64 >> 32 == 0) {
			on_signals(l);
			continue;
		}
		w = &l->watch[fd];
		if (w->fn != NULL && w->gen == ev[i].data.u64 >> 32)
			w->fn(w->arg, (int)fd, ev[i].events);
	}
	run_plain(l, stops);
	run_timers(l, stops);
	return 0;
}

int
loop_pause(struct loop *l, double ms, struct fault *f)
{
	double end = clock_ms() + ms, left;

	while ((left = end - clock_ms()) > 0)
		if (loop_once(l, left, f) != 0)
			return -1;
	return 0;
}

int
loop_run(struct loop *l, struct fault *f)
{
	int r = 0;

	while (r == 0 && !l->stop && (l->active > 0 || l->ntimer > 0))
		r = loop_once(l, -1, f);
	l->stop = 0;
	return r;
}

void
loop_stop(struct loop *l)
{
	l->stop = 1;
	l->stops++;
}

int
loop_stopped(const struct loop *l)
{
	return l->stop;
}
