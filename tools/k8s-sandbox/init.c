/*
 * Process 1 of the sandbox: see init.h.  When it ends, the kernel ends every
 * process of the sandbox: there is no other way out, and nothing to tidy up.
 * Its states: waiting for the daemons, running CMD, ending because a
 * daemon died.
 */
#include "init.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemons.h"
#include "lib/loop.h"
#include "mounts.h"
#include "namespaces.h"
#include "network.h"
#include "relay.h"
#include "tool.h"

#define READY_WITHIN 30000.0 /* ms, of all daemons */
#define END_WITHIN 2000.0    /* ms, of CMD, when a daemon has died */

struct init {
	struct sandbox *s;
	struct loop *loop;
	struct relay *relay;
	struct daemons daemons;
	struct loop_timer *timer;
	int awaited; /* daemons that are to become ready yet */
	pid_t cmd;   /* 0: not started */
	int status;  /* of the sandbox */
	int failed;  /* a daemon has died */
};

static void
end_with(struct init *in, int status)
{
	in->status = status;
	loop_stop(in->loop);
}

static void
on_stop(void *arg, int signo)
{
	struct init *in = arg;

	/* no CMD: `down` of a kept sandbox, or ^C while starting */
	end_with(in, in->s->cmd.argv == NULL ? 0 : 128 + signo);
}

static void
on_patience(void *arg)
{
	struct init *in = arg;
	size_t i;

	in->timer = NULL;
	for (i = 0; !in->failed && i < DAEMONS; i++) {
		struct daemon *d = &in->daemons.d[i];

		if (!d->awaited || d->ready_fd == -1)
			continue;
		tool_warn("%s: not ready within %.0f s; its last words:",
		    d->name, READY_WITHIN / 1000);
		daemons_show_log(d, &in->s->state);
	}
	end_with(in, FAULT_UNSURE);
}

static void
on_dead(struct init *in, const struct daemon *d, int status)
{
	struct fault f;

	if (in->failed)
		return; /* the others follow the first */
	in->failed = 1;
	if (WIFSIGNALED(status))
		tool_warn("%s: killed by signal %d (%s); its last words:",
		    d->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		tool_warn("%s: ended with status %d; its last words:", d->name,
		    WEXITSTATUS(status));
	daemons_show_log(d, &in->s->state);
	loop_timer_cancel(in->loop, &in->timer);
	if (in->cmd > 0 && kill(in->cmd, SIGTERM) == 0)
		in->timer =
		    loop_timer(in->loop, END_WITHIN, on_patience, in, &f);
	if (in->timer == NULL)
		end_with(in, FAULT_UNSURE);
}

/* Reaps all that has ended: daemons, CMD, and whoever was left to us. */
static void
on_child(void *arg, int signo)
{
	struct init *in = arg;
	struct daemon *d;
	int status;
	pid_t pid;

	(void)signo;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == in->cmd)
			end_with(in, in->failed ? FAULT_UNSURE :
						  child_exit_status(status));
		else if ((d = daemons_by_pid(&in->daemons, pid)) != NULL)
			on_dead(in, d, status);
	}
}

/* All is up: CMD starts, or whoever waits for the sandbox is told. */
static void
on_cluster(struct init *in)
{
	struct fault f;

	loop_timer_cancel(in->loop, &in->timer);
	if (state_ready(&in->s->state, &f) != 0) {
		end_with(in, tool_fault(&f));
		return;
	}
	if (in->s->ready_fd != -1) {
		(void)!write(in->s->ready_fd, "\n", 1);
		close(in->s->ready_fd);
		in->s->ready_fd = -1;
	}
	if (in->s->cmd.argv == NULL)
		return;
	in->cmd = command_start(&in->s->cmd, &f);
	if (in->cmd == -1)
		end_with(in, tool_fault(&f));
	else
		relay_target(in->relay, in->cmd);
}

static void
on_ready(void *arg, int fd, uint32_t events)
{
	struct init *in = arg;
	char c;
	size_t i;
	int ready = read(fd, &c, 1) == 1;

	(void)events;
	loop_fd_drop(in->loop, fd);
	close(fd);
	for (i = 0; i < DAEMONS; i++) {
		struct daemon *d = &in->daemons.d[i];

		if (d->ready_fd != fd)
			continue;
		/* a pipe without the byte: SIGCHLD tells the rest */
		if (!ready)
			return;
		d->ready_fd = -1;
		if (d->awaited && --in->awaited == 0)
			on_cluster(in);
	}
}

/* The part that is done before anything runs. */
static int
set_up(struct init *in, struct fault *f)
{
	static const char sbin[] = ":/usr/local/sbin:/usr/sbin:/sbin";
	const char *path = getenv("PATH");
	char images[STATE_PATH], *with_sbin;
	int inner, rc;

	/* ip(8) is where a user's PATH often does not go */
	if (asprintf(&with_sbin, "%s%s", path != NULL ? path : "/usr/bin:/bin",
		sbin) == -1)
		return fault_nomem(f);
	rc = setenv("PATH", with_sbin, 1);
	free(with_sbin);
	if (rc != 0)
		return fault_nomem(f);
	if (daemons_find(&in->daemons, &in->s->images, images, f) != 0 ||
	    mounts_set_up(&in->s->state, f) != 0)
		return -1;
	if (sethostname("sandbox", 7) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "host name");
	if (network_set_up(f) != 0)
		return -1;
	inner = network_listen(in->s->state.port, f);
	if (inner == -1)
		return -1;
	rc = daemons_start(
	    &in->daemons, &in->s->state, &in->s->images, inner, f);
	close(inner);
	close(in->s->state.outer_fd);
	in->s->state.outer_fd = -1;
	return rc;
}

static int
attend(struct init *in, struct fault *f)
{
	size_t i;

	for (i = 0; i < DAEMONS; i++) {
		struct daemon *d = &in->daemons.d[i];

		in->awaited += d->awaited;
		if (loop_fd(in->loop, d->ready_fd, EPOLLIN, on_ready, in, f) !=
		    0)
			return -1;
	}
	in->timer = loop_timer(in->loop, READY_WITHIN, on_patience, in, f);
	return in->timer == NULL ? -1 : loop_run(in->loop, f);
}

static int
init_main(void *arg)
{
	struct init in = { .s = arg };
	struct fault f = { 0 };

	close(in.s->control[0]);
	in.loop = loop_new(&f);
	if (in.loop == NULL)
		return tool_fault(&f);
	in.relay = relay_inner(in.loop, in.s->control[1], on_stop, &in, &f);
	if (in.relay == NULL || set_up(&in, &f) != 0 ||
	    loop_signal(in.loop, SIGCHLD, on_child, &in, &f) != 0)
		return tool_fault(&f);
	/* what ended before its signal was watched */
	on_child(&in, SIGCHLD);
	if (in.failed)
		return in.status;
	if (attend(&in, &f) != 0)
		return tool_fault(&f);
	return in.status;
}

int
sandbox_run(struct sandbox *s, struct fault *f)
{
	int status = -1;
	sigset_t before;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s->control) !=
	    0)
		return fault_sys(f, FAULT_UNSURE, errno, "socketpair");
	relay_block(&before);
	pid = namespaces_enter(init_main, s, f);
	close(s->control[1]);
	if (pid > 0 && state_pids(&s->state, getpid(), pid, f) != 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	} else if (pid > 0)
		status = relay_outer(pid, s->control[0], f);
	close(s->control[0]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}
