/*
 * What went wrong, as data.  Library functions that can fail take a
 * struct fault as their last argument, fill it and return -1 (or NULL); they
 * never print and never exit.  The tool decides what to say.  The code is an
 * exit status, so that the place that knows the cause also chooses it.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdarg.h>

enum fault_code {
	FAULT_NONE = 0,
	FAULT_NO = 1,     /* a clear no: refused, failed, exceeded */
	FAULT_INPUT = 2,  /* wrong usage or malformed input */
	FAULT_UNSURE = 3, /* could not tell: network, auth, server, space */
};

struct fault {
	enum fault_code code;
	char msg[1024]; /* "subject: reason", lower case, no full stop */
};

/*
 * Sets the code and the message, cut to its size if longer.  Returns -1, so
 * that `return fault_set(...)` reads well.  f may be NULL: then only -1.
 */
int fault_set(struct fault *f, enum fault_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As fault_set, with ": strerror(err)" behind the message. */
int fault_sys(struct fault *f, enum fault_code code, int err, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));

/* Puts "PREFIX: " before the message that f already has.  Returns -1. */
int fault_prefix(struct fault *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Out of memory: FAULT_UNSURE, "out of memory".  Returns -1. */
int fault_nomem(struct fault *f);

#endif
