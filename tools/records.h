/*
 * Reading records, for mains that report on them: the FILE operands or
 * standard input, a line at a time.  What is wrong with a file or a line is
 * told here, with its place, so that all reports answer bad input alike.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stddef.h>

#include "lib/scan.h"

struct records {
	size_t line_max; /* bytes; a longer line is malformed */
	/*
	 * What a malformed line does: 1: it is passed over, and the others
	 * still count; 0: it ends its file.
	 */
	int pass_over;
	/*
	 * Takes in a line, which is its own until it returns; s tells where
	 * it stands.  -1 with f, FAULT_INPUT when the line is malformed;
	 * any other ends the file.
	 */
	int (*take)(void *arg, const struct scan *s, const char *line,
	    size_t len, struct fault *f);
	/*
	 * Hears of each line that is passed over, after it was told:
	 * message is "FILE:LINE: reason".  -1 with f ends the file.  NULL:
	 * nobody needs to know.
	 */
	int (*passed)(
	    void *arg, const char *file, const char *message, struct fault *f);
	void *arg;
};

/*
 * Reads n files, in order ("-", or none at all: standard input).  Warns of
 * what fails and goes on with the next file.  Returns the exit status: the
 * worst of what was told, 0 when nothing was.
 */
int records_read(const struct records *r, char *const *files, int n);

#endif
