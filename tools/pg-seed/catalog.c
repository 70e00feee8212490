/*
 * What of the catalog loading needs: which table refers to which, and which
 * sequences feed a table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "load.h"
#include "order.h"

/* Those of partitions are there as well, as rows may go into one by name. */
static const char references_sql[] =
    "SELECT conrelid, confrelid, condeferrable, conname FROM pg_constraint"
    " WHERE contype = 'f' AND conrelid = ANY ($1::oid[]) AND confrelid = ANY ($1::oid[])"
    " ORDER BY conrelid, conname";

/*
 * Identity columns own theirs, a default may ask for any; one that makes a
 * text of it ('O-' || nextval(...)) has no highest value to tell.
 */
static const char sequences_sql[] =
    "SELECT quote_ident(a.attname), s.oid, s.oid::regclass"
    " FROM pg_attribute a"
    " JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory = 'N'"
    " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " JOIN pg_depend p ON"
    "  (p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid"
    "   AND p.refclassid = 'pg_class'::regclass)"
    "  OR (a.attidentity <> '' AND p.classid = 'pg_class'::regclass"
    "   AND p.refclassid = 'pg_class'::regclass AND p.deptype = 'i'"
    "   AND p.refobjid = a.attrelid AND p.refobjsubid = a.attnum)"
    " JOIN pg_class s ON s.relkind = 'S' AND s.oid ="
    "  CASE WHEN p.classid = 'pg_attrdef'::regclass"
    "  THEN p.refobjid ELSE p.objid END"
    " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY 1, 2";

static size_t
index_of(const struct tables *ts, const char *oid)
{
	unsigned long long want = strtoull(oid, NULL, 10);
	size_t i;

	for (i = 0; i < ts->n && ts->v[i]->oid != want; i++)
		;
	return i;
}

static PGresult *
read_references(struct load *l, struct fault *f)
{
	const char *arg;
	PGresult *res = NULL;
	struct buf b;
	size_t i;

	buf_init(&b, (size_t)1 << 20);
	for (i = 0; i < l->tables->n; i++)
		buf_addf(
		    &b, "%c%llu", i == 0 ? '{' : ',', l->tables->v[i]->oid);
	buf_adds(&b, i == 0 ? "{}" : "}");
	if (buf_check(&b, "tables", f) == 0) {
		arg = buf_str(&b);
		res = pg_exec(l->conn, references_sql, 1, &arg, "catalog", f);
	}
	buf_release(&b);
	return res;
}

/* Names the tables that refer to each other. */
static int
cycle_fault(const struct load *l, size_t done, struct fault *f)
{
	struct buf b;
	size_t i;

	buf_init(&b, sizeof f->msg / 2);
	for (i = done; i < l->tables->n; i++)
		buf_addf(&b, "%s%s", i > done ? ", " : "",
		    l->tables->v[l->order[i]]->name);
	fault_set(f, FAULT_INPUT,
	    "%s: these refer to each other in a circle; make one of the "
	    "foreign keys DEFERRABLE",
	    buf_str(&b));
	buf_release(&b);
	return -1;
}

/*
 * Rows of one table go in as several commands when their members differ; one
 * that refers to a row of its own table may then come before it.
 */
static int
check_self(const struct load *l, const struct reference *r, const char *name,
    struct fault *f)
{
	const struct table *t = l->tables->v[r->from];

	if (r->from != r->to || r->deferrable || t->n_batches < 2 ||
	    l->mode == LOAD_UPSERT)
		return 0;
	return fault_set(f, FAULT_INPUT,
	    "%s: refers to itself (%s), and its rows have different members; "
	    "give all the same ones, or make the foreign key DEFERRABLE",
	    t->name, name);
}

int
catalog_order(struct load *l, struct fault *f)
{
	struct reference *refs = NULL;
	PGresult *res;
	size_t i, n, done;
	int rc = -1;

	l->order = calloc(l->tables->n + 1, sizeof *l->order);
	res = l->order != NULL ? read_references(l, f) : NULL;
	if (res == NULL)
		return l->order != NULL ? -1 : fault_nomem(f);
	n = (size_t)PQntuples(res);
	refs = calloc(n + 1, sizeof *refs);
	if (refs == NULL) {
		fault_nomem(f);
		goto out;
	}
	for (i = 0; i < n; i++) {
		refs[i].from = index_of(l->tables, PQgetvalue(res, (int)i, 0));
		refs[i].to = index_of(l->tables, PQgetvalue(res, (int)i, 1));
		refs[i].deferrable = *PQgetvalue(res, (int)i, 2) == 't';
		if (check_self(l, &refs[i], PQgetvalue(res, (int)i, 3), f) != 0)
			goto out;
	}
	rc = order_tables(l->tables->n, refs, n, l->order, &done);
	if (rc == -1)
		cycle_fault(l, done, f);
	else if (rc == -2)
		rc = fault_nomem(f);
out:
	free(refs);
	PQclear(res);
	return rc;
}

/* setval is not undone by a rollback: hence only ever forward. */
static int
move_on(PGconn *conn, const struct table *t, const char *column,
    const char *oid, const char *sequence, struct fault *f)
{
	struct buf b;
	int rc;

	buf_init(&b, 4096);
	buf_addf(&b,
	    "SELECT setval(%s::regclass, m) FROM (SELECT max(%s)::bigint AS m FROM %s)"
	    " AS t, %s AS s WHERE m > s.last_value"
	    " OR (m = s.last_value AND NOT s.is_called)",
	    oid, column, t->quoted, sequence);
	rc = buf_check(&b, t->name, f);
	if (rc == 0)
		rc = pg_run(conn, buf_str(&b), t->name, f);
	buf_release(&b);
	return rc;
}

int
catalog_sequences(PGconn *conn, const struct table *t, struct fault *f)
{
	const char *arg;
	char oid[24];
	PGresult *res;
	int i, rc = 0;

	snprintf(oid, sizeof oid, "%llu", t->oid);
	arg = oid;
	res = pg_exec(conn, sequences_sql, 1, &arg, t->name, f);
	if (res == NULL)
		return -1;
	for (i = 0; i < PQntuples(res) && rc == 0; i++)
		rc = move_on(conn, t, PQgetvalue(res, i, 0),
		    PQgetvalue(res, i, 1), PQgetvalue(res, i, 2), f);
	PQclear(res);
	return rc;
}
