/*
 * The record scanner: JSON lines from a file or a pipe, without building
 * values.  A line is tokenised in place; a member's value is a slice of the
 * line as written, so numbers keep every digit.  Validates the whole line.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stddef.h>

#include "buf.h"
#include "fault.h"

enum scan_kind {
	SCAN_NULL,
	SCAN_FALSE,
	SCAN_TRUE,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ARRAY,
	SCAN_OBJECT,
};

/* A value as it stands in the line: strings with their quotes. */
struct scan_value {
	enum scan_kind kind;
	const char *at;
	size_t len;
};

struct scan_member {
	const char *key; /* between the quotes, escapes not undone */
	size_t key_len;
	struct scan_value value;
};

struct scan; /* a reader of lines */

/*
 * Opens path ("-": standard input, which scan_close leaves open) for lines of
 * at most max bytes.  NULL with f filled.
 */
struct scan *scan_open(const char *path, size_t max, struct fault *f);
void scan_close(struct scan *s);

/* The name for messages ("stdin" for "-") and the current line's number. */
const char *scan_name(const struct scan *s);
unsigned long scan_line(const struct scan *s);

/*
 * The next line that is not blank, without its newline: 1 with *line (valid
 * until the next call) and *len, 0 at the end, -1 on error (a line past
 * max: FAULT_INPUT with "FILE:LINE: ...").
 */
int scan_next(struct scan *s, const char **line, size_t *len, struct fault *f);

/*
 * Splits an object's members: at most max into m.  The number of members,
 * or -1 with "column C: reason" (FAULT_INPUT) when line is not exactly one
 * well-formed JSON object, repeats no check of duplicates, or has more than
 * max members.  Nested values are checked too, at most JSON_DEPTH deep.
 */
int scan_object(const char *line, size_t len, struct scan_member *m, size_t max,
    struct fault *f);

/*
 * Checks that s is exactly one well-formed JSON value of any kind, blanks
 * around it allowed: 0 with its slice in *v, or -1 as scan_object.
 */
int
scan_value(const char *s, size_t len, struct scan_value *v, struct fault *f);

/*
 * 1 when a string or a name in well-formed JSON text has a \u0000, which C
 * strings cannot hold; else 0.
 */
int scan_has_zero(const char *s, size_t len);

/*
 * Finds the value at a dotted path (".a.b" or "a.b") in an object line
 * without splitting all of it: 1 with *v, 0 when missing, -1 malformed.
 */
int scan_path(const char *line, size_t len, const char *path,
    struct scan_value *v, struct fault *f);

/*
 * Appends the text of a string value with escapes undone (other kinds: as
 * written) to b.  -1 on a bad escape or a full buffer.
 */
int scan_text(const struct scan_value *v, struct buf *b, struct fault *f);

/*
 * A number value as a double: 0, or -1 when v is no number.  v stands in an
 * object or is followed by a byte that is no part of a number.
 */
int scan_double(const struct scan_value *v, double *out);

/* 1 when the string value equals s (escapes undone), else 0. */
int scan_is(const struct scan_value *v, const char *s);

#endif
