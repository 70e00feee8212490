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
#define VIA "inttest_seed" /* the temporary table */

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

/* Copies a batch into target; errors are about rows of b. */
static int
copy(struct load *l, const struct table *t, struct batch *b, const char *target,
    struct fault *f)
{
	PGresult *res;
	struct buf sql;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "COPY %s (", target);
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
			rc = blame(l, t, b, target, res, f);
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
	    "DROP TABLE IF EXISTS pg_temp." VIA "; CREATE TEMP TABLE " VIA
	    " (LIKE %s INCLUDING CONSTRAINTS INCLUDING INDEXES)"
	    " ON COMMIT DROP",
	    t->quoted);
	for (i = 0; i < t->n; i++) {
		if (k < b->n_columns && b->columns[k] == i) {
			k++;
			continue;
		}
		buf_adds(&sql, "; ALTER TABLE pg_temp." VIA " DROP COLUMN ");
		pg_quote_name(&sql, t->columns[i].name);
		buf_adds(&sql, " CASCADE");
	}
	rc = buf_check(&sql, t->name, f);
	if (rc == 0)
		rc = pg_run(l->conn, buf_str(&sql), t->name, f);
	buf_release(&sql);
	return rc;
}

static void
add_updates(struct buf *sql, const struct table *t, const struct batch *b)
{
	const char *before = " DO UPDATE SET ";
	size_t i;

	for (i = 0; i < b->n_columns; i++) {
		const struct column *c = &t->columns[b->columns[i]];

		if (c->key)
			continue;
		buf_adds(sql, before);
		pg_quote_name(sql, c->name);
		buf_adds(sql, " = EXCLUDED.");
		pg_quote_name(sql, c->name);
		before = ", ";
	}
	if (before[0] == ' ')
		buf_adds(sql, " DO NOTHING");
}

static int
merge(struct load *l, const struct table *t, struct batch *b, struct fault *f)
{
	const char *before = "";
	PGresult *res;
	struct buf sql;
	size_t i;
	int rc;

	buf_init(&sql, SQL_MAX);
	buf_addf(&sql, "INSERT INTO %s (", t->quoted);
	add_columns(&sql, t, b, "");
	buf_adds(&sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	add_columns(&sql, t, b, "");
	buf_adds(&sql, " FROM pg_temp." VIA " ON CONFLICT (");
	for (i = 0; i < t->n; i++)
		if (t->columns[i].key) {
			buf_adds(&sql, before);
			pg_quote_name(&sql, t->columns[i].name);
			before = ", ";
		}
	buf_addc(&sql, ')');
	add_updates(&sql, t, b);
	rc = buf_check(&sql, t->name, f);
	if (rc == 0) {
		res = PQexec(l->conn, buf_str(&sql));
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			rc = blame(l, t, b, VIA, res, f);
		PQclear(res);
	}
	buf_release(&sql);
	return rc;
}

static int
upsert(struct load *l, const struct table *t, struct batch *b, struct fault *f)
{
	if (check_keys(t, b, f) != 0 || make_via(l, t, b, f) != 0 ||
	    copy(l, t, b, "pg_temp." VIA, f) != 0)
		return -1;
	return merge(l, t, b, f);
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
			    copy(l, t, t->batches[k], t->quoted, f)) != 0)
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
	if (pg_run(l->conn, "SET CONSTRAINTS ALL IMMEDIATE",
		"deferred constraints", f) != 0)
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
