/*
 * The text of a container's log, asked for with timestamps=true, cut into
 * lines with their times.
 */
#ifndef KUBE_LOG_H
#define KUBE_LOG_H

#include <stddef.h>
#include <time.h>

#include "buf.h"

#define KUBE_LOG_LINE (1 << 20) /* bytes; a longer line is told in pieces */

/*
 * A line without its end (n bytes, not a string) and the time that the node
 * gave it, NULL when it has none.
 */
typedef void
kube_log_fn(void *arg, const struct timespec *at, const char *text, size_t n);

struct kube_log {
	struct buf line; /* unfinished */
	kube_log_fn *fn;
	void *arg;
};

void kube_log_init(struct kube_log *l, kube_log_fn *fn, void *arg);

/* A piece of the log as it comes; tells the lines that it ends. */
void kube_log_feed(struct kube_log *l, const char *p, size_t n);

/* The log has ended: tells a last line that has no end. */
void kube_log_end(struct kube_log *l);

void kube_log_release(struct kube_log *l);

#endif
