/*
 * Child processes: start one with chosen descriptors, watch it through its
 * pidfd in the loop, collect what it writes.  Only children started here
 * are ever waited for or signalled.
 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "buf.h"
#include "fault.h"
#include "loop.h"

struct child_spec {
	const char *const *argv; /* NULL-ended; argv[0] is looked up on PATH */
	const char *const *envp; /* NULL-ended, or NULL: inherited */
	const char *cwd;         /* or NULL */
	int in, out, err;        /* descriptors for 0, 1, 2; -1: /dev/null */
	const int *keep; /* descriptors that stay open under their number */
	size_t keep_n;
	int group;    /* 1: own process group */
	int deathsig; /* signal when the parent dies, or 0 */
	/*
	 * Runs in the child just before exec; async-signal-safe calls only.
	 * Non-zero errno value: exec is not tried and child_spawn fails.
	 */
	int (*setup)(void *arg);
	void *setup_arg;
};

struct child {
	pid_t pid;
	int pidfd; /* readable when it has ended; -1 after child_reap */
};

/*
 * Starts spec.  All other descriptors are closed, signals are unblocked and
 * at their defaults (a SIGHUP that nohup(1) had us ignore stays ignored).  -1
 * when fork or exec fails (a missing program is told as such, FAULT_INPUT when
 * it is not on the PATH); then no child is left.
 */
int
child_spawn(struct child *c, const struct child_spec *spec, struct fault *f);

/*
 * Collects an ended child: *status as waitpid gives it.  1 collected, 0
 * still running, -1 error.  Closes pidfd when collected.
 */
int child_reap(struct child *c, int *status, struct fault *f);

/* Sends signo to the child (not its group); 0, or -1 when it is gone. */
int child_kill(const struct child *c, int signo);

/* A shell's exit status for a wait status: the code, or 128 + signal. */
int child_exit_status(int status);

/*
 * Runs argv to its end and collects its standard output in out (may be
 * NULL: discarded); standard error is inherited.  Ended by SIGKILL after
 * timeout_ms (0: never).  *status as in child_exit_status.  -1 as
 * child_spawn, or when the output passes out's limit or the time is up.
 */
int child_run(const char *const *argv, struct buf *out, double timeout_ms,
    int *status, struct fault *f);

/* As child_run with the environment envp (NULL-ended) instead of ours. */
int child_run_env(const char *const *argv, const char *const *envp,
    struct buf *out, double timeout_ms, int *status, struct fault *f);

/*
 * As child_run with in written to its standard input (NULL: /dev/null) and
 * standard error collected in err (NULL: inherited).
 */
int child_filter(const char *const *argv, const struct buf *in, struct buf *out,
    struct buf *err, double timeout_ms, int *status, struct fault *f);

#endif
