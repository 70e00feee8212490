/*
 * What can be told of a migration's text without the server.
 */
#ifndef TEXT_H
#define TEXT_H

#include "files.h"
#include "lib/fault.h"

#define TEXT_OPT_OUT "begin the file with \"-- no-transaction\" for that"

/*
 * 0 when m can be run: no literal is open, nothing is psql's alone, and no
 * statement ends the transaction that the file runs in.  -1 with
 * "PATH:LINE: reason" (FAULT_INPUT).
 */
int text_check(const struct migration *m, struct fault *f);

/* The line of m, from 1, that p is on. */
unsigned text_line(const struct migration *m, const char *p);

/* Where what p..end holds begins: behind blanks and comments. */
const char *text_start(const char *p, const char *end);

#endif
