/*
 * Container logs: what the kubelet keeps below /var/log/pods.  One file per
 * instance of a container, lines as the CRI writes them ("TIME stdout F
 * text"), bounded: a full file becomes N.log.1 and a new one is begun.
 */
#ifndef NODED_LOGS_H
#define NODED_LOGS_H

#include <stddef.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/fault.h"

#define LOG_FILE_MAX (8 << 20) /* bytes of one file; two are kept */
#define LOG_LINE_MAX 16384     /* a longer line is cut into partial ones */

enum log_stream { LOG_STDOUT, LOG_STDERR };

struct log; /* the log of a running instance, for writing */

/* Called when lines were added, and once with ended 1 when it is closed. */
typedef void log_listen_fn(void *arg, int ended);
struct log_listener {
	struct log_listener *next;
	log_listen_fn *fn;
	void *arg;
};

/*
 * Opens DIR/INSTANCE.log for appending; DIR is made when missing.  NULL
 * with f filled.
 */
struct log *log_open(const char *dir, unsigned instance, struct fault *f);

/*
 * Adds n bytes that the container wrote on a stream; complete lines are
 * written with the present time.  0, or -1 when the file cannot be written.
 */
int log_write(struct log *l, enum log_stream stream, const char *p, size_t n);

/* Writes what is left without an end of line, tells listeners, frees. */
void log_close(struct log *l);

/* Listeners are the caller's; log_close forgets them after telling. */
void log_listen(struct log *l, struct log_listener *listener);
void log_unlisten(struct log *l, struct log_listener *listener);

/* Removes the files of an instance. */
void log_remove(const char *dir, unsigned instance);

struct log_query {
	int timestamps;        /* 1: lines keep their time */
	long long tail;        /* only the last so many lines; -1: all */
	struct timespec since; /* only what is newer; {0, 0}: all */
	long long limit;       /* bytes at most; -1: all */
};

struct log_reader;

/*
 * A reader of an instance's log, from its begin (or as the query says) on.
 * NULL when there is no such file (FAULT_NO).
 */
struct log_reader *log_reader_new(const char *dir, unsigned instance,
    const struct log_query *q, struct fault *f);
void log_reader_free(struct log_reader *r);

/*
 * Appends what is there and was not read yet, at most about 1 MiB; call
 * again until nothing is added.  1: the limit is reached, 0, or -1.
 */
int log_reader_next(struct log_reader *r, struct buf *out);

/*
 * The last lines of an instance's log (at most max bytes and 80 lines),
 * without times, into out: the kubelet's FallbackToLogsOnError.
 */
void log_tail(const char *dir, unsigned instance, size_t max, struct buf *out);

#endif
