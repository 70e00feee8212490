/*
 * JSON rows to COPY's text: see rows.h.  Rows of one table mostly have the
 * same members in the same order, so the columns of the row before are tried
 * first and a row costs no look-up.
 */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)64 << 20)
#define MEMBERS_MAX 1664 /* PostgreSQL has at most 1,600 columns */
#define VALUE_MAX ((size_t)128 << 20)

int
rows_init(struct rows *r, PGconn *conn, struct tables *ts,
    const char *const *files, int given, struct fault *f)
{
	*r = (struct rows){
		.conn = conn, .tables = ts, .files = files, .given = given
	};
	buf_init(&r->scratch, VALUE_MAX);
	buf_init(&r->literal, VALUE_MAX);
	r->members = calloc(MEMBERS_MAX, sizeof *r->members);
	return r->members != NULL ? 0 : fault_nomem(f);
}

void
rows_release(struct rows *r)
{
	buf_release(&r->scratch);
	buf_release(&r->literal);
	free(r->members);
	r->members = NULL;
}

/* ---- which columns ---- */

/* The column of a member: its index, or -1. */
static int
find_column(struct rows *r, const struct table *t, const struct scan_member *m,
    struct fault *f)
{
	struct scan_value v = {
		.kind = SCAN_STRING, .at = m->key - 1, .len = m->key_len + 2
	};
	int i;

	if (memchr(m->key, '\\', m->key_len) == NULL)
		i = table_column(t, m->key, m->key_len);
	else {
		buf_clear(&r->scratch);
		if (scan_text(&v, &r->scratch, f) != 0)
			return -1;
		i = table_column(t, buf_str(&r->scratch), r->scratch.len);
	}
	if (i < 0)
		return fault_set(f, FAULT_INPUT, "%s has no column \"%.*s\"",
		    t->name, (int)m->key_len, m->key);
	if (t->columns[i].generated)
		return fault_set(f, FAULT_INPUT,
		    "column \"%s\" of %s is generated and takes no values",
		    t->columns[i].name, t->name);
	return i;
}

/* The batch whose columns are those marked, a new one when there is none. */
static struct batch *
find_batch(struct table *t, const unsigned char *marked, struct fault *f)
{
	unsigned *columns = calloc(t->n + 1, sizeof *columns);
	struct batch *b = NULL, **more;
	size_t i, n = 0;

	if (columns == NULL) {
		fault_nomem(f);
		return NULL;
	}
	for (i = 0; i < t->n; i++)
		if (marked[i])
			columns[n++] = (unsigned)i;
	for (i = 0; i < t->n_batches && b == NULL; i++)
		if (t->batches[i]->n_columns == n &&
		    memcmp(t->batches[i]->columns, columns,
			n * sizeof *columns) == 0)
			b = t->batches[i];
	if (b == NULL) {
		more = reallocarray(t->batches, t->n_batches + 1, sizeof *more);
		if (more == NULL)
			fault_nomem(f);
		else {
			t->batches = more;
			b = batch_new(columns, n, f);
			if (b != NULL)
				more[t->n_batches++] = b;
		}
	}
	free(columns);
	return b;
}

/*
 * A column without a default is null when a row does not have it, so all rows
 * share it unless only what is given counts; one with a default is in the
 * batch of the rows that have it.
 */
static int
learn(struct rows *r, struct table *t, size_t n, struct fault *f)
{
	unsigned char *marked = calloc(t->n + 1, 1);
	size_t i;
	int c, rc = -1;

	t->last = NULL;
	if (marked == NULL)
		return fault_nomem(f);
	for (i = 0; i < n; i++) {
		c = find_column(r, t, &r->members[i], f);
		if (c < 0)
			goto out;
		if (marked[c]) {
			fault_set(f, FAULT_INPUT, "member \"%s\" twice",
			    t->columns[c].name);
			goto out;
		}
		marked[c] = 1;
		t->guess[i] = (unsigned)c;
	}
	for (i = 0; i < t->n; i++)
		if (!r->given && !t->columns[i].defaulted &&
		    !t->columns[i].generated)
			marked[i] = 1;
	t->last = find_batch(t, marked, f);
	t->n_guess = n;
	rc = t->last != NULL ? 0 : -1;
out:
	free(marked);
	return rc;
}

/* 1 when the row has the members of the one before, in the same order. */
static int
as_before(const struct rows *r, const struct table *t, size_t n)
{
	size_t i;

	if (t->last == NULL || n != t->n_guess)
		return 0;
	for (i = 0; i < n; i++) {
		const struct scan_member *m = &r->members[i];
		const char *name = t->columns[t->guess[i]].name;

		if (strncmp(name, m->key, m->key_len) != 0 ||
		    name[m->key_len] != '\0')
			return 0;
	}
	return 1;
}

/* ---- one row ---- */

