/*
 * Kept sandboxes: see keep.h.  The keeper is what k8s-sandbox run is for
 * CMD: the parent of init, holder of the state folder's lock.  A sandbox of
 * `run` can be joined and looked at by its name as well.
 */
#include "keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "lib/record.h"
#include "namespaces.h"
#include "relay.h"
#include "tool.h"

#define DOWN_WITHIN 10000  /* ms that SIGTERM is given before SIGKILL */
#define START_WITHIN 30000 /* ms that another's start is waited for */
#define TURN 20            /* ms between two looks at it */

static void
print_export(const char *dir)
{
	const char *p;

	/* single-quoted for a shell */
	printf("export KUBECONFIG='");
	for (p = dir; *p != 0; p++)
		if (*p == '\'')
			printf("'\\''");
		else
			putchar(*p);
	printf("/kubeconfig'\n");
}

/* Copies a file (the keeper's log) to standard error. */
static void
show(const char *path)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	if (buf_read_file(&b, path, NULL) == 0)
		fputs(buf_str(&b), stderr);
	buf_release(&b);
}

/*
 * Closes what the caller had open: whoever reads those pipes would wait for
 * the keeper.  Our own descriptors are the ones that are closed on exec.
 */
static void
close_inherited(void)
{
	struct dirent *e;
	DIR *d = opendir("/proc/self/fd");
	int fd, flags;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (sscanf(e->d_name, "%d", &fd) != 1 || fd <= 2)
			continue;
		flags = fcntl(fd, F_GETFD);
		if (flags != -1 && (flags & FD_CLOEXEC) == 0)
			close(fd);
	}
	if (d != NULL)
		closedir(d);
}

/* The keeper's life, in a session of its own; the log gets what it says. */
static void
keeper(struct sandbox *s, int log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	struct fault f;

	setsid();
	close_inherited();
	if (null == -1 || dup2(null, 0) == -1 || dup2(null, 1) == -1 ||
	    dup2(log, 2) == -1)
		_exit(FAULT_UNSURE);
	status = sandbox_run(s, &f);
	if (status == -1)
		status = tool_fault(&f);
	/* after a failure the folder stays to be looked at until the next
	 * sandbox is started */
	if (status == 0)
		state_remove(&s->state);
	_exit(status);
}

/* Waits for the keeper's word: exit status. */
static int
await_keeper(struct sandbox *s, int ready, pid_t pid)
{
	char c, log[STATE_PATH];
	ssize_t n;

	do
		n = read(ready, &c, 1);
	while (n == -1 && errno == EINTR);
	if (n == 1) {
		print_export(s->state.dir);
		state_release(&s->state);
		return 0;
	}
	waitpid(pid, NULL, 0);
	show(state_path(&s->state, STATE_KEEPER_LOG, log));
	state_remove(&s->state);
	return FAULT_UNSURE;
}

/*
 * Finds a sandbox that is up, its pids known; with ready, waits until it can
 * be joined.  0; else warns and returns the exit status.
 */
static int
find_alive(struct state_seen *seen, const char *name, int ready)
{
	struct fault f;
	int found, i;

	for (i = 0; i < START_WITHIN / TURN; i++) {
		found = state_find(seen, name, &f);
		if (found == -1)
			return tool_fault(&f);
		if (!seen->alive)
			break;
		if (seen->init > 0 && (seen->ready || !ready))
			return 0;
		poll(NULL, 0, TURN);
	}
	tool_warn("%s: is not up", name);
	return FAULT_NO;
}

int
keep_up(struct sandbox *s, const char *name)
{
	struct state_seen seen;
	struct fault f;
	char path[STATE_PATH];
	int ready[2], log, status;
	pid_t pid;

	if (state_find(&seen, name, &f) == -1)
		return tool_fault(&f);
	if (seen.alive) {
		status = find_alive(&seen, name, 1);
		if (status == 0) {
			tool_warn("%s: is up already", name);
			print_export(seen.dir);
		}
		return status;
	}
	if (state_new(&s->state, name, &f) != 0)
		return tool_fault(&f);
	log = open(state_path(&s->state, STATE_KEEPER_LOG, path),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log == -1 || pipe2(ready, O_CLOEXEC) != 0) {
		tool_warn("%s: %s", path, strerror(errno));
		state_remove(&s->state);
		return FAULT_UNSURE;
	}
	fflush(stdout);
	s->ready_fd = ready[1];
	pid = fork();
	if (pid == 0)
		keeper(s, log);
	close(log);
	close(ready[1]);
	if (pid != -1)
		return await_keeper(s, ready[0], pid);
	tool_warn("fork: %s", strerror(errno));
	state_remove(&s->state);
	return FAULT_UNSURE;
}

/* CMD's parent within the joined namespaces. */
struct helper {
	struct loop *loop;
	pid_t cmd;
	int status;
};

static void
helper_stop(void *arg, int signo)
{
	struct helper *h = arg;

	/* the outer half is gone: CMD goes, too */
	if (h->cmd > 0)
		kill(h->cmd, SIGKILL);
	h->status = 128 + (signo != 0 ? signo : SIGKILL);
	loop_stop(h->loop);
}

