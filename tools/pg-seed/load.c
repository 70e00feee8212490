/*
 * Rows into tables: see load.h.  Plain loading is COPY into the table itself;
 * --upsert copies into a temporary table that has the same constraints, so
 * that a bad row is found by COPY, which knows its line, and merges from there.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"

#define SQL_MAX ((size_t)1 << 20)
#define VIA "pg_temp." LOAD_VIA

/* ---- COPY ---- */

static void
add_columns(struct buf *sql, const struct table *t, const struct batch *b,
    const char *before)
{
	size_t i;

	for (i = 0; i < b->n_columns; i++) {
		buf_adds(sql, i > 0 ? ", " : "");
		buf_adds(sql, before);
		pg_quote_name(sql, t->columns[b->columns[i]].name);
	}
}

static int
put(void *conn, const char *p, size_t n)
{
	return PQputCopyData(conn, p, (int)n) == 1 ? 0 : 1;
}

/* Copies a batch into its table, or into VIA for --upsert. */
static int
copy(struct load *l, const struct table *t, struct batch *b, struct fault *f)
{
	PGresult *res;
	struct buf sql;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "COPY %s (", l->mode == LOAD_UPSERT ? VIA : t->quoted);
	add_columns(&sql, t, b, "");
	buf_adds(&sql, ") FROM STDIN");
	rc = buf_check(&sql, t->name, f);
	if (rc == 0)
		rc = pg_run(l->conn, buf_str(&sql), t->name, f);
	buf_release(&sql);
	if (rc != 0)
		return -1;
	rc = batch_each(b, put, l->conn, f);
	PQputCopyEnd(l->conn, rc == -1 ? "input could not be read" : NULL);
	while ((res = PQgetResult(l->conn)) != NULL) {
		if (rc != -1 && PQresultStatus(res) != PGRES_COMMAND_OK)
			rc = blame(l, t, b, res, f);
		PQclear(res);
	}
	if (rc == 1)
		rc = pg_conn_fault(l->conn, f);
	return rc;
}

/* ---- upsert ---- */

static int
check_keys(const struct table *t, const struct batch *b, struct fault *f)
{
	size_t i, k, keys = 0;

	for (i = 0; i < t->n; i++) {
		if (!t->columns[i].key)
			continue;
		keys++;
		for (k = 0; k < b->n_columns && b->columns[k] != i; k++)
			;
		if (k == b->n_columns)
			return fault_set(f, FAULT_INPUT,
			    "%s: --upsert needs the key column %s in each row",
			    t->name, t->columns[i].name);
	}
	if (keys == 0)
		return fault_set(f, FAULT_INPUT,
		    "%s: --upsert needs a primary key", t->name);
	return 0;
}

/* A table like t with the batch's columns alone. */
static int
make_via(struct load *l, const struct table *t, const struct batch *b,
    struct fault *f)
{
	struct buf sql;
	size_t i, k = 0;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_addf(&sql,
	    "DROP TABLE IF EXISTS " VIA "; CREATE TEMP TABLE " LOAD_VIA
	    " (LIKE %s INCLUDING CONSTRAINTS INCLUDING INDEXES)"
	    " ON COMMIT DROP",
	    t->quoted);
	for (i = 0; i < t->n; i++) {
		if (k < b->n_columns && b->columns[k] == i) {
			k++;
			continue;
		}
		buf_adds(&sql, "; ALTER TABLE " VIA " DROP COLUMN ");
		pg_quote_name(&sql, t->columns[i].name);
		buf_adds(&sql, " CASCADE");
	}
	rc = buf_check(&sql, t->name, f);
	if (rc == 0)
		rc = pg_run(l->conn, buf_str(&sql), t->name, f);
	buf_release(&sql);
	return rc;
}

/* Runs a command on what was copied; an error is about a row of t. */
static int
run(struct load *l, const struct table *t, const char *sql, struct fault *f)
{
	PGresult *res = PQexec(l->conn, sql);
	int rc = 0;

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		rc = blame(l, t, NULL, res, f);
	PQclear(res);
	return rc;
}

/* 1 when the rows of a batch have nothing that an update could change. */
static int
keys_alone(const struct table *t, const struct batch *b)
{
	size_t i;

	for (i = 0; i < b->n_columns; i++)
		if (!t->columns[b->columns[i]].key)
			return 0;
	return 1;
}

/* "c = FROM.c" for columns of the batch that are keys, or that are not. */
static void
add_pairs(struct buf *sql, const struct table *t, const struct batch *b,
    int keys, const char *to, const char *from, const char *between)
{
	const char *before = "";
	size_t i;

	for (i = 0; i < b->n_columns; i++) {
		const struct column *c = &t->columns[b->columns[i]];

		if (c->key != keys)
			continue;
		buf_adds(sql, before);
		before = between;
		buf_adds(sql, to);
		pg_quote_name(sql, c->name);
		buf_addf(sql, " = %s", from);
		pg_quote_name(sql, c->name);
	}
}

/*
 * Rows that are there.  ON CONFLICT alone would not do: it wants a row that
 * could be inserted, with all that must not be null.
 */
