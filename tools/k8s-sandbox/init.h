/*
 * Process 1 of the sandbox: sets it up, keeps the daemons, runs CMD.
 */
#ifndef INIT_H
#define INIT_H

#include "command.h"
#include "lib/fault.h"
#include "lib/opt.h"
#include "state.h"

struct sandbox {
	struct state state;
	struct opt_list images; /* the user's; the default one is added */
	struct command cmd;
	int ready_fd;   /* gets a newline when the cluster is ready; or -1 */
	int control[2]; /* the relay's socket: outer, inner half */
};

/*
 * Runs the sandbox s from its beginning to its end: enters namespaces, where
 * init does the rest, and relays signals.  CMD's exit status (0 for a
 * sandbox without CMD that is told to end), 128 + N when signal N ended it;
 * 3 when the sandbox failed, which init has told; -1 with f.
 */
int sandbox_run(struct sandbox *s, struct fault *f);

#endif
