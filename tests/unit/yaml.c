/*
 * YAML as kubectl 1.32 reads it.  The expected values were taken from
 * `kubectl patch --local -o json`.
 */
#include "lib/yaml.h"

#include <stdlib.h>

#include "tap.h"

/* reads text and holds the documents, one compact JSON a line, against want */
static void
reads(const char *text, const char *want)
{
	struct yaml_docs docs;
	struct fault f = { 0 };
	struct buf b;
	char name[200];
	size_t i;

	buf_init(&b, 1 << 20);
	if (yaml_read(text, strlen(text), &docs, &f) != 0)
		buf_adds(&b, f.msg);
	else
		for (i = 0; i < docs.n; i++) {
			if (i > 0)
				buf_addc(&b, '\n');
			json_write(&b, docs.v[i].value);
		}
	snprintf(name, sizeof name, "%s", text);
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '\n')
			name[i] = ';';
	tap_str(buf_str(&b), want, name);
	yaml_docs_release(&docs);
	buf_release(&b);
}

static void
scalars(void)
{
	static const char *const pairs[][2] = {
		{ "yes", "true" },
		{ "Yes", "true" },
		{ "yEs", "\"yEs\"" },
		{ "on", "true" },
		{ "y", "true" },
		{ "Y", "true" },
		{ "TRUE", "true" },
		{ "tRUE", "\"tRUE\"" },
		{ "off", "false" },
		{ "n", "false" },
		{ "No", "false" },
		{ "~", "null" },
		{ "", "null" },
		{ "Null", "null" },
		{ "nULL", "\"nULL\"" },
		{ "2001-01-01", "\"2001-01-01\"" },
		{ "2001-01-01T00:00:00Z", "\"2001-01-01T00:00:00Z\"" },
		{ "1:30", "\"1:30\"" },
		{ "0644", "420" },
		{ "0o644", "420" },
		{ "0O644", "420" },
		{ "012", "10" },
		{ "08", "8" },
		{ "09.5", "9.5" },
		{ "0x1F", "31" },
		{ "0X1f", "31" },
		{ "0x", "\"0x\"" },
		{ "0x0x1", "\"0x0x1\"" },
		{ "0b11", "3" },
		{ "-0b11", "-3" },
		{ "+0b11", "3" },
		{ "-0x1F", "-31" },
		{ "0b2", "\"0b2\"" },
		{ "0o8", "\"0o8\"" },
		{ "1_000", "1000" },
		{ "1__0", "10" },
		{ "1_", "1" },
		{ "_1", "\"_1\"" },
		{ "1e3", "1000" },
		{ "1e", "\"1e\"" },
		{ "1.5e3", "1500" },
		{ "+12", "12" },
		{ "+-1", "\"+-1\"" },
		{ "-1.", "-1" },
		{ ".5", "0.5" },
		{ "1.", "1" },
		{ "+.5", "0.5" },
		{ ".", "\".\"" },
		{ "..", "\"..\"" },
		{ ".5_0", "0.5" },
		{ ".5e1_0", "5000000000" },
		{ ".5_", "\".5_\"" },
		{ "._5", "\"._5\"" },
		{ ".5__0", "\".5__0\"" },
		{ "1_0.5", "10.5" },
		{ "1e400", "\"1e400\"" },
		{ "1e-400", "0" },
		{ "9007199254740993", "9007199254740993" },
		{ "9223372036854775808", "9223372036854775808" },
		{ "18446744073709551615", "18446744073709551615" },
		{ "18446744073709551616", "1.8446744073709552e+19" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "1.10", "1.1" },
		{ "-0", "0" },
		{ "0_0", "0" },
		{ "1 2", "\"1 2\"" },
		{ "yes no", "\"yes no\"" },
		{ "infinity", "\"infinity\"" },
		{ "nan", "\"nan\"" },
	};
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 16);
	for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct fault f;
		cJSON *v = yaml_scalar(pairs[i][0], strlen(pairs[i][0]), &f);

		buf_clear(&b);
		json_write(&b, v);
		tap_str(buf_str(&b), pairs[i][1], pairs[i][0]);
		cJSON_Delete(v);
	}
	buf_release(&b);
}

