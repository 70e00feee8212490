/*
 * Sandboxes that are kept for interactive use: up, exec, down, status, list.
 */
#ifndef KEEP_H
#define KEEP_H

#include "init.h"

/*
 * Starts a sandbox called name that a background process keeps, and prints
 * the line that a shell evaluates; also when it is up already.  Exit status.
 */
int keep_up(struct sandbox *s, const char *name);

/* Runs argv in the sandbox called name: argv's exit status, or 1 when it is
 * not up. */
int keep_exec(const char *name, char *const *argv);

/* Ends the sandbox called name and waits for it.  Exit status. */
int keep_down(const char *name);

/* Prints its record: 0 up, 1 not. */
int keep_status(const char *name);

/* Prints a record for each sandbox of this user that lives. */
int keep_list(void);

#endif
