/*
 * Which row an error is about.  COPY says its line in the error's context;
 * a foreign key is checked when all rows are in, and says the key that is
 * missing: the row that has it is looked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "load.h"

struct place {
	size_t row;       /* from 1; 0: not known */
	char column[128]; /* "" when not known */
};

/* "COPY t, line 7, column price: ..." in any language. */
static void
read_context(struct place *p, const char *context, const char *via)
{
	const char *at, *dot = strrchr(via, '.'), *colon;
	char name[160];
	size_t n;

	/* the message names the table without schema and quotes */
	via = dot != NULL ? dot + 1 : via;
	n = strlen(via);
	if (n >= 2 && via[0] == '"') {
		via++;
		n -= 2;
	}
	if (context == NULL || n + 3 >= sizeof name)
		return;
	memcpy(name, via, n);
	memcpy(name + n, ", ", 3);
	at = strstr(context, name);
	if (at == NULL)
		return;
	at += n + 2;
	at += strcspn(at, "0123456789");
	p->row = strtoull(at, (char **)&at, 10);
	if (p->row == 0 || strncmp(at, ", ", 2) != 0)
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

/* ---- a foreign key's row ---- */

struct search {
	const char *want;
	size_t want_len;
	size_t field; /* which of the row */
	size_t row;
	struct buf line;
	size_t found;
};

static int
same_key(struct search *s)
{
	const char *p = s->line.data, *end = p + s->line.len, *tab;
	size_t i;

	for (i = 0;; i++) {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (tab == NULL)
			tab = end;
		if (i == s->field)
			return (size_t)(tab - p) == s->want_len &&
			       strncasecmp(p, s->want, s->want_len) == 0;
		if (tab == end)
			return 0;
		p = tab + 1;
	}
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

/* "Key (company_id)=(6e94...) is not present in table ..." */
static void
search_key(
    struct place *p, const struct table *t, struct batch *b, const char *detail)
{
	const char *open = detail != NULL ? strchr(detail, '(') : NULL;
	const char *eq = open != NULL ? strstr(open, ")=(") : NULL;
	const char *close = eq != NULL ? strstr(eq + 3, ") ") : NULL;
	struct search s = { .row = 0 };
	size_t i;
	int c;

	if (close == NULL)
		return;
	c = table_column(t, open + 1, (size_t)(eq - open) - 1);
	for (i = 0; i < b->n_columns && (int)b->columns[i] != c; i++)
		;
	if (c < 0 || i == b->n_columns)
		return;
	buf_init(&s.line, (size_t)128 << 20);
	s.field = i;
	s.want = eq + 3;
	s.want_len = (size_t)(close - s.want);
	if (batch_each(b, search_piece, &s, NULL) >= 0 && s.found != 0) {
		p->row = s.found;
		snprintf(p->column, sizeof p->column, "%s", t->columns[c].name);
	}
	buf_release(&s.line);
}

int
blame(const struct load *l, const struct table *t, struct batch *b,
    const char *via, const PGresult *res, struct fault *f)
{
	const char *column = PQresultErrorField(res, PG_DIAG_COLUMN_NAME);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	struct place p = { .row = 0 };
	const struct origin *o;
	struct fault why;

	pg_fault(l->conn, res, t->name, &why);
	read_context(&p, PQresultErrorField(res, PG_DIAG_CONTEXT), via);
	if (p.row == 0 && strcmp(pg_state(res), "23503") == 0)
		search_key(&p, t, b, detail);
	if (column == NULL)
		column = p.column;
	/* what the server refuses is the row's fault, not the network's */
	if (why.code == FAULT_NO)
		why.code = FAULT_INPUT;
	if (p.row == 0 || p.row > b->rows)
		return fault_set(f, why.code, "%s", why.msg);
	o = &b->origins[p.row - 1];
	return fault_set(f, why.code, "%s:%u: %s%s%s%.800s",
	    strcmp(l->files[o->file], "-") == 0 ? "stdin" : l->files[o->file],
	    (unsigned)o->line, *column != '\0' ? "column " : "", column,
	    *column != '\0' ? ": " : "", why.msg);
}
