/*
 * What every main shares: the tool's name, --help and --version, messages on
 * standard error, and an end that checks standard output.  Tools die;
 * libraries do not: this file is for mains alone.
 */
#ifndef TOOL_H
#define TOOL_H

#include <getopt.h>

#include "lib/fault.h"

/* long_options entries that every tool ends its table with. */
#define TOOL_HELP 1000
#define TOOL_VERSION 1001
#define TOOL_LONG                                           \
	{ "help", no_argument, NULL, TOOL_HELP },           \
	    { "version", no_argument, NULL, TOOL_VERSION }, \
	{                                                   \
		NULL, 0, NULL, 0                            \
	}

/*
 * Names the tool (for messages) and its usage text: the SYNOPSIS without
 * "usage: ", lines after the first indented, no newline at the end.
 * Standard descriptors that are closed are kept from being reused.
 * To be called first.  Both are borrowed.
 */
void tool_begin(const char *name, const char *usage);

/*
 * getopt_long with --help and --version answered (exit 0) and everything
 * unknown refused with the usage (exit 2).  Else as getopt_long.
 */
int tool_getopt(int argc, char **argv, const char *short_options,
    const struct option *long_options);

/* "tool: message" on standard error. */
void tool_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Warns with f's message; returns f's code as exit status.  That standard
 * output is lost is told once, whoever finds it out first.
 */
int tool_fault(const struct fault *f);

/* Warns with f's message and exits with its code (3 when it has none). */
void tool_die(const struct fault *f) __attribute__((noreturn));

/* Warns and exits with the status. */
void tool_fail(int status, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* Usage on standard error, exit 2; a message before it when fmt is given. */
void tool_usage(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/*
 * The worse of two exit statuses: 3 (could not tell) over 2 over 1 over 0.
 */
int tool_worse(int a, int b);

/*
 * Ends a main: flushes and closes standard output; when that fails says so
 * and returns 3, else status.  `return tool_end(status);`
 */
int tool_end(int status);

#endif
