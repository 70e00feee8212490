/*
 * run-finally: runs a command, then always a second one.  The command runs
 * in a process group of its own, so that a signal ends all of it; the
 * clean-up runs in another that no ^C reaches.  Signals are forwarded to the
 * command and remembered; while the clean-up runs they are only noted,
 * since half a teardown is what this tool is there to prevent.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/opt.h"
#include "tool.h"

#define TWICE_MS 500 /* signals closer than this are one */

static const char usage[] =
    "run-finally [-g GRACE] [-t TIMEOUT] -f CLEANUP COMMAND [ARGUMENT ...]";

enum phase { COMMAND, CLEANUP };

struct run {
	struct loop *loop;
	struct child child;
	pid_t group; /* the child's process group, also once it has ended */
	enum phase phase;
	int running;
	int terminal;   /* the command has the terminal */
	int status;     /* of the child that ended last, as a shell tells it */
	int signo;      /* first signal that reached us, or 0 */
	double since;   /* when the command was last sent one, or 0 */
	double told;    /* when one was last told to wait for the clean-up */
	int timed_out;  /* the clean-up was ended after its timeout */
	double grace;   /* ms from a signal to SIGKILL of the command */
	double timeout; /* ms for the clean-up, 0: none */
	struct loop_timer *timer;
};

/* The whole group: what the command has started ends with it. */
static void
kill_group(const struct run *r, int signo)
{
	if (r->group > 1)
		kill(-r->group, signo);
}

static void
time_up(void *arg)
{
	struct run *r = arg;

	r->timer = NULL;
	if (r->phase == CLEANUP) {
		r->timed_out = 1;
		tool_warn("clean-up: not done in time, killed");
	} else
		tool_warn("command: still running after the grace, killed");
	kill_group(r, SIGKILL);
}

static void
arm(struct run *r, double ms)
{
	struct fault f = { 0 };

	loop_timer_cancel(r->loop, &r->timer);
	if (ms <= 0)
		return;
	r->timer = loop_timer(r->loop, ms, time_up, r, &f);
	if (r->timer == NULL)
		tool_fault(&f);
}

static void
on_signal(void *arg, int signo)
{
	struct run *r = arg;
	int first = r->signo == 0;
	double *since = r->phase == COMMAND ? &r->since : &r->told;
	double now = clock_ms();

	/* one ^C may come twice: from the terminal, and passed on by a parent
	 */
	if (*since > 0 && now - *since < TWICE_MS)
		return;
	*since = now;
	if (first)
		r->signo = signo;
	if (r->phase == CLEANUP) {
		tool_warn(
		    "clean-up goes on: %s waits for its end", strsignal(signo));
		return;
	}
	if (first) {
		kill_group(r, signo);
		arm(r, r->grace);
	} else {
		/* a second one: the user is not willing to wait */
		kill_group(r, SIGKILL);
	}
}

static void
on_end(void *arg, int fd, uint32_t events)
{
	struct run *r = arg;
	struct fault f = { 0 };
	int status, rc;

	(void)events;
	rc = child_reap(&r->child, &status, &f);
	if (rc == 0)
		return;
	loop_fd_drop(r->loop, fd);
	r->running = 0;
	r->status = rc == 1 ? child_exit_status(status) : tool_fault(&f);
	if (r->phase == COMMAND && rc == 1 && WIFSIGNALED(status) &&
	    r->signo == 0) {
		/* ^C in the terminal goes to the command's group alone */
		int s = WTERMSIG(status);

		if (s == SIGINT || s == SIGTERM || s == SIGHUP)
			r->signo = s;
	}
	loop_stop(r->loop);
}

/*
 * Within a PID namespace a group from outside is 0: such a terminal stays
 * as it is, and ^C reaches us first.
 */
static int
to_foreground(void *arg)
{
	sigset_t ttou;

	(void)arg;
	/* SIGTTOU would stop a background process that does this */
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, NULL);
	tcsetpgrp(STDIN_FILENO, getpgrp());
	sigprocmask(SIG_UNBLOCK, &ttou, NULL);
	return 0;
}

