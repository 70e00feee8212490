/*
 * Tokens and statements of SQL: literals, comments, dollar quotes, and where
 * a statement ends.
 */
#include "lib/pg_lex.h"

#include "tap.h"

/* The statements of text, each in brackets, empty ones left out. */
static const char *
split(const char *text)
{
	static char out[512];
	const char *p = text, *end = text + strlen(text), *why, *at;
	int empty, n;
	size_t len;

	for (n = 0; p < end; p += len) {
		len = pg_statement(p, end, &empty, &why, &at);
		if (len == 0) {
			snprintf(out, sizeof out, "%td: %s", at - text, why);
			return out;
		}
		if (!empty)
			n += snprintf(out + n, sizeof out - (size_t)n, "[%.*s]",
			    (int)len, p);
	}
	out[n] = '\0';
	return out;
}

static void
tokens(void)
{
	static const struct {
		const char *text;
		size_t n;
		enum pg_token kind;
	} cases[] = {
		{ " \n\tx", 3, PG_BLANK },
		{ "-- a\nb", 4, PG_COMMENT },
		{ "-- a", 4, PG_COMMENT },
		{ "/* a /* b */ c */d", 17, PG_COMMENT },
		{ "'a''b'c", 6, PG_LITERAL },
		{ "'a\\'b", 4, PG_LITERAL },
		{ "E'a\\'b'c", 7, PG_LITERAL },
		{ "e''", 3, PG_LITERAL },
		{ "$$a'b$$c", 7, PG_LITERAL },
		{ "$f$a$$b$f$c", 10, PG_LITERAL },
		{ "\"a\"\"b\"c", 6, PG_NAME },
		{ "name_1$x y", 8, PG_WORD },
		{ "\xc3\xa4 y", 2, PG_WORD },
		{ "$1", 1, PG_OTHER },
		{ "::", 1, PG_OTHER },
		{ "-1", 1, PG_OTHER },
		{ "'a", 0, PG_LITERAL },
		{ "E'a\\'", 0, PG_LITERAL },
		{ "$f$a$$", 0, PG_LITERAL },
		{ "/* /* */", 0, PG_COMMENT },
		{ "\"a", 0, PG_NAME },
	};
	enum pg_token kind;
	const char *why;
	size_t i, n;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *t = cases[i].text;

		why = NULL;
		n = pg_lex(t, t + strlen(t), &kind, &why);
		tap_ok(n == cases[i].n && (n == 0 || kind == cases[i].kind),
		    "token %zu", i);
		if (n == 0)
			tap_ok(why != NULL && strstr(why, "without its end"),
			    "and why: %zu", i);
	}
}

int
main(void)
{
	tokens();
	tap_str(split("a; b"), "[a;][ b]", "two statements");
	tap_str(split("a;\n-- c\n"), "[a;]", "a last comment is none");
	tap_str(split("  ;a"), "[a]", "nor is a lone semicolon");
	tap_str(split("a ';' \";\" /*;*/ $$;$$ ; b"),
	    "[a ';' \";\" /*;*/ $$;$$ ;][ b]", "semicolons in literals");
	tap_str(split("create rule r as do (a; b); c"),
	    "[create rule r as do (a; b);][ c]", "within parentheses");
	tap_str(
	    split("create function f() begin atomic select case when 1 then 2 "
		  "end; select 2; end; c"),
	    "[create function f() begin atomic select case when 1 then 2 end; "
	    "select 2; end;][ c]",
	    "within a function's own body");
	tap_str(split("CREATE OR REPLACE PROCEDURE f() BEGIN ATOMIC a; END; c"),
	    "[CREATE OR REPLACE PROCEDURE f() BEGIN ATOMIC a; END;][ c]",
	    "a procedure's");
	tap_str(split("begin; a; end; c"), "[begin;][ a;][ end;][ c]",
	    "a transaction's BEGIN holds nothing together");
	tap_str(split("a; 'b"), "3: a literal without its end", "an open one");
	return tap_end();
}