static void
bounds(void)
{
	struct yaml_docs docs;
	struct fault f = { 0 };
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	buf_adds(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (i = 1; i < 9; i++) {
		int j;

		buf_addf(&b, "a%d: &a%d [", i, i);
		for (j = 0; j < 10; j++)
			buf_addf(&b, "*a%d, ", i - 1);
		buf_adds(&b, "]\n");
	}
	tap_ok(yaml_read(b.data, b.len, &docs, &f) == -1 &&
		   f.code == FAULT_INPUT && strstr(f.msg, "1000000") != NULL,
	    "aliases that expand without bound are refused");
	yaml_docs_release(&docs);

	buf_clear(&b);
	for (i = 0; i < 300; i++)
		buf_addc(&b, '[');
	tap_ok(yaml_read(b.data, b.len, &docs, &f) == -1 &&
		   strstr(f.msg, "too deep") != NULL,
	    "depth is bounded");
	yaml_docs_release(&docs);

	buf_clear(&b);
	buf_adds(&b, "a0: &a0 1\n");
	for (i = 1; i < 300; i++)
		buf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	tap_ok(yaml_read(b.data, b.len, &docs, &f) == -1 &&
		   strstr(f.msg, "too deep") != NULL,
	    "depth is bounded through aliases");
	yaml_docs_release(&docs);

	buf_clear(&b);
	buf_adds(&b, "a: 1\nb: \"\\0\"\n");
	tap_ok(yaml_read(b.data, b.len, &docs, &f) == -1 &&
		   strncmp(f.msg, "line 2: ", 8) == 0,
	    "a zero byte is refused with its line");
	yaml_docs_release(&docs);
	buf_release(&b);
}

static void
lines(void)
{
	static const char text[] = "# c\n---\na: 1\n---\n# x\n\nb: 1\n";
	struct yaml_docs docs;
	struct fault f;

	tap_ok(yaml_read(text, strlen(text), &docs, &f) == 0 && docs.n == 2 &&
		   docs.v[0].line == 3 && docs.v[1].line == 7,
	    "documents know their line");
	yaml_docs_release(&docs);
}

int
main(void)
{
	scalars();
	reads("a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n",
	    "{\"a\":1}\n{\"b\":2}");
	reads("", "");
	reads("a: 1\nb: 2\na: 2\n",
	    "line 3: duplicate key \"a\", first on line 1");
	reads("true: 1\nyes: 2\n",
	    "line 2: duplicate key \"true\", first on line 1");
	reads("x: &x {a: 1, b: 2}\nz: {<<: *x, a: 4}\n",
	    "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"b\":2,\"a\":4}}");
	reads("x: &x {a: 1}\nz: {a: 3, <<: *x}\n",
	    "{\"x\":{\"a\":1},\"z\":{\"a\":1}}");
	reads("x: &x {a: 1}\nv: &v {a: 2, b: 2}\nz: {<<: [*x, *v], c: 1}\n",
	    "{\"x\":{\"a\":1},\"v\":{\"a\":2,\"b\":2},"
	    "\"z\":{\"b\":2,\"a\":1,\"c\":1}}");
	reads(
	    "<<: 3\n", "line 1: a merge takes a mapping or a list of mappings");
	reads("\"<<\": {b: 1}\n", "{\"<<\":{\"b\":1}}");
	reads("1: b\n1.5: c\n0x10: d\n1e3: e\n1e30: f\n2001-01-01: g\n.inf: h\n"
	      "-.inf: i\n0.1: j\n1e6: k\n",
	    "{\"1\":\"b\",\"1.5\":\"c\",\"16\":\"d\",\"1000\":\"e\","
	    "\"1e+30\":\"f\",\"2001-01-01\":\"g\",\".inf\":\"h\","
	    "\"-.inf\":\"i\",\"0.1\":\"j\",\"1e+06\":\"k\"}");
	/* float32: the shortest text of the nearest one */
	reads("88059306.: a\n3227630278993e-5: b\n1e300: c\n",
	    "{\"8.8059304e+07\":\"a\",\"3.2276302e+07\":\"b\",\".inf\":\"c\"}");
	reads("~: a\n", "line 1: a key is null");
	reads("{[a]: b}\n", "line 1: a key must be a scalar");
	reads("a: !!str 12\nb: !!int \"12\"\nc: !!float 1\nd: !!bool \"yes\"\n"
	      "e: !!null \"\"\nf: !!binary aGVsbG8=\ng: !foo 12\nh: !!str\n",
	    "{\"a\":\"12\",\"b\":12,\"c\":1,\"d\":true,\"e\":null,"
	    "\"f\":\"hello\",\"g\":\"12\",\"h\":\"\"}");
	reads("b: !!int abc\n", "line 1: cannot read !!str `abc` as !!int");
	reads("b: !!int 1.5\n", "line 1: cannot read !!float `1.5` as !!int");
	reads(
	    "a:\n  b: .inf\n", "line 2: .inf: a value that JSON does not have");
	reads("a: *nope\n", "line 1: unknown anchor *nope");
	reads("a: &a [*a]\n", "line 1: anchor &a contains itself");
	reads("a: &a x\n---\nb: *a\n", "line 3: unknown anchor *a");
	reads("&k a: 1\nb: *k\n", "{\"a\":1,\"b\":\"a\"}");
	reads("a: &x 1\n<<: {a: 2}\nb: *x\n", "{\"a\":2,\"b\":1}");
	reads("a: |\n  x\n  y\nb: >\n  x\n  y\n",
	    "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\"}");
	reads("a: 'yes'\nb: \"0644\"\n", "{\"a\":\"yes\",\"b\":\"0644\"}");
	reads("a: b: c\n",
	    "line 1: mapping values are not allowed in this context");
	reads("a:\n\t- b\n",
	    "line 2: found character that cannot start any token "
	    "(while scanning for the next token)");
	reads("a: \xff\n", "line 1: invalid leading UTF-8 octet");
	reads("{\"a\":1}\n{\"a\":2} {\"b\":\"\\ud83d\\ude00\"}",
	    "{\"a\":1}\n{\"a\":2}\n{\"b\":\"\xf0\x9f\x98\x80\"}");
	reads("{\"a\":1,\n\"b\":{\"c\":1,\n\"c\":\"x\"}}",
	    "line 3: duplicate key");
	reads("{\"a\":1}\n{\"a\":",
	    "line 2: the JSON value that starts here is malformed");
	reads("{\"a\":1,\n\"b\":\"x\\u0000y\"}",
	    "line 2: a string holds a zero byte");
	reads("{\"a\":\"\\\\u0000\"}", "{\"a\":\"\\\\u0000\"}");
	reads("{a: 0644, \"b\": yes}", "{\"a\":420,\"b\":true}");
	reads("{\"a\": 1}\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}");
	reads(
	    "{\"a\":\n1e400}", "line 1: number out of range at or behind key");
	lines();
	bounds();
	return tap_end();
}
