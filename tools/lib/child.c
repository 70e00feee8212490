/*
 * Child processes: see child.h.  fork and exec with a close-on-exec pipe on
 * which the child tells why it could not start; the same pipe shows the
 * child that its parent has died meanwhile, also across PID namespaces, where
 * getppid says nothing.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

/* What the child reports when it cannot start. */
enum stage { STAGE_FDS, STAGE_CWD, STAGE_SETUP, STAGE_EXEC };

struct report {
	enum stage stage;
	int err;
};

static void
child_fail(int fd, enum stage stage)
{
	struct report r = { .stage = stage, .err = errno };

	if (write(fd, &r, sizeof(r)) != (ssize_t)sizeof(r))
		_exit(126);
	_exit(127);
}

/* Puts in, out and err under 0, 1 and 2, whatever their numbers are. */
static int
place_fds(const struct child_spec *s)
{
	int want[3] = { s->in, s->out, s->err }, got[3], i;

	for (i = 0; i < 3; i++) {
		got[i] = want[i] >= 0 ? want[i] : open("/dev/null", O_RDWR);
		if (got[i] == -1)
			return -1;
		got[i] = fcntl(got[i], F_DUPFD_CLOEXEC, 3);
		if (got[i] == -1)
			return -1;
	}
	for (i = 0; i < 3; i++)
		if (dup2(got[i], i) == -1)
			return -1;
	return 0;
}

