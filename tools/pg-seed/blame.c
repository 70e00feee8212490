/*
 * Which row an error is about.  COPY says its line in the error's context;
 * a key is checked when all rows are in, or at the end of the transaction, and
 * the error then says the key alone: the row that has it is looked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "load.h"

#define KEY_MAX 32 /* columns of a key, as PostgreSQL has it */

struct place {
	const struct origin *row; /* NULL: not known */
	char column[128];         /* "" when not known */
};

/* Behind "COPY t, " where a line of context starts so; the last one, or NULL.
 */
static const char *
copy_context(const char *context, const char *relation)
{
	const char *at = NULL, *line;
	size_t n = strlen(relation);

	for (line = context; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "COPY ", 5) == 0 &&
		    strncmp(line + 5, relation, n) == 0 &&
		    strncmp(line + 5 + n, ", ", 2) == 0)
			at = line + 5 + n + 2;
	}
	return at;
}

/* "COPY t, line 7, column price: ..." in any language. */
static void
read_context(struct place *p, const struct batch *b, const char *context,
    const char *relation)
{
	const char *at = copy_context(context, relation), *colon;
	size_t row;

	if (at == NULL)
		return;
	at += strcspn(at, "0123456789");
	row = strtoull(at, (char **)&at, 10);
	if (row == 0 || row > b->rows)
		return;
	p->row = &b->origins[row - 1];
	if (strncmp(at, ", ", 2) != 0)
		return;
	/* behind the word for column, up to its colon */
	at += 2 + strcspn(at + 2, " ");
	colon = strchr(at, ':');
	if (*at != ' ' || colon == NULL ||
	    (size_t)(colon - at) > sizeof p->column)
		return;
	memcpy(p->column, at + 1, (size_t)(colon - at) - 1);
	p->column[colon - at - 1] = '\0';
}

/* ---- the row of a key ---- */

struct search {
	const char *names, *want; /* "a, b" and "1, x" */
	size_t names_len, want_len;
	size_t fields[KEY_MAX]; /* of a row, in the key's order */
	size_t n;
	struct buf line;
	size_t row, found; /* from 1 */
};

/* "Key (a, b)=(1, x) is not present in table ..." */
static int
read_detail(struct search *s, const char *detail)
{
	const char *open = detail != NULL ? strchr(detail, '(') : NULL;
	const char *eq = open != NULL ? strstr(open, ")=(") : NULL;
	const char *close = eq != NULL ? strstr(eq + 3, ") ") : NULL;

	if (close == NULL)
		return -1;
	s->names = open + 1;
	s->names_len = (size_t)(eq - s->names);
	s->want = eq + 3;
	s->want_len = (size_t)(close - s->want);
	return 0;
}

/* Where b has the key's columns; -1 when it has not all of them. */
static int
find_fields(struct search *s, const struct table *t, const struct batch *b)
{
	const char *p = s->names, *end = s->names + s->names_len, *comma;
	size_t i;
	int c;

	for (s->n = 0; p <= end; p = comma + 2) {
		comma = memmem(p, (size_t)(end - p), ", ", 2);
		if (comma == NULL)
			comma = end;
		c = table_column(t, p, (size_t)(comma - p));
		for (i = 0; i < b->n_columns && (int)b->columns[i] != c; i++)
			;
		if (i == b->n_columns || s->n == KEY_MAX)
			return -1;
		s->fields[s->n++] = i;
	}
	return 0;
}

static int
same_key(const struct search *s)
{
	const char *p = s->line.data, *end = p + s->line.len, *tab;
	const char *at[KEY_MAX], *want = s->want;
	size_t len[KEY_MAX] = { 0 }, left = s->want_len, i, k;

	for (i = 0; p <= end; i++, p = tab + 1) {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (tab == NULL)
			tab = end;
		for (k = 0; k < s->n; k++)
			if (s->fields[k] == i) {
				at[k] = p;
				len[k] = (size_t)(tab - p);
			}
	}
	for (k = 0; k < s->n; k++) {
		if (k > 0 && (left < 2 || memcmp(want, ", ", 2) != 0))
			return 0;
		want += k > 0 ? 2 : 0;
		left -= k > 0 ? 2 : 0;
		if (left < len[k] || strncasecmp(want, at[k], len[k]) != 0)
			return 0;
		want += len[k];
		left -= len[k];
	}
	return left == 0;
}

static int
search_piece(void *arg, const char *p, size_t n)
{
	struct search *s = arg;
	const char *end = p + n, *nl;

	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		buf_add(&s->line, p, (size_t)((nl != NULL ? nl : end) - p));
		if (nl == NULL)
			return s->line.failed ? 1 : 0;
		s->row++;
		if (s->line.failed == 0 && s->line.len > 0 && same_key(s)) {
			s->found = s->row;
			return 1;
		}
		buf_clear(&s->line);
		p = nl + 1;
	}
	return 0;
}

static void
search_key(struct place *p, const struct table *t, const char *detail)
{
	struct search s = { .row = 0 };
	size_t i;

	if (read_detail(&s, detail) != 0)
		return;
	buf_init(&s.line, (size_t)128 << 20);
	for (i = 0; i < t->n_batches && s.found == 0; i++) {
		if (find_fields(&s, t, t->batches[i]) != 0)
			continue;
		buf_clear(&s.line);
		s.row = 0;
		if (batch_each(t->batches[i], search_piece, &s, NULL) >= 0 &&
		    s.found != 0)
			p->row = &t->batches[i]->origins[s.found - 1];
	}
	buf_release(&s.line);
	if (p->row != NULL && s.n == 1)
		snprintf(p->column, sizeof p->column, "%.*s", (int)s.names_len,
		    s.names);
}

/* The table that an error names, when its rows are among those loaded. */
static const struct table *
named_table(const struct load *l, const PGresult *res)
{
	const char *schema = PQresultErrorField(res, PG_DIAG_SCHEMA_NAME);
	const char *name = PQresultErrorField(res, PG_DIAG_TABLE_NAME);
	size_t i;

	for (i = 0; schema != NULL && name != NULL && i < l->tables->n; i++)
		if (strcmp(l->tables->v[i]->relation, name) == 0 &&
		    strcmp(l->tables->v[i]->schema, schema) == 0)
			return l->tables->v[i];
	return NULL;
}

int
blame(const struct load *l, const struct table *t, const struct batch *b,
    const PGresult *res, struct fault *f)
{
	const char *column = PQresultErrorField(res, PG_DIAG_COLUMN_NAME);
	struct place p = { .row = NULL };
	struct fault why;

	if (t == NULL)
		t = named_table(l, res);
	pg_fault(
	    l->conn, res, t != NULL ? t->name : "deferred constraints", &why);
	if (b != NULL)
		read_context(&p, b, PQresultErrorField(res, PG_DIAG_CONTEXT),
		    l->mode == LOAD_UPSERT ? LOAD_VIA : t->relation);
	if (p.row == NULL && t != NULL && strncmp(pg_state(res), "23", 2) == 0)
		search_key(
		    &p, t, PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL));
	if (column == NULL)
		column = p.column;
	if (p.row == NULL)
		return fault_set(f, why.code, "%s", why.msg);
	return fault_set(f, why.code, "%s:%u: %s%s%s%.800s",
	    strcmp(l->files[p.row->file], "-") == 0 ? "stdin" :
						      l->files[p.row->file],
	    (unsigned)p.row->line, *column != '\0' ? "column " : "", column,
	    *column != '\0' ? ": " : "", why.msg);
}
