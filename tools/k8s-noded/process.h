/*
 * The process of a container: bubblewrap with the program in it, its output
 * into a log, its end with the reason.
 */
#ifndef NODED_PROCESS_H
#define NODED_PROCESS_H

#include <sys/types.h>

#include "k8s-noded/logs.h"
#include "k8s-noded/net.h"
#include "lib/fault.h"
#include "lib/loop.h"

struct process;

struct process_end {
	int code;        /* 0..255; 128 + N for signal N */
	int started;     /* 0: the program could not be executed */
	const char *why; /* when not started: what bubblewrap said */
};

/* Called once, when the process has ended and all its output is logged. */
typedef void process_end_fn(void *arg, const struct process_end *end);

struct process_spec {
	struct loop *loop;
	struct net *net;
	const struct net_pod *pod;
	const char *bwrap;
	const char *const *args; /* of bubblewrap, without its name */
	const char *const *envp;
	struct log *log; /* owned by the process from its start on */
	process_end_fn *ended;
	void *arg;
};

/* Starts it: NULL with f filled, then the log is still the caller's. */
struct process *process_start(const struct process_spec *spec, struct fault *f);

/* Sends a signal to the container's first process; 0, or -1: gone. */
int process_signal(struct process *p, int signo);

/* Kills it without a callback, closes the log, frees. */
void process_free(struct process *p);

/* The pid of the container's first process as we see it; 0: not yet known. */
pid_t process_pid(const struct process *p);

/*
 * 1 once the program itself runs, rather than bubblewrap preparing its root:
 * before that the container must not be entered.
 */
int process_entered(struct process *p);

#endif
