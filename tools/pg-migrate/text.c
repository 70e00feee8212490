/*
 * What a migration's text says by itself: see text.h.  Words are looked at and
 * nothing is parsed: the server knows its own grammar best, but what it has
 * committed it does not take back.
 */
#include "text.h"

#include <string.h>
#include <strings.h>

#include "lib/pg_lex.h"

unsigned
text_line(const struct migration *m, const char *p)
{
	const char *at;
	unsigned line = 1;

	for (at = m->text; at < p; at++)
		if (*at == '\n')
			line++;
	return line;
}

const char *
text_start(const char *p, const char *end)
{
	enum pg_token kind;
	const char *why;
	size_t n;

	while (p < end && (n = pg_lex(p, end, &kind, &why)) > 0 &&
	       (kind == PG_BLANK || kind == PG_COMMENT))
		p += n;
	return p;
}

/*
 * The next word of a statement, past everything else; *p moves behind it.
 * Its bytes, 0 when there is none.
 */
static size_t
next_word(const char **p, const char *end, const char **word)
{
	enum pg_token kind;
	const char *why;
	size_t n;

	while (*p < end && (n = pg_lex(*p, end, &kind, &why)) > 0) {
		*word = *p;
		*p += n;
		if (kind == PG_WORD)
			return n;
	}
	return 0;
}

static int
is_word(const char *word, size_t n, const char *want)
{
	return strlen(want) == n && strncasecmp(word, want, n) == 0;
}

/* 1 for COPY FROM STDIN and COPY TO STDOUT. */
static int
copies_here(const char *p, const char *end)
{
	const char *word = p;
	size_t n = next_word(&p, end, &word);
	int behind = 0; /* the word before was FROM or TO */

	if (!is_word(word, n, "copy"))
		return 0;
	while ((n = next_word(&p, end, &word)) > 0) {
		if (behind &&
		    (is_word(word, n, "stdin") || is_word(word, n, "stdout")))
			return 1;
		behind = is_word(word, n, "from") || is_word(word, n, "to");
	}
	return 0;
}

/*
 * 1 when a statement would end the transaction that its file runs in.  To see
 * it afterwards is too late: what was committed stays, without a note, and
 * COMMIT AND CHAIN leaves a transaction open as if nothing had been.
 */
static int
ends_transaction(const char *p, const char *end)
{
	const char *first = p, *next = p;
	size_t n = next_word(&p, end, &first), m = next_word(&p, end, &next);

	if (is_word(first, n, "prepare"))
		return is_word(next, m, "transaction");
	if (!is_word(first, n, "rollback"))
		return is_word(first, n, "commit") ||
		       is_word(first, n, "end") || is_word(first, n, "abort");
	if (is_word(next, m, "work") || is_word(next, m, "transaction"))
		m = next_word(&p, end, &next);
	return !is_word(next, m, "to");
}

/* Why a statement cannot be part of m, or NULL. */
static const char *
objection(const struct migration *m, const char *p, const char *end)
{
	if (copies_here(p, end))
		return "COPY from or to the client is not supported here "
		       "(rows are pg-seed's)";
	if (!m->no_transaction && ends_transaction(p, end))
		return "ends the transaction (" TEXT_OPT_OUT ")";
	return NULL;
}

int
text_check(const struct migration *m, struct fault *f)
{
	const char *p = m->text, *end = m->text + m->len, *why, *at;
	int empty;
	size_t n;

	for (; p < end; p += n) {
		n = pg_statement(p, end, &empty, &why, &at);
		if (n > 0) {
			why = objection(m, p, p + n);
			at = text_start(p, p + n);
		}
		if (why != NULL)
			return fault_set(f, FAULT_INPUT, "%s:%u: %s", m->path,
			    text_line(m, at), why);
	}
	return 0;
}
