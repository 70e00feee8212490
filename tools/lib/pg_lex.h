/*
 * PostgreSQL's SQL cut into tokens, as far as it takes to know what stands in
 * literals and comments, and where a statement ends.
 */
#ifndef PG_LEX_H
#define PG_LEX_H

#include <stddef.h>

enum pg_token {
	PG_BLANK,   /* a run of blanks and newlines */
	PG_COMMENT, /* -- to the end of the line, or nested block comments */
	PG_LITERAL, /* '...', E'...', $$...$$, $tag$...$tag$ */
	PG_NAME,    /* "..." */
	PG_WORD,    /* a key word or a plain name */
	PG_OTHER,   /* one byte of anything else */
};

/*
 * The token at p (p < end): its bytes and its kind.  0 for one without its
 * end, with what it is in *why.
 */
size_t
pg_lex(const char *p, const char *end, enum pg_token *kind, const char **why);

/*
 * The bytes of the statement at p, its semicolon included; semicolons within
 * parentheses and within BEGIN ATOMIC ... END do not end it.  *empty tells
 * that there are only blanks and comments.  0 for an open literal or comment,
 * and for a backslash outside of them: *why says so and *at where it starts.
 */
size_t pg_statement(const char *p, const char *end, int *empty,
    const char **why, const char **at);

#endif
