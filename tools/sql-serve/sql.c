/*
 * SQL with named parameters: see sql.h.  A lexer of what can hold a colon that
 * is no parameter, not a parser: the server knows its own grammar best and
 * says what is wrong with the rest.
 */
#include "sql.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

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

static int
name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (c & 0x80) != 0;
}

static int
name_char(char c)
{
	return name_start(c) || (c >= '0' && c <= '9') || c == '$';
}

static size_t
word(const char *p, const char *end)
{
	const char *from = p;

	if (p < end && name_start(*p) && *p != '$')
		while (p < end && name_char(*p) && *p != '$')
			p++;
	return (size_t)(p - from);
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

/* A literal or a quoted name; escapes: a backslash hides what follows. */
static int
copy_quoted(struct lexer *l, int escapes)
{
	const char *p = l->p + 1;
	char quote = *l->p;

	for (; p < l->end; p++) {
		if (*p == '\\' && escapes && p + 1 < l->end)
			p++;
		else if (*p == quote) {
			if (p + 1 < l->end && p[1] == quote) {
				p++;
				continue;
			}
			copy(l, (size_t)(p + 1 - l->p));
			return 0;
		}
	}
	return fault_line(l, l->line,
	    quote == '"' ? "a quoted name without its end" :
			   "a literal without its end");
}

/* $$ ... $$ or $tag$ ... $tag$; a lone dollar sign is copied. */
static int
copy_dollars(struct lexer *l)
{
	size_t tag = word(l->p + 1, l->end) + 2;
	const char *close;

	if (l->p + 1 < l->end && l->p[1] >= '0' && l->p[1] <= '9')
		return fault_line(
		    l, l->line, "$N: parameters are written as :name");
	if ((size_t)(l->end - l->p) < tag || l->p[tag - 1] != '$') {
		copy(l, 1);
		return 0;
	}
	close = memmem(l->p + tag, (size_t)(l->end - l->p) - tag, l->p, tag);
	if (close == NULL)
		return fault_line(
		    l, l->line, "a dollar-quoted literal without its end");
	copy(l, (size_t)(close - l->p) + tag);
	return 0;
}

/* Block comments nest in PostgreSQL. */
static int
copy_comment(struct lexer *l)
{
	const char *p = l->p + 2;
	int depth = 1;

	if (l->p[0] == '-') {
		p = memchr(l->p, '\n', (size_t)(l->end - l->p));
		copy(l, (size_t)((p != NULL ? p : l->end) - l->p));
		return 0;
	}
	for (; p + 1 < l->end; p++) {
		if (p[0] == '/' && p[1] == '*') {
			depth++;
			p++;
		} else if (p[0] == '*' && p[1] == '/') {
			p++;
			if (--depth == 0) {
				copy(l, (size_t)(p + 1 - l->p));
				return 0;
			}
		}
	}
	return fault_line(l, l->line, "a comment without its end");
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

/* A semicolon may only end the statement. */
static int
semicolon(struct lexer *l)
{
	l->p++;
	while (l->p < l->end && strchr(" \t\r\n;", *l->p) != NULL) {
		if (*l->p == '\n')
			l->line++;
		l->p++;
	}
	if (l->p < l->end && strncmp(l->p, "--", 2) != 0)
		return fault_line(
		    l, l->line, "a second statement (use WITH for several)");
	l->p = l->end;
	return 0;
}

/* One token, or a run of bytes that cannot matter. */
static int
step(struct lexer *l)
{
	const char *p = l->p;
	char next = p + 1 < l->end ? p[1] : '\0';
	size_t n;

	switch (*p) {
	case '\'':
		return copy_quoted(l, 0);
	case '"':
		return copy_quoted(l, 0);
	case '$':
		return copy_dollars(l);
	case ':':
		return colon(l);
	case ';':
		return semicolon(l);
	default:
		break;
	}
	if ((*p == '-' && next == '-') || (*p == '/' && next == '*'))
		return copy_comment(l);
	if (!name_start(*p)) {
		copy(l, 1);
		return 0;
	}
	for (n = 1; p + n < l->end && name_char(p[n]); n++)
		;
	copy(l, n);
	if (n == 1 && (*p | 0x20) == 'e' && next == '\'')
		return copy_quoted(l, 1);
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
	if (buf_str(&l.out)[strspn(buf_str(&l.out), " \t\r\n")] == '\0') {
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
