/*
 * jq expressions: outputs, assertions, variables, errors, sets.
 */
#include "lib/jqx.h"

#include <stdlib.h>

#include "tap.h"

static struct buf out;

static const char *
run(const char *expression, const char *json)
{
	struct fault f = { 0 };
	struct jqx *q = jqx_new(expression, NULL, &f);

	buf_clear(&out);
	if (q == NULL || jqx_run(q, json, strlen(json), 10, &out, &f) == -1) {
		buf_clear(&out);
		buf_addf(&out, "%d %s", (int)f.code, f.msg);
	}
	jqx_free(q);
	return buf_str(&out);
}

static void
outputs(void)
{
	tap_str(run(".a", "{\"a\":1}"), "1\n", "a member");
	tap_str(run(".[]", "[1,\"x\",null]"), "1\n\"x\"\nnull\n",
	    "several outputs");
	tap_str(run("empty", "1"), "", "no output");
	tap_str(run("range(100)", "1"), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n",
	    "outputs are limited");
	tap_str(run(".a", "[1]"), "1 Cannot index array with string \"a\"",
	    "jq's error");
	tap_str(run("error({a: 1})", "1"), "1 {\"a\":1}", "an object as error");
	tap_str(run(".a +", "1"), "2 .a +: syntax error, unexpected $end",
	    "a syntax error");
	tap_str(run("nope(1)", "1"), "2 nope(1): nope/1 is not defined",
	    "an unknown function");
	tap_str(
	    run("$x", "1"), "2 $x: $x is not defined", "an unknown variable");
	tap_str(run("1) , (2", "1"),
	    "2 1) , (2: syntax error, unexpected INVALID_CHARACTER, "
	    "expecting $end",
	    "parentheses do not leak");
	tap_str(run(".a # why", "{\"a\":2}"), "2\n", "a comment at the end");
	tap_str(run("def f: .+1; f", "2"), "3\n", "a definition");
	tap_str(run(". as $x | $x", "2"), "2\n", "a binding");
	tap_str(run(".", "{\"a\":"),
	    "2 not JSON: Unfinished JSON term at EOF at line 1, column 5",
	    "malformed input");
	tap_str(run(".", ""), "2 not JSON: Expected JSON value", "empty input");
	tap_str(run("test(\"^a+$\")", "\"aaa\""), "true\n", "regular strings");
}

static void
outside(void)
{
	setenv("INTTEST_SECRET", "s3cret", 1);
	tap_str(run("env", "1"), "{}\n", "env is empty");
	tap_str(run("$ENV", "1"), "{}\n", "$ENV is empty");
	tap_str(run("env.INTTEST_SECRET, $ENV.INTTEST_SECRET", "1"),
	    "null\nnull\n", "nothing of the environment is seen");
	tap_str(run("input", "1"), "1 input: not available here", "input");
	tap_str(run("[inputs]", "1"), "1 input: not available here", "inputs");
	tap_str(run("debug", "1"), "1\n", "debug prints nothing");
	tap_str(run("stderr", "1"), "1\n", "stderr prints nothing");
	tap_str(run("halt", "1"), "1 halt: not available here", "halt");
	tap_str(run("\"x\"|halt_error", "1"), "1 x", "halt_error");
	tap_str(run("halt_error(3)", "1"), "1 1", "halt_error with a status");
	tap_ok(strncmp(run("import \"a\" as a; 1", "1"), "2 ", 2) == 0,
	    "import is refused");
}

static void
assertions(void)
{
	static const struct {
		const char *expression;
		int holds;
		const char *got;
	} t[] = {
		{ ".a == 1", 1, "" },
		{ ".a == 2", 0, "false" },
		{ ".b", 0, "null" },
		{ ".a", 1, "" },
		{ "empty", 0, "no output" },
		{ "true, false", 0, "false" },
		{ ".a.b", 0, "Cannot index number with string \"b\"" },
		{ ".s | length > 3", 1, "" },
	};
	const char *json = "{\"a\":1,\"s\":\"text\"}";
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		struct jqx *q = jqx_new(t[i].expression, NULL, &f);

		buf_clear(&out);
		tap_ok(q != NULL && jqx_holds(q, json, strlen(json), &out,
					&f) == t[i].holds,
		    "%s", t[i].expression);
		tap_str(buf_str(&out), t[i].got, "what it got");
		tap_str(jqx_text(q), t[i].expression, "its text");
		if (i == 0)
			tap_ok(jqx_holds(q, "nope", 4, &out, &f) == -1 &&
				   f.code == FAULT_INPUT,
			    "no JSON is no answer");
		jqx_free(q);
	}
}