static int
compare_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Closes everything above 2 but the n sorted descriptors of keep. */
static void
close_others(const int *keep, size_t n)
{
	unsigned from = 3;
	size_t i;

	for (i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if (keep[i] > (int)from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	close_range(from, ~0U, 0);
}

/* All at their defaults, but for what nohup(1) has set for good. */
static void
reset_signals(void)
{
	struct sigaction hup;
	sigset_t none;
	int s;

	if (sigaction(SIGHUP, NULL, &hup) != 0)
		hup.sa_handler = SIG_DFL;
	for (s = 1; s < _NSIG; s++)
		signal(s, SIG_DFL); /* fails for some: fine */
	if (hup.sa_handler == SIG_IGN)
		signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child's side; keep holds spec's descriptors and fd, sorted. */
static void
child_start(const struct child_spec *s, const int *keep, size_t n, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	size_t i;

	if (s->group)
		setpgid(0, 0);
	reset_signals();
	if (s->deathsig != 0) {
		prctl(PR_SET_PDEATHSIG, s->deathsig);
		if (poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0)
			_exit(127); /* the parent is gone already */
	}
	if (place_fds(s) != 0)
		child_fail(fd, STAGE_FDS);
	if (s->setup != NULL && (errno = s->setup(s->setup_arg)) != 0)
		child_fail(fd, STAGE_SETUP);
	if (s->cwd != NULL && chdir(s->cwd) != 0)
		child_fail(fd, STAGE_CWD);
	close_others(keep, n);
	for (i = 0; i < n; i++)
		if (keep[i] != fd && fcntl(keep[i], F_SETFD, 0) == -1)
			child_fail(fd, STAGE_FDS);
	if (s->envp != NULL)
		execvpe(
		    s->argv[0], (char *const *)s->argv, (char *const *)s->envp);
	else
		execvp(s->argv[0], (char *const *)s->argv);
	child_fail(fd, STAGE_EXEC);
}

static int
report_fault(
    const struct report *r, const struct child_spec *s, struct fault *f)
{
	const char *name = s->argv[0];

	switch (r->stage) {
	case STAGE_CWD:
		return fault_sys(
		    f, FAULT_UNSURE, r->err, "%s: %s", name, s->cwd);
	case STAGE_SETUP:
		return fault_sys(
		    f, FAULT_UNSURE, r->err, "%s: set-up before exec", name);
	case STAGE_FDS:
		return fault_sys(
		    f, FAULT_UNSURE, r->err, "%s: descriptors", name);
	default:
		if (r->err == ENOENT && strchr(name, '/') == NULL)
			return fault_set(f, FAULT_INPUT,
			    "%s: no such program on the PATH", name);
		return fault_sys(f,
		    r->err == ENOENT || r->err == EACCES ? FAULT_INPUT :
							   FAULT_UNSURE,
		    r->err, "%s", name);
	}
}

/* A pipe whose write end is above 2, both ends close-on-exec. */
static int
report_pipe(int p[2], struct fault *f)
{
	int high;

	if (pipe2(p, O_CLOEXEC) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "pipe");
	if (p[1] > 2)
		return 0;
	high = fcntl(p[1], F_DUPFD_CLOEXEC, 3);
	close(p[1]);
	p[1] = high;
	if (high == -1) {
		fault_sys(f, FAULT_UNSURE, errno, "pipe");
		close(p[0]);
		return -1;
	}
	return 0;
}

int
child_spawn(struct child *c, const struct child_spec *spec, struct fault *f)
{
	struct report r;
	int p[2], *keep, status;
	ssize_t got;

	c->pid = -1;
	c->pidfd = -1;
	if (report_pipe(p, f) != 0)
		return -1;
	keep = calloc(spec->keep_n + 1, sizeof(*keep));
	if (keep == NULL) {
		close(p[0]);
		close(p[1]);
		return fault_nomem(f);
	}
	if (spec->keep_n > 0)
		memcpy(keep, spec->keep, spec->keep_n * sizeof(*keep));
	keep[spec->keep_n] = p[1];
	qsort(keep, spec->keep_n + 1, sizeof(*keep), compare_int);
	c->pid = fork();
	if (c->pid == 0) {
		close(p[0]);
		child_start(spec, keep, spec->keep_n + 1, p[1]);
	}
	free(keep);
	close(p[1]);
	if (c->pid == -1) {
		close(p[0]);
		return fault_sys(f, FAULT_UNSURE, errno, "fork");
	}
	do
		got = read(p[0], &r, sizeof(r));
	while (got == -1 && errno == EINTR);
	close(p[0]);
	if (got == (ssize_t)sizeof(r)) {
		waitpid(c->pid, &status, 0);
		c->pid = -1;
		return report_fault(&r, spec, f);
	}
	c->pidfd = pidfd_open(c->pid, 0);
	if (c->pidfd == -1) {
		fault_sys(f, FAULT_UNSURE, errno, "pidfd_open");
		kill(c->pid, SIGKILL);
		waitpid(c->pid, &status, 0);
		c->pid = -1;
		return -1;
	}
	return 0;
}

int
child_reap(struct child *c, int *status, struct fault *f)
{
	pid_t r;

	if (c->pid <= 0)
		return fault_sys(f, FAULT_UNSURE, ECHILD, "child");
	do
		r = waitpid(c->pid, status, WNOHANG);
	while (r == -1 && errno == EINTR);
	if (r == 0)
		return 0;
	if (r == -1)
		fault_sys(f, FAULT_UNSURE, errno, "waitpid");
	if (c->pidfd != -1)
		close(c->pidfd);
	c->pidfd = -1;
	c->pid = -1;
	return r == -1 ? -1 : 1;
}

int
child_kill(const struct child *c, int signo)
{
	if (c->pid <= 0 || c->pidfd == -1) {
		errno = ESRCH;
		return -1;
	}
	/* the pidfd cannot name another process, as a number might */
	return pidfd_send_signal(c->pidfd, signo, NULL, 0);
}

int
child_exit_status(int status)
{
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* One stream of a child that is collected. */
struct sink {
	struct buf *b;
	int rd, wr;
};

static int
sink_open(struct sink *s, struct buf *b, struct fault *f)
{
	int p[2];

	s->b = b;
	s->rd = s->wr = -1;
	if (b == NULL)
		return 0;
	if (pipe2(p, O_CLOEXEC) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "pipe");
	s->rd = p[0];
	s->wr = p[1];
	return fcntl(s->rd, F_SETFL, O_NONBLOCK) == 0 ?
		   0 :
		   fault_sys(f, FAULT_UNSURE, errno, "pipe");
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* Reads all that is there; closes at the end of file.  -1: past the limit. */
static int
sink_read(struct sink *s)
{
	char piece[16384];
	ssize_t n;

	while (s->rd != -1) {
		n = read(s->rd, piece, sizeof(piece));
		if (n > 0 && buf_add(s->b, piece, (size_t)n) != 0)
			return -1;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == 0 || (n == -1 && errno != EINTR))
			close_fd(&s->rd);
	}
	return 0;
}

/* in as a file that can be read from its start: no SIGPIPE, no dead-lock. */
static int
input_fd(const struct buf *in, struct fault *f)
{
	int fd = memfd_create("stdin", MFD_CLOEXEC);

	if (fd == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "memfd");
	if (buf_write_fd(in, fd) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
		fault_sys(f, FAULT_UNSURE, errno, "memfd");
		close(fd);
		return -1;
	}
	return fd;
}

/* Waits until the child has ended and all that it wrote is in the sinks. */
static int
collect(struct child *c, struct sink *out, struct sink *err, double timeout_ms,
    int *status, const char *name, struct fault *f)
{
	double end = clock_ms() + timeout_ms, left;
	struct pollfd p[3];
	int st = 0, ended = 0;

	while (!ended) {
		p[0] = (struct pollfd){ .fd = c->pidfd, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = out->rd, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = err->rd, .events = POLLIN };
		left = end - clock_ms();
		if (timeout_ms > 0 && left <= 0)
			return fault_set(f, FAULT_UNSURE,
			    "%s: ended after %.0f ms, the time it had", name,
			    timeout_ms);
		if (poll(p, 3, timeout_ms > 0 ? (int)left + 1 : -1) == -1 &&
		    errno != EINTR)
			return fault_sys(f, FAULT_UNSURE, errno, "poll");
		/* reap before reading: what it wrote last is then there */
		ended = child_reap(c, &st, f);
		if (ended == -1)
			return -1;
		if (sink_read(out) != 0 || sink_read(err) != 0)
			return fault_set(f, FAULT_UNSURE,
			    "%s: its output is too large", name);
	}
	*status = child_exit_status(st);
	return 0;
}

static int
filter(const char *const *argv, const char *const *envp, const struct buf *in,
    struct buf *out, struct buf *err, double timeout_ms, int *status,
    struct fault *f)
{
	struct child_spec spec = { .argv = argv,
		.envp = envp,
		.in = -1,
		.err = STDERR_FILENO,
		.deathsig = SIGKILL };
	struct child c = { .pid = -1, .pidfd = -1 };
	struct sink o = { .rd = -1, .wr = -1 }, e = o;
	int r = -1, st;

	if (in != NULL && (spec.in = input_fd(in, f)) == -1)
		return -1;
	if (sink_open(&o, out, f) != 0 || sink_open(&e, err, f) != 0)
		goto out;
	spec.out = o.wr;
	if (err != NULL)
		spec.err = e.wr;
	if (child_spawn(&c, &spec, f) != 0)
		goto out;
	close_fd(&o.wr);
	close_fd(&e.wr);
	r = collect(&c, &o, &e, timeout_ms, status, argv[0], f);
	if (r != 0 && c.pid > 0) {
		child_kill(&c, SIGKILL);
		waitpid(c.pid, &st, 0);
		close_fd(&c.pidfd);
	}
out:
	close_fd(&spec.in);
	close_fd(&o.rd);
	close_fd(&o.wr);
	close_fd(&e.rd);
	close_fd(&e.wr);
	return r;
}

int
child_filter(const char *const *argv, const struct buf *in, struct buf *out,
    struct buf *err, double timeout_ms, int *status, struct fault *f)
{
	return filter(argv, NULL, in, out, err, timeout_ms, status, f);
}

int
child_run(const char *const *argv, struct buf *out, double timeout_ms,
    int *status, struct fault *f)
{
	return filter(argv, NULL, NULL, out, NULL, timeout_ms, status, f);
}

int
child_run_env(const char *const *argv, const char *const *envp, struct buf *out,
    double timeout_ms, int *status, struct fault *f)
{
	return filter(argv, envp, NULL, out, NULL, timeout_ms, status, f);
}