static int
update(struct load *l, const struct table *t, struct batch *b, struct fault *f)
{
	struct buf sql;
	int rc;

	if (keys_alone(t, b))
		return 0;
	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "UPDATE %s AS t SET ", t->quoted);
	add_pairs(&sql, t, b, 0, "", "v.", ", ");
	buf_adds(&sql, " FROM " VIA " AS v WHERE ");
	add_pairs(&sql, t, b, 1, "t.", "v.", " AND ");
	rc = buf_check(&sql, t->name, f);
	if (rc == 0)
		rc = run(l, t, buf_str(&sql), f);
	buf_release(&sql);
	return rc;
}

/* The others; ON CONFLICT for those that somebody else inserts meanwhile. */
static int
insert(struct load *l, const struct table *t, struct batch *b, struct fault *f)
{
	const char *before = "";
	struct buf sql;
	size_t i;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "INSERT INTO %s (", t->quoted);
	add_columns(&sql, t, b, "");
	buf_adds(&sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	add_columns(&sql, t, b, "v.");
	buf_addf(&sql,
	    " FROM " VIA " AS v WHERE NOT EXISTS (SELECT FROM %s AS t WHERE ",
	    t->quoted);
	add_pairs(&sql, t, b, 1, "t.", "v.", " AND ");
	buf_adds(&sql, ") ON CONFLICT (");
	for (i = 0; i < t->n; i++)
		if (t->columns[i].key) {
			buf_adds(&sql, before);
			pg_quote_name(&sql, t->columns[i].name);
			before = ", ";
		}
	buf_adds(&sql, keys_alone(t, b) ? ") DO NOTHING" : ") DO UPDATE SET ");
	add_pairs(&sql, t, b, 0, "", "EXCLUDED.", ", ");
	rc = buf_check(&sql, t->name, f);
	if (rc == 0)
		rc = run(l, t, buf_str(&sql), f);
	buf_release(&sql);
	return rc;
}

static int
upsert(struct load *l, const struct table *t, struct batch *b, struct fault *f)
{
	if (check_keys(t, b, f) != 0 || make_via(l, t, b, f) != 0 ||
	    copy(l, t, b, f) != 0 || update(l, t, b, f) != 0)
		return -1;
	return insert(l, t, b, f);
}

/* ---- the transaction ---- */

static int
truncate_tables(struct load *l, struct fault *f)
{
	const char *before = "TRUNCATE ";
	struct buf sql;
	size_t i;
	int rc;

	buf_init(&sql, SQL_MAX);
	for (i = 0; i < l->tables->n; i++)
		if (l->tables->v[i]->wanted) {
			buf_adds(&sql, before);
			buf_adds(&sql, l->tables->v[i]->quoted);
			before = ", ";
		}
	buf_adds(&sql, " RESTART IDENTITY");
	rc = buf_check(&sql, "--truncate", f);
	if (rc == 0 && before[0] == ',')
		rc = pg_run(l->conn, buf_str(&sql), "--truncate", f);
	buf_release(&sql);
	return rc;
}

static int
load_table(struct load *l, size_t i, struct fault *f)
{
	struct table *t = l->tables->v[i];
	double begun = clock_ms();
	size_t k;

	for (k = 0; k < t->n_batches; k++)
		if ((l->mode == LOAD_UPSERT ?
			    upsert(l, t, t->batches[k], f) :
			    copy(l, t, t->batches[k], f)) != 0)
			return -1;
	l->ms[i] = clock_ms() - begun;
	return 0;
}

static int
load_all(struct load *l, struct fault *f)
{
	size_t i;

	if (pg_run(l->conn, "BEGIN; SET CONSTRAINTS ALL DEFERRED", "begin",
		f) != 0)
		return -1;
	if (l->mode == LOAD_TRUNCATE && truncate_tables(l, f) != 0)
		return -1;
	for (i = 0; i < l->tables->n; i++)
		if (load_table(l, l->order[i], f) != 0)
			return -1;
	/* what was deferred fails here, before sequences are touched */
	if (run(l, NULL, "SET CONSTRAINTS ALL IMMEDIATE", f) != 0)
		return -1;
	for (i = 0; i < l->tables->n; i++)
		if (catalog_sequences(l->conn, l->tables->v[i], f) != 0)
			return -1;
	return pg_run(l->conn, "COMMIT", "commit", f);
}

int
load_run(struct load *l, struct fault *f)
{
	l->ms = calloc(l->tables->n + 1, sizeof *l->ms);
	if (l->ms == NULL)
		return fault_nomem(f);
	/* messages in English are easier to take apart; who may not, need not
	 */
	PQclear(PQexec(l->conn, "SET lc_messages = 'C'"));
	if (catalog_order(l, f) != 0)
		return -1;
	if (load_all(l, f) == 0)
		return 0;
	if (PQtransactionStatus(l->conn) != PQTRANS_IDLE)
		PQclear(PQexec(l->conn, "ROLLBACK"));
	/* what the server refuses is the rows' fault */
	if (f->code == FAULT_NO)
		f->code = FAULT_INPUT;
	return -1;
}

void
load_release(struct load *l)
{
	free(l->order);
	free(l->ms);
	l->order = NULL;
	l->ms = NULL;
}
