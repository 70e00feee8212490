/*
 * The line that tells people how a stage goes: on a terminal it lives, with
 * the time and the newest record; elsewhere it is written once, at the end.
 */
#ifndef RUN_STAGE_PROGRESS_H
#define RUN_STAGE_PROGRESS_H

#include "lib/fault.h"
#include "lib/loop.h"

struct progress;

struct progress_spec {
	const char *file; /* the stage's records: the newest is shown */
	const char *name;
	const char *part; /* or NULL */
	const char
	    *what; /* what it waits for until records say more, or NULL */
	long long number, total; /* "[2/9]"; total 0: "[2]" */
};

/*
 * Starts to draw in l when standard error is a terminal.  Of the stages of
 * one run that go on side by side, one draws at a time (a lock on the
 * records' folder says which).  spec's strings are borrowed.  NULL with f
 * filled.
 */
struct progress *
progress_new(struct loop *l, const struct progress_spec *spec, struct fault *f);

/* Takes the live line away, before something else is written.  NULL is fine. */
void progress_clear(struct progress *p);

/* Takes it away for good and writes the line that stays, with the verdict. */
void progress_end(struct progress *p, const char *verdict);

void progress_free(struct progress *p);

#endif
