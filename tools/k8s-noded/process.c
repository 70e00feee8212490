/*
 * The process of a container: see process.h.  bubblewrap stays as the parent
 * of the container's first process and tells through --json-status-fd that
 * one's pid and, if it was executed at all, its exit code.
 */
#include "k8s-noded/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/json.h"

#define READ_SIZE 65536
#define STATUS_MAX 4096
#define SAID_MAX 1024 /* of standard error, kept for start failures */

struct process {
	struct loop *loop;
	struct child child;
	int fds[3]; /* stdout, stderr, status: read ends */
	pid_t pid;
	int pidfd; /* of the container's first process, or -1 */
	int entered;
	struct stat bwrap;   /* to tell it from the program */
	struct buf status;   /* JSON lines */
	char said[SAID_MAX]; /* last of standard error */
	size_t said_len;
	struct log *log;
	process_end_fn *ended;
	void *arg;
};

/* Takes "child-pid" from what the status descriptor has told so far. */
static void
learn_pid(struct process *p)
{
	const char *nl = strchr(buf_str(&p->status), '\n');
	cJSON *v;

	if (p->pid != 0 || nl == NULL)
		return;
	v = json_parse(
	    buf_str(&p->status), (size_t)(nl - buf_str(&p->status)), NULL);
	p->pid = (pid_t)json_num(v, "child-pid", 0);
	cJSON_Delete(v);
	if (p->pid > 0)
		p->pidfd = pidfd_open(p->pid, 0);
}

/* Keeps the last bytes of standard error. */
static void
remember(struct process *p, const char *s, size_t n)
{
	size_t room = SAID_MAX - 1;

	if (n > room) {
		s += n - room;
		n = room;
	}
	if (p->said_len + n > room) {
		memmove(p->said, p->said + (p->said_len + n - room), room - n);
		p->said_len = room - n;
	}
	memcpy(p->said + p->said_len, s, n);
	p->said_len += n;
	p->said[p->said_len] = '\0';
}

/* Reads from descriptor i: 1 something, 0 its end, -1 nothing just now. */
static int
take(struct process *p, int i)
{
	char piece[READ_SIZE];
	ssize_t n = read(p->fds[i], piece, sizeof(piece));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? -1 : 0;
	if (n == 0)
		return 0;
	if (i == 2) {
		buf_add(&p->status, piece, (size_t)n);
		learn_pid(p);
		return 1;
	}
	if (i == 1)
		remember(p, piece, (size_t)n);
	/* a full disk must not stop the container: its output is lost */
	log_write(p->log, i == 0 ? LOG_STDOUT : LOG_STDERR, piece, (size_t)n);
	return 1;
}

static void
close_fd(struct process *p, int i)
{
	if (p->fds[i] < 0)
		return;
	loop_fd_drop(p->loop, p->fds[i]);
	close(p->fds[i]);
	p->fds[i] = -1;
}

static void
on_output(void *arg, int fd, uint32_t events)
{
	struct process *p = arg;
	int i;

	(void)events;
	for (i = 0; i < 3; i++)
		if (p->fds[i] == fd && take(p, i) == 0)
			close_fd(p, i);
}

/* Everything that is still in the pipes; all writers are gone. */
static void
drain(struct process *p)
{
	int i;

	for (i = 0; i < 3; i++) {
		while (p->fds[i] >= 0 && take(p, i) == 1)
			;
		close_fd(p, i);
	}
}

/* 1 when the status lines hold an exit code: the program was executed. */
static int
was_started(const struct process *p)
{
	return strstr(buf_str(&p->status), "\"exit-code\"") != NULL;
}

static void
on_end(void *arg, int fd, uint32_t events)
{
	struct process *p = arg;
	struct process_end end = { 0 };
	process_end_fn *ended = p->ended;
	char why[SAID_MAX];
	char *line;
	void *ended_arg = p->arg;
	int status;

	(void)events;
	if (child_reap(&p->child, &status, NULL) == 0)
		return;
	loop_fd_drop(p->loop, fd);
	drain(p);
	end.code = child_exit_status(status);
	end.started = was_started(p);
	while (p->said_len > 0 && p->said[p->said_len - 1] == '\n')
		p->said[--p->said_len] = '\0';
	line = strrchr(p->said, '\n');
	snprintf(why, sizeof(why), "%s", line != NULL ? line + 1 : p->said);
	end.why = why;
	process_free(p);
	ended(ended_arg, &end);
}

/*
 * Collects a killed child.  It dies within milliseconds, but for one in an
 * uninterruptible call, which is left to init.
 */
