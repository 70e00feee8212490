/*
 * The relay: see relay.h.  The outer half cannot tell a signal for its whole
 * group from one for itself.  The inner half can: it is in the group as well.
 * So it waits a moment after being told of a signal and passes on only what
 * it has not seen itself.
 */
#include "relay.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"

#define MOMENT 20.0  /* ms: a group's members get a signal within far less */
#define RECENT 100.0 /* ms: how old a sighting may be to be the same signal */

static const int passed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	SIGUSR2 };
#define PASSED (sizeof(passed) / sizeof(passed[0]))

struct relayed {
	struct relay *relay;
	int signo;
	double seen_at; /* clock_ms; 0: never */
	struct loop_timer *timer;
};

struct relay {
	struct loop *loop;
	int control;
	pid_t target;
	relay_stop_fn *stop;
	void *arg;
	struct relayed s[PASSED];
};

struct outer {
	struct loop *loop;
	int control;
};

void
relay_block(sigset_t *before)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < PASSED; i++)
		sigaddset(&set, passed[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

static void
outer_signal(void *arg, int signo)
{
	struct outer *o = arg;
	char c = (char)signo;

	/* an inner half that is gone shows as the child's end */
	(void)!send(o->control, &c, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
outer_ended(void *arg, int fd, uint32_t events)
{
	struct outer *o = arg;

	(void)events;
	loop_fd_drop(o->loop, fd);
	loop_stop(o->loop);
}

int
relay_outer(pid_t pid, int control, struct fault *f)
{
	struct outer o = { .control = control };
	int fd = pidfd_open(pid, 0), status = -1, rc = -1;
	size_t i;

	if (fd == -1)
		return fault_sys(
		    f, FAULT_UNSURE, errno, "process %d", (int)pid);
	o.loop = loop_new(f);
	if (o.loop == NULL)
		goto out;
	for (i = 0; i < PASSED; i++)
		if (loop_signal(o.loop, passed[i], outer_signal, &o, f) != 0)
			goto out;
	if (loop_fd(o.loop, fd, EPOLLIN, outer_ended, &o, f) != 0 ||
	    loop_run(o.loop, f) != 0)
		goto out;
	if (waitpid(pid, &status, 0) != pid)
		fault_sys(f, FAULT_UNSURE, errno, "process %d", (int)pid);
	else
		rc = child_exit_status(status);
out:
	loop_free(o.loop);
	close(fd);
	return rc;
}

static struct relayed *
by_signo(struct relay *r, int signo)
{
	size_t i;

	for (i = 0; i < PASSED; i++)
		if (r->s[i].signo == signo)
			return &r->s[i];
	return NULL;
}

static void
inner_signal(void *arg, int signo)
{
	struct relayed *s = by_signo(arg, signo);

	if (s != NULL)
		s->seen_at = clock_ms();
}

static void
pass_on(void *arg)
{
	struct relayed *s = arg;

	s->timer = NULL;
	if (s->seen_at != 0 && clock_ms() - s->seen_at < RECENT)
		return; /* CMD has had it with the whole group */
	if (s->relay->target > 0)
		kill(s->relay->target, s->signo);
}

static void
inner_told(void *arg, int fd, uint32_t events)
{
	struct relay *r = arg;
	struct relayed *s;
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT);

	(void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_fd_drop(r->loop, fd);
		r->stop(r->arg, 0);
		return;
	}
	s = by_signo(r, c);
	if (s == NULL)
		return;
	if (r->target == 0)
		r->stop(r->arg, s->signo);
	else if (s->timer == NULL) {
		s->timer = loop_timer(r->loop, MOMENT, pass_on, s, NULL);
		if (s->timer == NULL)
			pass_on(s);
	}
}

struct relay *
relay_inner(struct loop *l, int control, relay_stop_fn *stop, void *arg,
    struct fault *f)
{
	struct relay *r = calloc(1, sizeof(*r));
	size_t i;

	if (r == NULL) {
		fault_nomem(f);
		return NULL;
	}
	r->loop = l;
	r->control = control;
	r->stop = stop;
	r->arg = arg;
	for (i = 0; i < PASSED; i++) {
		r->s[i].relay = r;
		r->s[i].signo = passed[i];
		if (loop_signal(l, passed[i], inner_signal, r, f) != 0)
			goto fail;
	}
	if (loop_fd(l, control, EPOLLIN, inner_told, r, f) == 0)
		return r;
fail:
	relay_free(r);
	return NULL;
}

void
relay_target(struct relay *r, pid_t pid)
{
	r->target = pid;
}

void
relay_free(struct relay *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < PASSED; i++)
		loop_timer_cancel(r->loop, &r->s[i].timer);
	loop_fd_drop(r->loop, r->control);
	free(r);
}
