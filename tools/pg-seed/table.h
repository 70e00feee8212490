/*
 * A table as the catalog describes it, and the rows that are to go into it.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

#include "batch.h"
#include "lib/fault.h"
#include "lib/pg.h"

/* How a JSON value is written for a column. */
enum column_kind {
	COLUMN_TEXT,       /* a string's text, anything else as written */
	COLUMN_JSON,       /* as JSON */
	COLUMN_ARRAY,      /* a JSON array as PostgreSQL's {...} */
	COLUMN_JSON_ARRAY, /* the same, its elements as JSON */
};

struct column {
	char *name;
	enum column_kind kind;
	int generated; /* takes no values */
	int defaulted; /* a row without it gets something other than null */
	int key;       /* of the primary key */
};

struct table {
	char *name; /* as the rows call it */
	char *schema, *relation;
	char *quoted; /* for SQL: both */
	unsigned long long oid;
	struct column *columns;
	size_t n;
	int wanted;             /* rows, or an empty file, name it */
	struct batch **batches; /* one per set of members */
	size_t n_batches;
	/* the members of the row read last: a guess at the next one's */
	struct batch *last;
	unsigned *guess;
	size_t n_guess;
};

struct tables {
	struct table **v; /* in the order they were first seen */
	size_t n;
};

/*
 * The table of that name ("name" or "schema.name"; exact case), read from
 * the catalog when it is new.  NULL: FAULT_INPUT when there is none.
 */
struct table *
tables_get(struct tables *ts, PGconn *conn, const char *name, struct fault *f);
void tables_release(struct tables *ts);

/* The index of a column, or -1. */
int table_column(const struct table *t, const char *name, size_t len);

#endif
