/*
 * A command line that grows: strings of its own, NULL-ended.  Errors stick,
 * so that a builder checks once.
 */
#ifndef NODED_ARGS_H
#define NODED_ARGS_H

#include <stddef.h>

/* Zero-initialise. */
struct args {
	char **v; /* n strings, then NULL; NULL while empty */
	size_t n;
	int failed; /* 1 after memory ran out */
};

/* Appends one string, copied. */
void args_add(struct args *a, const char *s);

/* Appends option and up to two operands; NULL operands are left out. */
void
args_option(struct args *a, const char *option, const char *x, const char *y);

/* Appends one string, formatted. */
void args_addf(struct args *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void args_release(struct args *a);

#endif