static int
write_field(struct rows *r, struct buf *out, const struct column *c,
    const struct scan_value *v, struct fault *f)
{
	if (v == NULL || v->kind == SCAN_NULL)
		return buf_adds(out, "\\N");
	if (v->kind == SCAN_STRING && c->kind == COLUMN_TEXT &&
	    memchr(v->at, '\\', v->len) == NULL)
		return pg_copy_escape(out, v->at + 1, v->len - 2);
	buf_clear(&r->literal);
	if (rows_value(&r->literal, v, c->kind, &r->scratch, f) != 0)
		return -1;
	if (memchr(buf_str(&r->literal), '\0', r->literal.len) != NULL)
		return fault_set(f, FAULT_INPUT,
		    "column %s: a NUL character, which PostgreSQL has not",
		    c->name);
	return pg_copy_escape(out, buf_str(&r->literal), r->literal.len);
}

static int
write_row(struct rows *r, struct table *t, size_t n, struct origin from,
    struct fault *f)
{
	struct batch *b = t->last;
	size_t i, k, at = 0;

	for (i = 0; i < b->n_columns; i++) {
		const struct scan_value *v = NULL;
		unsigned c = b->columns[i];

		/* members mostly stand in the columns' order */
		for (k = 0; k < n && v == NULL; k++, at++) {
			if (at >= n)
				at = 0;
			if (t->guess[at] == c)
				v = &r->members[at].value;
		}
		if (i > 0)
			buf_addc(&b->text, '\t');
		if (write_field(r, &b->text, &t->columns[c], v, f) != 0)
			return f->code != FAULT_NONE ?
				   -1 :
				   buf_check(&b->text, "row", f);
	}
	buf_addc(&b->text, '\n');
	return batch_row(b, from, f);
}

/* ---- one file ---- */

/* The table that a file's name stands for, "" when none. */
static void
name_of_file(const char *path, char *out, size_t size)
{
	const char *base = strrchr(path, '/'), *dot;
	size_t digits;

	base = base != NULL ? base + 1 : path;
	digits = strspn(base, "0123456789");
	if (digits > 0 && base[digits] == '_')
		base += digits + 1;
	dot = strrchr(base, '.');
	if (strcmp(path, "-") == 0)
		base = dot = "";
	snprintf(out, size, "%.*s",
	    (int)(dot != NULL ? (size_t)(dot - base) : strlen(base)), base);
}

/*
 * The table of a row of n members.  A member "table" is taken out of them,
 * unless it is a column of the file's own table.
 */
static struct table *
table_of(struct rows *r, struct table *by_file, const char *name, int *n,
    struct fault *f)
{
	struct scan_member *m;
	int i;

	for (i = 0; i < *n; i++) {
		m = &r->members[i];
		if (m->key_len != 5 || memcmp(m->key, "table", 5) != 0)
			continue;
		if (by_file != NULL && table_column(by_file, "table", 5) >= 0)
			break;
		if (m->value.kind != SCAN_STRING) {
			fault_set(f, FAULT_INPUT, "\"table\" is no string");
			return NULL;
		}
		buf_clear(&r->scratch);
		if (scan_text(&m->value, &r->scratch, f) != 0)
			return NULL;
		memmove(m, m + 1, (size_t)(--*n - i) * sizeof *m);
		return tables_get(r->tables, r->conn, buf_str(&r->scratch), f);
	}
	if (by_file != NULL || *name == '\0') {
		if (by_file == NULL)
			fault_set(f, FAULT_INPUT,
			    "no \"table\", and no file's name says it");
		return by_file;
	}
	return tables_get(r->tables, r->conn, name, f);
}

static int
read_row(struct rows *r, struct table *by_file, const char *name,
    const char *line, size_t len, struct origin from, struct fault *f)
{
	struct table *t;
	int n;

	n = scan_object(line, len, r->members, MEMBERS_MAX, f);
	if (n < 0)
		return -1;
	t = table_of(r, by_file, name, &n, f);
	if (t == NULL)
		return -1;
	t->wanted = 1;
	if (!as_before(r, t, (size_t)n) && learn(r, t, (size_t)n, f) != 0)
		return -1;
	return write_row(r, t, (size_t)n, from, f);
}

int
rows_read(struct rows *r, size_t i, struct fault *f)
{
	struct table *by_file = NULL;
	struct origin from = { .file = (uint32_t)i };
	const char *line;
	char name[256];
	struct scan *s;
	size_t len;
	int rc;

	s = scan_open(r->files[i], LINE_MAX_BYTES, f);
	if (s == NULL)
		return -1;
	name_of_file(r->files[i], name, sizeof name);
	/* none of that name matters only to a row that does not say its own */
	if (*name != '\0')
		by_file = tables_get(r->tables, r->conn, name, f);
	while ((rc = scan_next(s, &line, &len, f)) == 1) {
		from.line = (uint32_t)scan_line(s);
		f->code = FAULT_NONE;
		if (read_row(r, by_file, name, line, len, from, f) != 0) {
			rc = fault_prefix(
			    f, "%s:%lu", scan_name(s), scan_line(s));
			break;
		}
	}
	if (rc == 0 && scan_line(s) == 0 && by_file != NULL)
		by_file->wanted = 1;
	scan_close(s);
	return rc;
}
