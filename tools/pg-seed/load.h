/*
 * Rows into tables: one transaction.
 */
#ifndef LOAD_H
#define LOAD_H

#include "lib/fault.h"
#include "lib/pg.h"
#include "table.h"

enum load_mode { LOAD_ADD, LOAD_TRUNCATE, LOAD_UPSERT };

struct load {
	PGconn *conn;
	struct tables *tables;
	const char *const *files; /* for messages */
	enum load_mode mode;
	size_t *order; /* indices of tables */
	double *ms;    /* by table: how long it took */
};

/*
 * Finds the order, loads, moves sequences on, and commits.  -1: nothing was
 * loaded; "FILE:LINE: column C: reason" (FAULT_INPUT) for a bad row.
 */
int load_run(struct load *l, struct fault *f);
void load_release(struct load *l);

/* What of the catalog loading needs (catalog.c). */
int catalog_order(struct load *l, struct fault *f);

/* Sets the sequences of t's columns past their highest values. */
int catalog_sequences(PGconn *conn, const struct table *t, struct fault *f);

#define LOAD_VIA "inttest_seed" /* the temporary table of LOAD_UPSERT */

/*
 * Says which row an error is about: res is the result of loading b into t;
 * b is NULL when it is not of one command, t too when it is of none.
 * Returns -1.
 */
int blame(const struct load *l, const struct table *t, const struct batch *b,
    const PGresult *res, struct fault *f);

#endif
