/*
 * Namespaces: see namespaces.h.  One clone(2) makes them all, so that the
 * child is process 1 at once and there is no process in between to look
 * after.  The uid map is written by the parent: with CAP_SETUID outside it
 * may map everything, without it exactly its own user.
 */
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPACES                                                       \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | \
	    CLONE_NEWIPC | CLONE_NEWUTS)
#define STACK (1 << 20) /* bytes */
#define MAP_SIZE 4096   /* bytes of a map that the kernel takes at most */

struct start {
	int (*fn)(void *arg);
	void *arg;
	int go[2]; /* the parent writes a byte when the maps are there */
};

/* Reads a short file of /proc into out as a string; -1 with errno. */
static int
read_proc(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = 0;
	return n >= 0 ? 0 : -1;
}

/* Writes a file of /proc: the kernel wants it in one write.  0 or errno. */
static int
write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;
	size_t n = strlen(text);

	if (fd == -1)
		return errno;
	if (write(fd, text, n) != (ssize_t)n)
		err = errno;
	close(fd);
	return err;
}

/*
 * Maps every id that is mapped here to itself there: what root needs to
 * reach other users' files as outside.
 */
static int
map_all(const char *from, const char *to)
{
	char own[MAP_SIZE], map[MAP_SIZE], *line, *rest = own;
	unsigned inside, outside, count;
	size_t n = 0;

	if (read_proc(from, own, sizeof(own)) != 0)
		return errno;
	map[0] = 0;
	while ((line = strsep(&rest, "\n")) != NULL && n < sizeof(map) - 40)
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3)
			n += (size_t)snprintf(map + n, sizeof(map) - n,
			    "%u %u %u\n", inside, inside, count);
	return write_proc(to, map);
}

/* Maps one id: inside it is in, in the writer's namespace out. */
static int
map_one(const char *to, unsigned in, unsigned out)
{
	char map[64];

	snprintf(map, sizeof(map), "%u %u 1\n", in, out);
	return write_proc(to, map);
}

static int
write_maps(pid_t pid)
{
	char uids[64], gids[64], groups[64];
	int err;

	snprintf(uids, sizeof(uids), "/proc/%d/uid_map", (int)pid);
	snprintf(gids, sizeof(gids), "/proc/%d/gid_map", (int)pid);
	snprintf(groups, sizeof(groups), "/proc/%d/setgroups", (int)pid);
	/* a uid map is written once and for all: a failed write is none */
	if (geteuid() == 0 && map_all("/proc/self/uid_map", uids) == 0)
		return map_all("/proc/self/gid_map", gids);
	err = map_one(uids, 0, geteuid());
	if (err == 0)
		err = write_proc(groups, "deny");
	return err != 0 ? err : map_one(gids, 0, getegid());
}

/* The number in a file of /proc, or otherwise. */
static long
proc_number(const char *path, long otherwise)
{
	char text[64];
	long n;

	if (read_proc(path, text, sizeof(text)) != 0 ||
	    sscanf(text, "%ld", &n) != 1)
		return otherwise;
	return n;
}

static int
seccomp_filtered(void)
{
	char text[8192], *p;

	if (read_proc("/proc/self/status", text, sizeof(text)) != 0)
		return 0;
	p = strstr(text, "\nSeccomp:\t");
	return p != NULL && p[10] == '2';
}

int
namespaces_forbidden(struct fault *f, int err, const char *what)
{
	static const char *const kinds[] = { "user", "mnt", "pid", "net", "ipc",
		"uts" };
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces",
		    kinds[i]);
		if (proc_number(path, 1) == 0)
			return fault_set(f, FAULT_UNSURE,
			    "user namespaces: switched off on this machine "
			    "(user.max_%s_namespaces is 0); as root: sysctl -w "
			    "user.max_%s_namespaces=10000",
			    kinds[i], kinds[i]);
	}
	if (geteuid() != 0 &&
	    proc_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		return fault_set(f, FAULT_UNSURE,
		    "user namespaces: only root may have them on this machine; as "
		    "root: sysctl -w kernel.unprivileged_userns_clone=1");
	if (proc_number("/proc/sys/kernel/"
			"apparmor_restrict_unprivileged_userns",
		0) == 1 &&
	    (err == EACCES || err == EPERM))
		return fault_set(f, FAULT_UNSURE,
		    "user namespaces: AppArmor forbids them to this program (%s); "
		    "as root: sysctl -w "
		    "kernel.apparmor_restrict_unprivileged_userns=0",
		    what);
	if ((err == EPERM || err == ENOSYS) && seccomp_filtered())
		return fault_set(f, FAULT_UNSURE,
		    "user namespaces: a seccomp filter forbids them (%s), as in "
		    "containers; for docker: --security-opt "
		    "seccomp=unconfined --security-opt "
		    "systempaths=unconfined",
		    what);
	return fault_sys(f, FAULT_UNSURE, err, "namespaces: %s", what);
}

static int
child_main(void *arg)
{
	struct start *s = arg;
	char c;

	close(s->go[1]);
	/* no getppid: across PID namespaces it is always 0; a parent that
	 * died before this line shows as the end of the pipe */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || read(s->go[0], &c, 1) != 1)
		return FAULT_UNSURE;
	close(s->go[0]);
	return s->fn(s->arg);
}

pid_t
namespaces_enter(int (*fn)(void *arg), void *arg, struct fault *f)
{
	struct start s = { .fn = fn, .arg = arg };
	char *stack;
	pid_t pid;
	int err;

	if (pipe2(s.go, O_CLOEXEC) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "pipe");
	stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	/* memory is copied, not shared: the stack may go when clone returns */
	pid = stack == MAP_FAILED ?
		  -1 :
		  clone(child_main, stack + STACK, SPACES | SIGCHLD, &s);
	err = errno;
	if (stack != MAP_FAILED)
		munmap(stack, STACK);
	close(s.go[0]);
	if (pid == -1) {
		close(s.go[1]);
		return namespaces_forbidden(f, err, "clone");
	}
	err = write_maps(pid);
	if (err == 0 && write(s.go[1], "g", 1) != 1)
		err = errno;
	close(s.go[1]);
	if (err != 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return namespaces_forbidden(f, err, "uid map");
	}
	return pid;
}

int
namespaces_join(pid_t init, struct fault *f)
{
	int fd = pidfd_open(init, 0), rc = 0;

	/* all at once: the user namespace gives the right to join the rest */
	if (fd == -1 || setns(fd, SPACES) != 0)
		rc = fault_sys(f, FAULT_UNSURE, errno,
		    "cannot join the sandbox of process %d", (int)init);
	if (fd != -1)
		close(fd);
	return rc;
}

int
namespaces_own_user(uid_t uid, gid_t gid)
{
	int err;

	if (uid == 0)
		return 0;
	if (unshare(CLONE_NEWUSER) != 0)
		return errno;
	err = map_one("/proc/self/uid_map", uid, 0);
	if (err == 0)
		err = write_proc("/proc/self/setgroups", "deny");
	/* gid 0 here is the caller's group, as uid 0 is the caller */
	return err != 0 ? err : map_one("/proc/self/gid_map", gid, 0);
}
