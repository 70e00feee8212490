/*
 * A growing run of bytes with a limit set at birth.  Errors stick: after a
 * failed append the buffer keeps what it had, drops what follows, and
 * buf_failed tells, so that a writer checks once at its end.
 * Invariant: data is NULL, or len < cap and data[len] is 0.
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "fault.h"

struct buf {
	char *data; /* always a C string once something was appended */
	size_t len; /* bytes used, without the 0 behind them */
	size_t cap; /* bytes allocated */
	size_t max; /* len never passes this */
	int failed; /* 0, or the errno of the first failure */
};

/* An empty buffer that never holds more than max bytes; allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer is empty again with the same limit. */
void buf_release(struct buf *b);

/* Empties the buffer and its error, keeps its memory. */
void buf_clear(struct buf *b);

/* The contents as a C string, "" when empty; valid until the next change. */
const char *buf_str(const struct buf *b);

/*
 * Hands the contents to the caller, who frees them; the buffer is empty
 * then.  NULL when the buffer has failed or no memory is left.
 */
char *buf_take(struct buf *b);

/*
 * Appending: 0, or -1 with the error kept in the buffer (ENOMEM, or EFBIG
 * past the limit).
 */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int buf_addv(struct buf *b, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Makes room for n more bytes behind len, for a read(2); 0 or -1. */
int buf_reserve(struct buf *b, size_t n);

/* Removes the first n bytes; the rest moves to the front. */
void buf_eat(struct buf *b, size_t n);

/* 0 when every append worked, else -1 with what as subject in f. */
int buf_check(const struct buf *b, const char *what, struct fault *f);

/*
 * Reads a whole file ("-" is standard input) behind what the buffer holds.
 * -1: cannot be read (FAULT_UNSURE; FAULT_INPUT when it does not exist or
 * is larger than the buffer may get), with the path as subject.
 */
int buf_read_file(struct buf *b, const char *path, struct fault *f);

/* Writes all of it to fd, through short writes and EINTR; 0, or -1 (errno). */
int buf_write_fd(const struct buf *b, int fd);

#endif
