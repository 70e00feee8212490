/*
 * CMD: the caller's own command, as it would run without a sandbox around.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <signal.h>
#include <sys/types.h>

#include "lib/fault.h"

struct command {
	char *const *argv; /* NULL: there is no CMD */
	char **envp;       /* owned array, borrowed strings */
	const char *cwd;   /* NULL: where this process is */
	uid_t uid;         /* the caller's, as outside */
	gid_t gid;
	sigset_t mask; /* the caller's */
};

/*
 * Takes the caller's environment with KUBECONFIG set to that path and without
 * web proxies, which are out of reach; and its uid and gid.  argv is
 * borrowed.  0 or -1.
 */
int command_init(struct command *c, char *const *argv, const char *kubeconfig,
    struct fault *f);
void command_release(struct command *c);

/*
 * Starts it in this process's group, with all descriptors that the caller
 * has given: terminal, pipes, a make's job server.  When it cannot be run the
 * child says so and ends with 127 (not found) or 126.  Its pid, or -1.
 */
pid_t command_start(const struct command *c, struct fault *f);

#endif
