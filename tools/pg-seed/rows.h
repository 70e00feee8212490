/*
 * JSON rows to COPY's text.
 */
#ifndef ROWS_H
#define ROWS_H

#include "lib/fault.h"
#include "lib/scan.h"
#include "table.h"

struct rows {
	PGconn *conn; /* for the catalog */
	struct tables *tables;
	const char *const *files; /* operands; origins count in them */
	int given; /* a column that a row does not have is not written */
	struct scan_member *members;
	struct buf scratch, literal; /* used while a row is written */
};

/*
 * given: columns that a row does not have are left alone; else those without
 * a default are null, and rows that differ in them go together.  0, or -1
 * without memory.
 */
int rows_init(struct rows *r, PGconn *conn, struct tables *ts,
    const char *const *files, int given, struct fault *f);
void rows_release(struct rows *r);

/*
 * Reads all rows of operand i ("-": standard input).  A row's table is its
 * member "table", or what the file's name says: without folder, a leading
 * NN_ and .jsonl.  -1: "FILE:LINE: reason" (FAULT_INPUT), or FAULT_UNSURE.
 */
int rows_read(struct rows *r, size_t i, struct fault *f);

/*
 * Appends the text of a value for a column of that kind, not yet escaped for
 * COPY.  The value is well-formed and not null.  Pure.
 */
int rows_value(struct buf *out, const struct scan_value *v,
    enum column_kind kind, struct buf *scratch, struct fault *f);

#endif
