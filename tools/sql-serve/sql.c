/*
 * SQL with named parameters: see sql.h.  A lexer of what can hold a colon that
 * is no parameter, not a parser: the server knows its own grammar best and
 * says what is wrong with the rest.
 */
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/pg_lex.h"

#define SQL_MAX ((size_t)1 << 20)
#define PARAMS_MAX 1000 /* the protocol allows 65,535 */

struct lexer {
	struct sql *q;
	struct buf out;
	const char *p, *end;
	const char *file;
	unsigned line;
	struct fault *f;
};

/* The bytes of the plain name at p, or 0. */
static size_t
word(const char *p, const char *end)
{
	enum pg_token kind;
	const char *why;
	size_t n;

	if (p == end)
		return 0;
	n = pg_lex(p, end, &kind, &why);
	return kind == PG_WORD ? n : 0;
}

int
param_read(struct param *out, const char *p, const char *end, struct fault *f)
{
	size_t n = word(p, end), m;
	const char *name = p;
	size_t len = n;

	if (n == 0)
		return 0;
	out->kind = PARAM_PATH;
	if (n == 4 && memcmp(p, "body", 4) == 0)
		out->kind = PARAM_BODY;
	if (p + n < end && p[n] == '.') {
		m = word(p + n + 1, end);
		if (n == 5 && memcmp(p, "query", 5) == 0 && m > 0)
			out->kind = PARAM_QUERY;
		else if (n == 5 && memcmp(p, "redis", 5) == 0 && m > 0)
			out->kind = PARAM_REDIS;
		else
			return fault_set(f, FAULT_INPUT,
			    ":%.*s.: expected :query.NAME or :redis.NAME",
			    (int)n, p);
		name = p + n + 1;
		len = m;
		n += m + 1;
	}
	out->name = strndup(name, len);
	if (out->name == NULL)
		return fault_nomem(f);
	return (int)n;
}

static int
fault_line(struct lexer *l, unsigned line, const char *why)
{
	return fault_set(l->f, FAULT_INPUT, "%s:%u: %s", l->file, line, why);
}

/* Copies n bytes as they are. */
static void
copy(struct lexer *l, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (l->p[i] == '\n')
			l->line++;
	buf_add(&l->out, l->p, n);
	l->p += n;
}

/* The type behind a "::" at p, as far as it is one word: its bytes. */
static size_t
cast_at(const char *p, const char *end)
{
	size_t n;

	if (end - p < 3 || p[0] != ':' || p[1] != ':')
		return 0;
	n = word(p + 2, end);
	if (n > 0 && end - p - 2 - (long)n >= 2 &&
	    memcmp(p + 2 + n, "[]", 2) == 0)
		n += 2;
	return n;
}

/* The number of the parameter in new, which is handed over. */
static int
number_of(struct lexer *l, struct param *new)
{
	struct sql *q = l->q;
	struct param *more;
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->params[i].kind == new->kind &&
		    strcmp(q->params[i].name, new->name) == 0 &&
		    strcmp(q->params[i].cast, new->cast) == 0) {
			free(new->name);
			free(new->cast);
			return (int)i + 1;
		}
	more = q->n < PARAMS_MAX ?
		   reallocarray(q->params, q->n + 1, sizeof *more) :
		   NULL;
	if (more == NULL) {
		free(new->name);
		free(new->cast);
		return q->n < PARAMS_MAX ?
			   fault_nomem(l->f) :
			   fault_line(l, l->line, "too many parameters");
	}
	q->params = more;
	q->params[q->n++] = *new;
	return (int)q->n;
}

static int
colon(struct lexer *l)
{
	struct param new = { .line = l->line };
	const char *behind;
	int n;

	if (l->p + 1 < l->end && (l->p[1] == ':' || l->p[1] == '=')) {
		copy(l, 2);
		return 0;
	}
	n = param_read(&new, l->p + 1, l->end, l->f);
	if (n < 0)
		return fault_prefix(l->f, "%s:%u", l->file, l->line);
	if (n == 0) {
		copy(l, 1);
		return 0;
	}
	behind = l->p + 1 + n;
	new.cast = strndup(behind + 2 * (cast_at(behind, l->end) > 0),
	    cast_at(behind, l->end));
	if (new.cast == NULL) {
		free(new.name);
		return fault_nomem(l->f);
	}
	n = number_of(l, &new);
	if (n < 0)
		return -1;
	buf_addf(&l->out, "$%d", n);
	l->p = behind;
	return 0;
}

/* A semicolon may only end the statement: nothing but comments follows. */
static int
semicolon(struct lexer *l)
{
	enum pg_token kind = PG_BLANK;
	const char *why = "";
	size_t i, n;

	while (l->p < l->end) {
		n = *l->p == ';' ? 1 : pg_lex(l->p, l->end, &kind, &why);
		if (n == 0)
			return fault_line(l, l->line, why);
		if (*l->p != ';' && kind != PG_BLANK && kind != PG_COMMENT)
			return fault_line(l, l->line,
			    "a second statement (use WITH for several)");
		for (i = 0; i < n; i++)
			l->line += l->p[i] == '\n';
		l->p += n;
	}
	return 0;
}

static int
step(struct lexer *l)
{
	enum pg_token kind;
	const char *why = "";
	size_t n = pg_lex(l->p, l->end, &kind, &why);

	if (n == 0)
		return fault_line(l, l->line, why);
	if (kind == PG_OTHER && *l->p == ':')
		return colon(l);
	if (kind == PG_OTHER && *l->p == ';')
		return semicolon(l);
	if (kind == PG_OTHER && *l->p == '$' && l->p + 1 < l->end &&
	    l->p[1] >= '0' && l->p[1] <= '9')
		return fault_line(
		    l, l->line, "$N: parameters are written as :name");
	copy(l, n);
	return 0;
}

int
sql_rewrite(struct sql *q, const char *text, size_t len, const char *file,
    unsigned line, struct fault *f)
{
	struct lexer l = { .q = q,
		.p = text,
		.end = text + len,
		.file = file,
		.line = line,
		.f = f };
	const char *why, *at;
	int empty;

	*q = (struct sql){ .n = 0 };
	buf_init(&l.out, SQL_MAX);
	while (l.p < l.end)
		if (step(&l) != 0)
			goto bad;
	while (l.out.len > 0 &&
	       strchr(" \t\r\n", l.out.data[l.out.len - 1]) != NULL)
		l.out.data[--l.out.len] = '\0';
	if (buf_check(&l.out, "statement", f) != 0)
		goto bad;
	pg_statement(
	    buf_str(&l.out), buf_str(&l.out) + l.out.len, &empty, &why, &at);
	if (empty) {
		fault_line(&l, line, "no SQL statement");
		goto bad;
	}
	q->text = buf_take(&l.out);
	if (q->text != NULL)
		return 0;
	fault_nomem(f);
bad:
	buf_release(&l.out);
	sql_release(q);
	return -1;
}

void
sql_release(struct sql *q)
{
	size_t i;

	for (i = 0; i < q->n; i++) {
		free(q->params[i].name);
		free(q->params[i].cast);
	}
	free(q->params);
	free(q->text);
	*q = (struct sql){ .n = 0 };
}