static void
helper_child(void *arg, int signo)
{
	struct helper *h = arg;
	int status;

	(void)signo;
	if (waitpid(h->cmd, &status, WNOHANG) == h->cmd) {
		h->status = child_exit_status(status);
		loop_stop(h->loop);
	}
}

static int
helper_main(const struct command *c, int control)
{
	struct helper h = { .status = FAULT_UNSURE };
	struct relay *r;
	struct fault f;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	h.loop = loop_new(&f);
	if (h.loop == NULL ||
	    (r = relay_inner(h.loop, control, helper_stop, &h, &f)) == NULL ||
	    loop_signal(h.loop, SIGCHLD, helper_child, &h, &f) != 0 ||
	    (h.cmd = command_start(c, &f)) == -1)
		return tool_fault(&f);
	relay_target(r, h.cmd);
	if (loop_run(h.loop, &f) != 0)
		return tool_fault(&f);
	return h.status;
}

/* Joins init's namespaces and runs c there: its exit status, or -1. */
static int
run_joined(const struct command *c, pid_t init, struct fault *f)
{
	int control[2], status = -1;
	sigset_t before;
	pid_t pid;

	if (namespaces_join(init, f) != 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "socketpair");
	relay_block(&before);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		close(control[0]);
		_exit(helper_main(c, control[1]));
	}
	close(control[1]);
	if (pid == -1)
		fault_sys(f, FAULT_UNSURE, errno, "fork");
	else
		status = relay_outer(pid, control[0], f);
	close(control[0]);
	return status;
}

int
keep_exec(const char *name, char *const *argv)
{
	struct state_seen seen;
	struct command c;
	struct fault f;
	char path[STATE_PATH], *cwd = getcwd(NULL, 0);
	int status = find_alive(&seen, name, 1);

	if (status != 0)
		goto out;
	snprintf(path, sizeof(path), "%s/kubeconfig", seen.dir);
	if (command_init(&c, argv, path, &f) != 0) {
		status = tool_fault(&f);
		goto out;
	}
	/* joining a mount namespace moves a process to its root */
	c.cwd = cwd != NULL ? cwd : "/";
	status = run_joined(&c, seen.init, &f);
	if (status == -1)
		status = tool_fault(&f);
	/* no exit handlers: with its children's PID namespace changed this
	 * process can start no thread, and a sanitizer's would wait for one */
	_exit(tool_end(status));
out:
	free(cwd);
	return status;
}

int
keep_down(const char *name)
{
	struct state_seen seen, again;
	struct pollfd p = { .events = POLLIN };
	struct fault f;
	int status = find_alive(&seen, name, 0);

	if (status != 0)
		return status;
	p.fd = pidfd_open(seen.keeper, 0);
	/* still the same one, so that the descriptor is the keeper's */
	if (p.fd == -1 || state_find(&again, name, &f) != 1 || !again.alive ||
	    again.keeper != seen.keeper) {
		tool_warn("%s: ended meanwhile", name);
		if (p.fd != -1)
			close(p.fd);
		return 0;
	}
	if (pidfd_send_signal(p.fd, SIGTERM, NULL, 0) != 0 && errno != ESRCH) {
		tool_warn("%s: process %d: %s", name, (int)seen.keeper,
		    strerror(errno));
		status = FAULT_UNSURE;
	} else if (poll(&p, 1, DOWN_WITHIN) == 0) {
		tool_warn("%s: does not end: killed", name);
		pidfd_send_signal(p.fd, SIGKILL, NULL, 0);
		poll(&p, 1, DOWN_WITHIN);
	}
	close(p.fd);
	return status;
}

static int
print_record(const struct state_seen *seen)
{
	char path[STATE_PATH];
	struct record r;
	struct fault f;
	int status = 0;

	snprintf(path, sizeof(path), "%s/kubeconfig", seen->dir);
	record_init(&r);
	record_begin(&r, "sandbox");
	record_str(&r, "name", seen->name);
	record_str(&r, "status",
	    !seen->alive ? "ended" :
	    seen->ready  ? "up" :
			   "starting");
	record_str(&r, "kubeconfig", path);
	if (seen->alive && seen->keeper > 0)
		record_int(&r, "pid", seen->keeper);
	record_ts(&r);
	if (record_end(&r, stdout, &f) != 0)
		status = tool_fault(&f);
	record_release(&r);
	return status;
}

int
keep_status(const char *name)
{
	struct state_seen seen;
	struct fault f;
	char path[STATE_PATH];
	int found = state_find(&seen, name, &f), status;

	if (found == -1)
		return tool_fault(&f);
	if (found == 0) {
		tool_warn("%s: is not up", name);
		return FAULT_NO;
	}
	status = print_record(&seen);
	if (!seen.alive) {
		tool_warn("%s: is not up; its keeper's last words:", name);
		snprintf(path, sizeof(path), "%s/" STATE_KEEPER_LOG, seen.dir);
		show(path);
		status = tool_worse(status, FAULT_NO);
	}
	return status;
}

static int
list_one(void *arg, const struct state_seen *seen)
{
	int *status = arg;

	if (seen->alive)
		*status = tool_worse(*status, print_record(seen));
	return 0;
}

int
keep_list(void)
{
	struct fault f;
	int status = 0;

	if (state_each(list_one, &status, &f) != 0)
		return tool_fault(&f);
	return status;
}