static void
text(void)
{
	static const struct {
		const char *json;
		int rc;
		const char *text;
	} t[] = { { "{\"a\":\"x\\ny\"}", 1, "x\ny" }, { "{\"a\":12}", 1, "12" },
		{ "{\"a\":null}", 0, "" }, { "{\"a\":[1,{}]}", 1, "[1,{}]" },
		{ "[]", -1, "" } };
	struct fault f;
	struct jqx *q = jqx_new(".a", NULL, &f);
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		buf_clear(&out);
		tap_ok(jqx_text_of(q, t[i].json, strlen(t[i].json), &out, &f) ==
			   t[i].rc,
		    "text of %s", t[i].json);
		tap_str(buf_str(&out), t[i].text, "is it");
	}
	jqx_free(q);
}

static void
sets(void)
{
	static const char *const names[] = { "ID", "OTHER" };
	struct fault f;
	struct jqx_set *s = jqx_set_new(&f);
	struct jqx *v[300];
	cJSON *vars = json_parse("{\"ID\":\"x\"}", 10, &f);
	char e[64];
	int i, good = 1;

	for (i = 0; i < 300; i++) {
		snprintf(e, sizeof e, ".a == %d and $ID == \"x\"", i);
		v[i] = jqx_set_add(s, e, names, 2, &f);
		good &= v[i] != NULL;
	}
	tap_ok(jqx_set_add(s, ".a ==", names, 2, &f) == NULL &&
		   f.code == FAULT_INPUT,
	    "a set refuses bad syntax at once");
	tap_ok(good && jqx_set_compile(s, &f) == 0, "300 expressions");
	for (i = 0; i < 300; i++) {
		snprintf(e, sizeof e, "{\"a\":%d}", i);
		good &= jqx_holds(v[i], e, strlen(e), &out, &f) == 0;
		good &= jqx_bind(v[i], vars, &f) == 0;
		good &= jqx_holds(v[i], e, strlen(e), &out, &f) == 1;
		good &= jqx_holds(v[i], "{}", 2, &out, &f) == 0;
	}
	tap_ok(good, "each is itself, with its variables");
	v[0] = jqx_set_add(s, ".a == 1", NULL, 0, &f);
	tap_ok(v[0] != NULL && jqx_set_add(s, ".a == 1", NULL, 0, &f) == v[0] &&
		   jqx_set_add(s, ".a == 2", NULL, 0, &f) != v[0] &&
		   jqx_set_add(s, ".a == 1", names, 2, &f) != v[0],
	    "the same again is compiled once, unless it has variables");
	tap_ok(jqx_holds(v[0], "{\"a\":1}", 7, &out, &f) == 1,
	    "and holds as before");
	tap_ok(jqx_set_add(s, "nope(1)", NULL, 0, &f) != NULL &&
		   jqx_set_compile(s, &f) == -1 && f.code == FAULT_INPUT,
	    "an unknown function fails the set");
	tap_str(f.msg, "nope(1): nope/1 is not defined", "and is named");
	cJSON_Delete(vars);
	jqx_set_free(s);

	vars = json_parse("{\"n\":[1,2]}", 11, &f);
	v[0] = jqx_new(".a == $n[1]", vars, &f);
	tap_ok(v[0] != NULL && jqx_holds(v[0], "{\"a\":2}", 7, &out, &f) == 1,
	    "variables of a single one");
	jqx_free(v[0]);
	cJSON_Delete(vars);
	vars = json_parse("{\"a-b\":1}", 9, &f);
	tap_ok(jqx_new(".", vars, &f) == NULL && f.code == FAULT_INPUT,
	    "a name that is none");
	cJSON_Delete(vars);
}

/* jq 1.6 ends the process when a run begins that left path() in the middle. */
static void
left_early(void)
{
	static const char json[] = "{\"a\":1,\"b\":2,\"c\":[3]}";
	struct fault f = { 0 };
	struct jqx *q = jqx_new("paths | length > 1", NULL, &f);
	int i;

	if (!tap_ok(q != NULL, "an expression over paths"))
		return;
	for (i = 0; i < 2; i++) {
		buf_clear(&out);
		tap_ok(jqx_holds(q, json, sizeof json - 1, &out, &f) == 0,
		    "run %d ends at its first false", i);
		tap_str(buf_str(&out), "false", "and says so");
		buf_clear(&out);
		tap_ok(jqx_text_of(q, json, sizeof json - 1, &out, &f) == 1 &&
			   strcmp(buf_str(&out), "false") == 0,
		    "the first as text");
		buf_clear(&out);
		tap_ok(jqx_run(q, json, sizeof json - 1, 4, &out, &f) == 4,
		    "the first four");
		tap_str(
		    buf_str(&out), "false\nfalse\nfalse\ntrue\n", "are they");
	}
	jqx_free(q);
}

int
main(void)
{
	buf_init(&out, 1 << 16);
	outputs();
	left_early();
	outside();
	assertions();
	text();
	sets();
	buf_release(&out);
	return tap_end();
}
