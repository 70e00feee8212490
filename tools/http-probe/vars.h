/*
 * Variables of checks: ${NAME} in templates, filled from -D, --vars and
 * captures.
 */
#ifndef HTTP_PROBE_VARS_H
#define HTTP_PROBE_VARS_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/fault.h"

struct vars_entry {
	char *name, *value;
};

/* Zero-initialise.  A scope looks a name up in itself, then in its outer. */
struct vars {
	struct vars_entry *v;
	size_t n;
	const struct vars *outer; /* or NULL */
};

/* How a value is written into the text around it. */
enum vars_mode {
	VARS_PLAIN, /* as it is */
	VARS_JSON,  /* as the inside of a JSON string */
	VARS_REGEX, /* as an extended regular expression that matches it */
};

void vars_release(struct vars *v);

/* Sets name in this scope, replacing an older value: 0, or -1. */
int
vars_set(struct vars *v, const char *name, const char *value, struct fault *f);

/* The value, or NULL.  Borrowed until the next vars_set. */
const char *vars_get(const struct vars *v, const char *name);

/*
 * Reads a JSON object of strings and numbers (seed/ids.json) into v.  -1:
 * FAULT_INPUT with the file's name.
 */
int vars_read(struct vars *v, const char *path, struct fault *f);

/* The length of NAME when a ${NAME} starts at s, else 0. */
size_t vars_name(const char *s);

/*
 * Appends text with every known ${NAME} replaced; unknown ones stay.  The
 * number of those that stayed, or -1 when out has failed.
 */
int vars_expand(const struct vars *v, const char *text, enum vars_mode mode,
    struct buf *out);

/*
 * The first ${NAME} in text that stands in neither v nor the n names of
 * also: copied into name (size bytes), 1; 0 when there is none.
 */
int vars_missing(const struct vars *v, const char *const *also, size_t n,
    const char *text, char *name, size_t size);

#endif