/*
 * ^Z stops the command alone, which has the terminal: whoever waits for us must
 * see us stop as well.  A group without a shell behind it does not stop.
 */
static void
on_child(void *arg, int signo)
{
	struct run *r = arg;
	siginfo_t info = { .si_pid = 0 };

	(void)signo;
	if (!r->terminal || r->child.pid <= 0 ||
	    waitid(P_PID, (id_t)r->child.pid, &info, WSTOPPED | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return;
	to_foreground(NULL);
	kill(0, SIGTSTP);
	/* here it goes on, in the background perhaps */
	if (tcgetpgrp(STDIN_FILENO) == getpgrp())
		tcsetpgrp(STDIN_FILENO, r->group);
	kill_group(r, SIGCONT);
}

/* Runs argv to its end; its exit status, or -1 when it could not start. */
static int
run(struct run *r, enum phase phase, const char *const *argv, struct fault *f)
{
	int terminal = phase == COMMAND && getpgrp() > 0 &&
		       tcgetpgrp(STDIN_FILENO) == getpgrp();
	struct child_spec spec = {
		.argv = argv,
		.in = phase == COMMAND ? STDIN_FILENO : -1,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO,
		.group = 1,
		.setup = terminal ? to_foreground : NULL,
	};

	r->phase = phase;
	r->terminal = terminal;
	if (child_spawn(&r->child, &spec, f) != 0)
		return -1;
	r->group = r->child.pid;
	r->running = 1;
	if (loop_fd(r->loop, r->child.pidfd, EPOLLIN, on_end, r, f) != 0)
		return -1;
	if (phase == CLEANUP)
		arm(r, r->timeout);
	while (r->running)
		if (loop_run(r->loop, f) != 0)
			return -1;
	arm(r, 0);
	/* what the command left behind in its group would outlive the clean-up
	 */
	if (phase == COMMAND)
		kill_group(r, SIGKILL);
	if (terminal)
		to_foreground(NULL);
	return r->status;
}

static int
verdict(const struct run *r, int command, int cleanup)
{
	if (cleanup != 0 && !r->timed_out)
		tool_warn("clean-up: exit status %d", cleanup);
	if (r->signo != 0)
		return 128 + r->signo;
	if (command != 0)
		return command;
	return cleanup != 0 ? FAULT_UNSURE : 0;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "finally", required_argument, NULL, 'f' },
		{ "grace", required_argument, NULL, 'g' },
		{ "timeout", required_argument, NULL, 't' },
		TOOL_LONG,
	};
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const char *cleanup[] = { "/bin/sh", "-c", NULL, NULL };
	struct run r = { .grace = 10e3, .timeout = 120e3 };
	struct fault f = { 0 };
	int ch, first, second;
	size_t i;

	tool_begin("run-finally", usage);
	while ((ch = tool_getopt(argc, argv, "+f:g:t:", longs)) != -1) {
		switch (ch) {
		case 'f':
			cleanup[2] = optarg;
			break;
		case 'g':
			if (opt_duration("-g", optarg, &r.grace, &f) != 0)
				tool_die(&f);
			break;
		case 't':
			if (opt_duration("-t", optarg, &r.timeout, &f) != 0)
				tool_die(&f);
			break;
		}
	}
	if (cleanup[2] == NULL)
		tool_usage("-f: the clean-up is missing");
	if (optind == argc)
		tool_usage("the command is missing");
	if ((r.loop = loop_new(&f)) == NULL)
		tool_die(&f);
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (loop_signal(r.loop, signals[i], on_signal, &r, &f) != 0)
			tool_die(&f);
	if (loop_signal(r.loop, SIGCHLD, on_child, &r, &f) != 0)
		tool_die(&f);
	first = run(&r, COMMAND, (const char *const *)argv + optind, &f);
	if (first == -1)
		first = tool_fault(&f);
	second = run(&r, CLEANUP, cleanup, &f);
	if (second == -1)
		second = tool_fault(&f);
	loop_free(r.loop);
	return tool_end(verdict(&r, first, second));
}
