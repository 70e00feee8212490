/*
 * A program inside a running container: see exec.h.  The child joins all
 * namespaces of the container at once through a pidfd, then forks, since only
 * children are in a joined PID namespace; the parent of that fork stays to
 * hand on its end.
 */
#include "k8s-noded/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"

#define OUTPUT_MAX 10240 /* as much of an exec probe's output as counts */

struct exec {
	struct loop *loop;
	struct child child;
	struct loop_timer *timer;
	int out; /* read end of both outputs, or -1 */
	int timed_out;
	struct buf output;
	exec_fn *done;
	void *arg;
};

/* What the child needs between fork and exec. */
struct entry {
	int pidfd;
	const char *cwd;
};

/*
 * In the child: enters, forks; the inner one returns to be exec'ed, the
 * outer one waits here.  Async-signal-safe calls only.
 */
static int
enter(void *arg)
{
	const struct entry *e = arg;
	int status, flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
			    CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
	pid_t pid;

	if (setns(e->pidfd, flags) != 0)
		return errno;
	pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0) {
		/* the outer one is killed on a time-out: so are we */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
			return errno;
		return chdir(e->cwd) != 0 ? errno : 0;
	}
	/* child_spawn waits for the other end of a pipe to be closed */
	close_range(3, ~0U, 0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(255);
	_exit(
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void
exec_free(struct exec *e)
{
	loop_timer_cancel(e->loop, &e->timer);
	if (e->out >= 0) {
		loop_fd_drop(e->loop, e->out);
		close(e->out);
	}
	buf_release(&e->output);
	free(e);
}

/* Reads what is there: 0 at the end of the output. */
static int
read_output(struct exec *e)
{
	char piece[4096];
	ssize_t n = read(e->out, piece, sizeof(piece));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	/* what passes the limit is dropped, but read */
	buf_add(&e->output, piece, (size_t)n);
	return n > 0;
}

static void
on_output(void *arg, int fd, uint32_t events)
{
	struct exec *e = arg;

	(void)events;
	if (read_output(e) != 0)
		return;
	loop_fd_drop(e->loop, fd);
	close(fd);
	e->out = -1;
}

static void
on_end(void *arg, int fd, uint32_t events)
{
	struct exec *e = arg;
	int status;

	(void)events;
	if (child_reap(&e->child, &status, NULL) == 0)
		return;
	loop_fd_drop(e->loop, fd);
	while (e->out >= 0 && read_output(e) == 1)
		;
	e->output.failed = 0;
	e->done(e->arg, child_exit_status(status), e->timed_out,
	    buf_str(&e->output));
	exec_free(e);
}

/*
 * Kills the program and what it has started: the group was made before the
 * namespaces were joined, so it is one on both sides.  Its number cannot be
 * another's yet, since the child was not waited for.
 */
static void
kill_group(const struct exec *e)
{
	kill(-e->child.pid, SIGKILL);
}

static void
on_timeout(void *arg)
{
	struct exec *e = arg;
	e->timer = NULL;
	e->timed_out = 1;
	kill_group(e);
}

static int
start(struct exec *e, pid_t pid, const struct child_spec *given,
    const char *cwd, struct fault *f)
{
	struct child_spec spec = *given;
	struct entry entry = { .cwd = cwd };
	int ends[2], status = -1;

	entry.pidfd = pidfd_open(pid, 0);
	if (entry.pidfd < 0)
		return fault_sys(f, FAULT_NO, errno, "container");
	if (pipe2(ends, O_CLOEXEC) != 0) {
		fault_sys(f, FAULT_UNSURE, errno, "pipe");
		close(entry.pidfd);
		return -1;
	}
	e->out = ends[0];
	spec.in = -1;
	spec.out = spec.err = ends[1];
	spec.deathsig = SIGKILL;
	spec.group = 1;
	spec.setup = enter;
	spec.setup_arg = &entry;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
		status = child_spawn(&e->child, &spec, f);
	close(entry.pidfd);
	close(ends[1]);
	return status;
}

struct exec *
exec_start(struct loop *loop, pid_t pid, const char *const *argv,
    const char *const *envp, const char *cwd, double timeout_ms, exec_fn *done,
    void *arg, struct fault *f)
{
	struct child_spec spec = { .argv = argv, .envp = envp };
	struct exec *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		fault_nomem(f);
		return NULL;
	}
	e->loop = loop;
	e->child.pidfd = e->out = -1;
	e->done = done;
	e->arg = arg;
	buf_init(&e->output, OUTPUT_MAX);
	if (start(e, pid, &spec, cwd, f) != 0) {
		exec_free(e);
		return NULL;
	}
	e->timer = loop_timer(loop, timeout_ms, on_timeout, e, f);
	if (e->timer == NULL ||
	    loop_fd(loop, e->out, EPOLLIN, on_output, e, f) != 0 ||
	    loop_fd(loop, e->child.pidfd, EPOLLIN, on_end, e, f) != 0) {
		exec_cancel(e);
		return NULL;
	}
	return e;
}

void
exec_cancel(struct exec *e)
{
	int status;

	if (e == NULL)
		return;
	if (e->child.pidfd >= 0) {
		loop_fd_drop(e->loop, e->child.pidfd);
		kill_group(e);
		if (waitpid(e->child.pid, &status, 0) == e->child.pid)
			close(e->child.pidfd);
	}
	exec_free(e);
}