static void
wait_for_end(struct process *p)
{
	struct pollfd poll_end = { .fd = p->child.pidfd, .events = POLLIN };
	int status;

	if (poll(&poll_end, 1, 2000) == 1)
		child_reap(&p->child, &status, NULL);
	if (p->child.pidfd >= 0)
		close(p->child.pidfd);
	p->child.pidfd = -1;
}

/* Pipes for stdout, stderr and status; their read ends do not block. */
static int
make_pipes(struct process *p, int write_ends[3], struct fault *f)
{
	int i, ends[2];

	for (i = 0; i < 3; i++) {
		if (pipe2(ends, O_CLOEXEC) != 0)
			return fault_sys(f, FAULT_UNSURE, errno, "pipe");
		p->fds[i] = ends[0];
		write_ends[i] = ends[1];
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ||
		    loop_fd(p->loop, ends[0], EPOLLIN, on_output, p, f) != 0)
			return fault_sys(f, FAULT_UNSURE, errno, "pipe");
	}
	return 0;
}

/* bubblewrap's command line, with the status descriptor put in front. */
static const char **
command_line(const struct process_spec *spec, const char *status_fd)
{
	const char **argv;
	size_t n = 0;

	while (spec->args[n] != NULL)
		n++;
	argv = calloc(n + 4, sizeof(*argv));
	if (argv == NULL)
		return NULL;
	argv[0] = spec->bwrap;
	argv[1] = "--json-status-fd";
	argv[2] = status_fd;
	memcpy(argv + 3, spec->args, n * sizeof(*argv));
	return argv;
}

/* Starts bubblewrap within the pod's namespaces. */
static int
spawn(struct process *p, const struct process_spec *spec, const int ends[3],
    struct fault *f)
{
	char status_fd[16];
	const char **argv;
	struct child_spec child = { .envp = spec->envp,
		.in = -1,
		.out = ends[0],
		.err = ends[1],
		.keep = &ends[2],
		.keep_n = 1,
		.group = 1,
		.deathsig = SIGKILL };
	int status;

	snprintf(status_fd, sizeof(status_fd), "%d", ends[2]);
	argv = command_line(spec, status_fd);
	if (argv == NULL)
		return fault_nomem(f);
	child.argv = argv;
	if (net_enter(spec->pod, f) != 0)
		status = -1;
	else
		status = child_spawn(&p->child, &child, f);
	net_leave(spec->net);
	free(argv);
	return status;
}

struct process *
process_start(const struct process_spec *spec, struct fault *f)
{
	struct process *p = calloc(1, sizeof(*p));
	int ends[3] = { -1, -1, -1 }, i, status = -1;

	if (p == NULL) {
		fault_nomem(f);
		return NULL;
	}
	p->loop = spec->loop;
	p->child.pidfd = p->pidfd = p->fds[0] = p->fds[1] = p->fds[2] = -1;
	p->ended = spec->ended;
	p->arg = spec->arg;
	buf_init(&p->status, STATUS_MAX);
	if (stat(spec->bwrap, &p->bwrap) != 0)
		fault_sys(f, FAULT_UNSURE, errno, "%s", spec->bwrap);
	else if (make_pipes(p, ends, f) == 0)
		status = spawn(p, spec, ends, f);
	for (i = 0; i < 3; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	if (status == 0)
		status =
		    loop_fd(p->loop, p->child.pidfd, EPOLLIN, on_end, p, f);
	if (status != 0) {
		process_free(p);
		return NULL;
	}
	p->log = spec->log;
	return p;
}

int
process_signal(struct process *p, int signo)
{
	if (p->pidfd < 0)
		return child_kill(&p->child, signo);
	return pidfd_send_signal(p->pidfd, signo, NULL, 0);
}

void
process_free(struct process *p)
{
	int i;

	if (p == NULL)
		return;
	if (p->child.pidfd >= 0) {
		loop_fd_drop(p->loop, p->child.pidfd);
		process_signal(p, SIGKILL);
		child_kill(&p->child, SIGKILL);
		wait_for_end(p);
	}
	for (i = 0; i < 3; i++)
		close_fd(p, i);
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->log != NULL)
		log_close(p->log);
	buf_release(&p->status);
	free(p);
}

pid_t
process_pid(const struct process *p)
{
	return p->pid;
}

int
process_entered(struct process *p)
{
	char exe[64];
	struct stat st;

	if (p->pid == 0 || p->entered)
		return p->entered;
	snprintf(exe, sizeof(exe), "/proc/%d/exe", (int)p->pid);
	p->entered = stat(exe, &st) == 0 && (st.st_dev != p->bwrap.st_dev ||
						st.st_ino != p->bwrap.st_ino);
	return p->entered;
}
