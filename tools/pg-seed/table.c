/*
 * A table as the catalog describes it: see table.h.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

static const char find_sql[] =
    "SELECT c.oid, c.relkind IN ('r', 'p'), n.nspname, c.relname"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = to_regclass($1)";

/* A domain stands for what it is made of in the end, but has its own default.
 */
static const char columns_sql[] =
    "WITH RECURSIVE made AS (SELECT oid, oid AS base, typbasetype AS next"
    " FROM pg_type UNION ALL SELECT m.oid, t.oid, t.typbasetype"
    " FROM made m JOIN pg_type t ON t.oid = m.next)"
    " SELECT a.attname,"
    " CASE WHEN b.typname IN ('json', 'jsonb') THEN 'j'"
    "  WHEN b.typcategory = 'A' AND e.typname IN ('json', 'jsonb') THEN 'J'"
    "  WHEN b.typcategory = 'A' THEN 'a' ELSE 't' END,"
    " a.attgenerated <> '',"
    " a.atthasdef OR a.attidentity <> '' OR t.typdefault IS NOT NULL,"
    " a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])"
    " FROM pg_attribute a"
    " JOIN pg_type t ON t.oid = a.atttypid"
    " JOIN made ON made.oid = t.oid AND made.next = 0"
    " JOIN pg_type b ON b.oid = made.base"
    " LEFT JOIN made of ON of.oid = b.typelem AND of.next = 0"
    " LEFT JOIN pg_type e ON e.oid = of.base"
    " LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary"
    " WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped"
    " ORDER BY a.attnum";

static void
table_free(struct table *t)
{
	size_t i;

	for (i = 0; t->columns != NULL && i < t->n; i++)
		free(t->columns[i].name);
	for (i = 0; i < t->n_batches; i++)
		batch_free(t->batches[i]);
	free(t->columns);
	free(t->batches);
	free(t->guess);
	free(t->quoted);
	free(t->relation);
	free(t->schema);
	free(t->name);
	free(t);
}

static enum column_kind
kind_of(char c)
{
	switch (c) {
	case 'j':
		return COLUMN_JSON;
	case 'J':
		return COLUMN_JSON_ARRAY;
	case 'a':
		return COLUMN_ARRAY;
	default:
		return COLUMN_TEXT;
	}
}

static int
read_columns(struct table *t, PGconn *conn, const char *oid, struct fault *f)
{
	PGresult *res = pg_exec(conn, columns_sql, 1, &oid, t->name, f);
	size_t i;
	int row;

	if (res == NULL)
		return -1;
	t->n = (size_t)PQntuples(res);
	t->columns = calloc(t->n + 1, sizeof *t->columns);
	t->guess = calloc(t->n + 1, sizeof *t->guess);
	for (i = 0; t->columns != NULL && i < t->n; i++) {
		row = (int)i;
		t->columns[i].name = strdup(PQgetvalue(res, row, 0));
		if (t->columns[i].name == NULL)
			break;
		t->columns[i].kind = kind_of(*PQgetvalue(res, row, 1));
		t->columns[i].generated = *PQgetvalue(res, row, 2) == 't';
		t->columns[i].defaulted = *PQgetvalue(res, row, 3) == 't';
		t->columns[i].key = *PQgetvalue(res, row, 4) == 't';
	}
	PQclear(res);
	if (t->columns == NULL || t->guess == NULL || i < t->n)
		return fault_nomem(f);
	return 0;
}

/* "name" or "schema.name" as to_regclass wants it. */
static int
quote(struct buf *b, const char *name, struct fault *f)
{
	const char *dot = strchr(name, '.');
	char *schema;

	if (dot == NULL)
		pg_quote_name(b, name);
	else {
		schema = strndup(name, (size_t)(dot - name));
		if (schema == NULL)
			return fault_nomem(f);
		pg_quote_name(b, schema);
		buf_addc(b, '.');
		pg_quote_name(b, dot + 1);
		free(schema);
	}
	return buf_check(b, "table", f);
}

/* The names of a row of find_sql. */
static int
read_names(struct table *t, const PGresult *res, struct fault *f)
{
	struct buf b;

	buf_init(&b, 1024);
	pg_quote_name(&b, PQgetvalue(res, 0, 2));
	buf_addc(&b, '.');
	pg_quote_name(&b, PQgetvalue(res, 0, 3));
	t->quoted = buf_take(&b);
	buf_release(&b);
	t->schema = strdup(PQgetvalue(res, 0, 2));
	t->relation = strdup(PQgetvalue(res, 0, 3));
	if (t->quoted == NULL || t->schema == NULL || t->relation == NULL)
		return fault_nomem(f);
	return 0;
}

static int
read_table(struct table *t, PGconn *conn, struct fault *f)
{
	const char *arg;
	PGresult *res = NULL;
	struct buf b;
	int rc = -1;

	buf_init(&b, 1024);
	if (quote(&b, t->name, f) != 0)
		goto out;
	arg = buf_str(&b);
	res = pg_exec(conn, find_sql, 1, &arg, t->name, f);
	if (res == NULL)
		goto out;
	if (PQntuples(res) == 0) {
		fault_set(f, FAULT_INPUT, "there is no table %s", t->name);
		goto out;
	}
	if (*PQgetvalue(res, 0, 1) != 't') {
		fault_set(f, FAULT_INPUT, "%s is not a table", t->name);
		goto out;
	}
	t->oid = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	rc = read_names(t, res, f);
	if (rc == 0)
		rc = read_columns(t, conn, PQgetvalue(res, 0, 0), f);
out:
	PQclear(res);
	buf_release(&b);
	return rc;
}

struct table *
tables_get(struct tables *ts, PGconn *conn, const char *name, struct fault *f)
{
	struct table *t, **more;
	size_t i;

	for (i = ts->n; i > 0; i--)
		if (strcmp(ts->v[i - 1]->name, name) == 0)
			return ts->v[i - 1];
	t = calloc(1, sizeof *t);
	more = reallocarray(ts->v, ts->n + 1, sizeof *more);
	if (more != NULL)
		ts->v = more;
	if (t == NULL || more == NULL || (t->name = strdup(name)) == NULL) {
		free(t);
		fault_nomem(f);
		return NULL;
	}
	if (read_table(t, conn, f) != 0) {
		table_free(t);
		return NULL;
	}
	/* the same table by another name: "companies", "public.companies" */
	for (i = 0; i < ts->n; i++)
		if (ts->v[i]->oid == t->oid) {
			table_free(t);
			return ts->v[i];
		}
	ts->v[ts->n++] = t;
	return t;
}

void
tables_release(struct tables *ts)
{
	size_t i;

	for (i = 0; i < ts->n; i++)
		table_free(ts->v[i]);
	free(ts->v);
	*ts = (struct tables){ .n = 0 };
}

int
table_column(const struct table *t, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strncmp(t->columns[i].name, name, len) == 0 &&
		    t->columns[i].name[len] == '\0')
			return (int)i;
	return -1;
}
