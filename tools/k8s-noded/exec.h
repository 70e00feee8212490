/*
 * A program inside a running container: for exec probes and hooks.
 */
#ifndef NODED_EXEC_H
#define NODED_EXEC_H

#include <sys/types.h>

#include "lib/fault.h"
#include "lib/loop.h"

struct exec;

/*
 * Called once, with a shell's exit status and the first bytes that the
 * program wrote on both outputs.  timed_out: it was killed for it.
 */
typedef void exec_fn(void *arg, int status, int timed_out, const char *output);

/*
 * Starts argv in all namespaces of pid, in the folder cwd, with envp; killed
 * after timeout_ms.  NULL with f filled.
 */
struct exec *exec_start(struct loop *loop, pid_t pid, const char *const *argv,
    const char *const *envp, const char *cwd, double timeout_ms, exec_fn *done,
    void *arg, struct fault *f);

/* Kills it without a callback.  NULL is fine. */
void exec_cancel(struct exec *e);

#endif
