/*
 * Option arguments: numbers, durations and NAME=VALUE pairs, each with a
 * message that names the option.  Nothing here prints; tools/tool.h does.
 */
#ifndef OPT_H
#define OPT_H

#include <stddef.h>

#include "fault.h"

/*
 * A whole number from min to max, decimal, no blanks: *out.  -1 with
 * "OPTION: reason" (FAULT_INPUT).
 */
int opt_number(const char *option, const char *arg, long long min,
    long long max, long long *out, struct fault *f);

/* A duration (clock_duration) in milliseconds: *ms.  -1 as opt_number. */
int
opt_duration(const char *option, const char *arg, double *ms, struct fault *f);

/*
 * Splits NAME=VALUE: name is copied to name (size bytes), *value points
 * into arg.  -1 when there is no '=', the name is empty or too long.
 */
int opt_pair(const char *option, const char *arg, char *name, size_t size,
    const char **value, struct fault *f);

/*
 * A list of strings that options collect.  Zero-initialise; the strings are
 * the caller's and outlive it.
 */
struct opt_list {
	const char **v;
	size_t n;
};

/* Appends s: 0, or -1 without memory. */
int opt_list_add(struct opt_list *l, const char *s, struct fault *f);

/* Frees the list, not its strings. */
void opt_list_release(struct opt_list *l);

#endif
