/*
 * SQL with named parameters: what becomes $N and what is left alone.
 */
#include "sql-serve/sql.h"

#include <stdlib.h>

#include "tap.h"

static void
rewritten(const char *text, const char *want, const char *params)
{
	static const char *const kinds[] = { "", "query.", "body:", "redis." };
	char got[512] = "";
	struct fault f;
	struct sql q;
	size_t i, n = 0;

	if (sql_rewrite(&q, text, strlen(text), "f", 10, &f) != 0) {
		tap_ok(0, "%s: %s", text, f.msg);
		return;
	}
	tap_str(q.text, want, "the statement");
	for (i = 0; i < q.n; i++)
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s%s%s%s",
		    i > 0 ? " " : "", kinds[q.params[i].kind], q.params[i].name,
		    *q.params[i].cast != '\0' ? "::" : "", q.params[i].cast);
	tap_str(got, params, "its parameters");
	sql_release(&q);
}

static void
refused(const char *text, const char *want)
{
	struct fault f;
	struct sql q;

	if (tap_ok(sql_rewrite(&q, text, strlen(text), "f", 10, &f) == -1 &&
		       f.code == FAULT_INPUT,
		"refused: %s", want))
		tap_str(f.msg, want, "and why");
}

int
main(void)
{
	rewritten("SELECT 1", "SELECT 1", "");
	rewritten("SELECT x WHERE id = :id::uuid",
	    "SELECT x WHERE id = $1::uuid", "id::uuid");
	rewritten(":a :b :a", "$1 $2 $1", "a b");
	rewritten(":a::text :a::int :a::text", "$1::text $2::int $1::text",
	    "a::text a::int");
	rewritten(":a::int[] :a::int", "$1::int[] $2::int", "a::int[] a::int");
	rewritten(":query.limit::int", "$1::int", "query.limit::int");
	rewritten(":body::jsonb", "$1::jsonb", "body:body::jsonb");
	rewritten(":redis.x::text", "$1::text", "redis.x::text");
	rewritten("a::text", "a::text", "");
	rewritten("f(x := 1)", "f(x := 1)", "");
	rewritten("a[1:2]", "a[1:2]", "");
	rewritten("':a' \":a\" E'\\':a' $$:a$$ $t$:a$t$ -- :a\n/* :a */ :b",
	    "':a' \":a\" E'\\':a' $$:a$$ $t$:a$t$ -- :a\n/* :a */ $1", "b");
	rewritten("e':a' || note':a'", "e':a' || note':a'", "");
	rewritten("SELECT 1 ; \n", "SELECT 1", "");
	rewritten("SELECT 1; -- done", "SELECT 1", "");
	rewritten("SELECT 1;\n/* done;\n:a */ ;\n", "SELECT 1", "");
	rewritten("a\n\nb", "a\n\nb", "");

	refused("", "f:10: no SQL statement");
	refused(" \n ", "f:10: no SQL statement");
	refused("-- c\n/* */;", "f:10: no SQL statement");
	refused("a;\nb", "f:11: a second statement (use WITH for several)");
	refused(
	    "a; -- c\nb;", "f:11: a second statement (use WITH for several)");
	refused("\n'a", "f:11: a literal without its end");
	refused("\"a", "f:10: a quoted name without its end");
	refused("/* /* */", "f:10: a comment without its end");
	refused("$$a", "f:10: a dollar-quoted literal without its end");
	refused("x = $1", "f:10: $N: parameters are written as :name");
	refused(":request.x",
	    "f:10: :request.: expected :query.NAME or :redis.NAME");
	refused(
	    ":query.", "f:10: :query.: expected :query.NAME or :redis.NAME");
	return tap_end();
}
