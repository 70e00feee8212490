/*
 * The text of a container's log, asked for with timestamps=true, cut into
 * lines with their times; times that a kubelet puts within a long line are
 * taken out.  When its stream is lost it can be asked for again
 * from the second of its last line: what has been told is not told twice.
 */
#ifndef KUBE_LOG_H
#define KUBE_LOG_H

#include <stddef.h>
#include <time.h>

#include "buf.h"

#define KUBE_LOG_LINE (1 << 20) /* bytes; a longer line is told in pieces */

/*
 * A line without its end (n bytes, not a string) and the time that the node
 * gave it, for each piece of a long one.  Every line of a log has a time: with
 * NULL these are words of the server or the kubelet in the log's place, as
 * "unable to retrieve container logs for ..." with status 200.
 */
typedef void
kube_log_fn(void *arg, const struct timespec *at, const char *text, size_t n);

struct kube_log {
	struct buf line; /* unfinished */
	kube_log_fn *fn;
	void *arg;
	struct timespec at; /* of the line of which a piece was told */
	int piece;          /* what comes next is its rest: 1, or 2: untimed */
	size_t joined;      /* bytes of its text that have been told */
	struct timespec last; /* of the last line told; 0: none */
	unsigned told;        /* lines told with that time */
	unsigned skip;        /* of them, those still to come again */
	int resumed;          /* lines up to last are passed over */
	int passing;          /* the line before was */
};

void kube_log_init(struct kube_log *l, kube_log_fn *fn, void *arg);

/* A piece of the log as it comes; tells the lines that it ends. */
void kube_log_feed(struct kube_log *l, const char *p, size_t n);

/*
 * The stream was lost: forgets an unfinished line, which comes again as a
 * whole.  Appends "&sinceTime=..." to query (nothing when no line with a time
 * was told: then the log is to be asked for as at first).
 */
void kube_log_resume(struct kube_log *l, struct buf *query);

/* The log has ended: tells a last line that has no end. */
void kube_log_end(struct kube_log *l);

void kube_log_release(struct kube_log *l);

#endif
