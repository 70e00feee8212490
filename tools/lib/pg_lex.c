/*
 * PostgreSQL's SQL cut into tokens: see pg_lex.h.  Literals are read as with
 * standard_conforming_strings, the default since 9.1.
 */
#include "pg_lex.h"

#include <string.h>
#include <strings.h>

static int
blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

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

/* A quoted token; escapes: a backslash hides what follows.  0: no end. */
static size_t
quoted(const char *p, const char *end, int escapes)
{
	const char *at = p + 1;

	for (; at < end; at++) {
		if (*at == '\\' && escapes && at + 1 < end)
			at++;
		else if (*at == *p) {
			if (at + 1 == end || at[1] != *p)
				return (size_t)(at + 1 - p);
			at++;
		}
	}
	return 0;
}

/* $tag$ ... $tag$; 1 when the dollar sign opens nothing, 0 without an end. */
static size_t
dollars(const char *p, const char *end)
{
	const char *at = p + 1, *close;
	size_t tag;

	if (at < end && name_start(*at))
		while (at < end && name_char(*at) && *at != '$')
			at++;
	if (at == end || *at != '$')
		return 1;
	tag = (size_t)(at + 1 - p);
	close = memmem(at + 1, (size_t)(end - at) - 1, p, tag);
	return close != NULL ? (size_t)(close - p) + tag : 0;
}

static size_t
block_comment(const char *p, const char *end)
{
	const char *at = p + 2;
	int depth = 1;

	for (; at + 1 < end; at++) {
		if (at[0] == '/' && at[1] == '*') {
			depth++;
			at++;
		} else if (at[0] == '*' && at[1] == '/') {
			at++;
			if (--depth == 0)
				return (size_t)(at + 1 - p);
		}
	}
	return 0;
}

/* A word, or the literal that an E opens. */
static size_t
word(const char *p, const char *end, enum pg_token *kind, const char **why)
{
	const char *at = p + 1;
	size_t n;

	if ((*p | 0x20) == 'e' && at < end && *at == '\'') {
		*kind = PG_LITERAL;
		*why = "a literal without its end";
		n = quoted(at, end, 1);
		return n > 0 ? n + 1 : 0;
	}
	*kind = PG_WORD;
	while (at < end && name_char(*at))
		at++;
	return (size_t)(at - p);
}

size_t
pg_lex(const char *p, const char *end, enum pg_token *kind, const char **why)
{
	char next = p + 1 < end ? p[1] : '\0';
	const char *at = p;
	size_t n;

	*kind = PG_OTHER;
	if (blank(*p)) {
		*kind = PG_BLANK;
		while (at < end && blank(*at))
			at++;
		return (size_t)(at - p);
	}
	if (*p == '-' && next == '-') {
		*kind = PG_COMMENT;
		at = memchr(p, '\n', (size_t)(end - p));
		return (size_t)((at != NULL ? at : end) - p);
	}
	if (*p == '/' && next == '*') {
		*kind = PG_COMMENT;
		*why = "a comment without its end";
		return block_comment(p, end);
	}
	if (*p == '\'' || *p == '"') {
		*kind = *p == '"' ? PG_NAME : PG_LITERAL;
		*why = *p == '"' ? "a quoted name without its end" :
				   "a literal without its end";
		return quoted(p, end, 0);
	}
	if (*p == '$') {
		*why = "a dollar-quoted literal without its end";
		n = dollars(p, end);
		if (n != 1)
			*kind = PG_LITERAL;
		return n;
	}
	return name_start(*p) ? word(p, end, kind, why) : 1;
}

/* What of a statement decides where it ends. */
struct state {
	unsigned words;  /* seen so far */
	int create;      /* starts with CREATE [OR REPLACE] FUNCTION */
	int begun;       /* depth of BEGIN ATOMIC and CASE */
	int after_begin; /* the word before was BEGIN */
	int parens;
};

static int
is(const char *p, size_t n, const char *key_word)
{
	return strlen(key_word) == n && strncasecmp(p, key_word, n) == 0;
}

static void
see_word(struct state *s, const char *p, size_t n)
{
	s->words++;
	if (s->words == 1)
		s->create = is(p, n, "create");
	else if (s->create == 1 && s->words <= 4 &&
		 (is(p, n, "function") || is(p, n, "procedure")))
		s->create = 2;
	if (s->create < 2)
		return;
	if (s->begun > 0 && is(p, n, "case"))
		s->begun++;
	else if (s->begun > 0 && is(p, n, "end"))
		s->begun--;
	else if (s->after_begin && is(p, n, "atomic"))
		s->begun++;
	s->after_begin = is(p, n, "begin");
}

size_t
pg_statement(const char *p, const char *end, int *empty, const char **why,
    const char **at)
{
	const char *from = p;
	struct state s = { .words = 0 };
	enum pg_token kind;
	size_t n;

	for (*empty = 1; p < end; p += n) {
		n = pg_lex(p, end, &kind, why);
		if (n == 0) {
			*at = p;
			return 0;
		}
		if (kind == PG_BLANK || kind == PG_COMMENT)
			continue;
		if (*p == '\\') {
			*why = "psql's backslash commands are not SQL";
			*at = p;
			return 0;
		}
		if (kind == PG_WORD)
			see_word(&s, p, n);
		else if (*p == '(')
			s.parens++;
		else if (*p == ')')
			s.parens--;
		else if (*p == ';' && s.parens <= 0 && s.begun == 0)
			return (size_t)(p + 1 - from);
		*empty = 0;
	}
	return (size_t)(p - from);
}
