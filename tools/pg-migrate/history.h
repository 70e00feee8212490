/*
 * What a database has of the migrations, and how it gets the rest: the table
 * inttest_migrations, the lock, and running one file.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include "files.h"
#include "lib/fault.h"
#include "lib/pg.h"

struct history {
	PGconn *conn;
	char table[160];            /* quoted, with its schema */
	unsigned long long highest; /* number applied, 0 for none */
	PGresult *rows;             /* version, checksum; by version */
};

/*
 * Waits at most ms until no other runner is at work on this database, makes
 * the table where it is missing, and reads it.  -1 with FAULT_UNSURE when the
 * time is up.
 */
int history_open(struct history *h, PGconn *conn, double ms, struct fault *f);
void history_close(struct history *h);

/*
 * 1 when m was applied, 0 when it is still to be; -1 with FAULT_NO when it was
 * applied with another content, or comes too late: a higher number is there
 * already.
 */
int history_has(
    const struct history *h, const struct migration *m, struct fault *f);

/*
 * The number of an applied version that is not among ms, 0 when there is
 * none: somebody else's, or a file that was removed.
 */
unsigned long long
history_unknown(const struct history *h, const struct migrations *ms);

/*
 * Runs m and notes it, in one transaction unless m opts out.  -1: "PATH:LINE:
 * reason"; nothing of it stays then, but for what a file without transaction
 * has done before.
 */
int history_apply(
    struct history *h, const struct migration *m, double *ms, struct fault *f);

#endif
