/* JSON over cJSON, and records: positions, escapes, numbers, order. */
#include "lib/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/record.h"
#include "unit/tap.h"

static void
round_trip(const char *in, const char *want)
{
	struct fault f = { 0 };
	struct buf b;
	cJSON *v = json_parse(in, strlen(in), &f);

	buf_init(&b, 1000);
	if (v != NULL)
		json_write(&b, v);
	tap_str(v != NULL ? buf_str(&b) : f.msg, want, in);
	cJSON_Delete(v);
	buf_release(&b);
}

static void
depth(void)
{
	struct fault f = { 0 };
	char s[2 * (JSON_DEPTH + 1) + 1];

	memset(s, '[', JSON_DEPTH + 1);
	memset(s + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
	tap_ok(json_parse(s, sizeof s - 1, &f) == NULL, "too deep is refused");
	tap_str(f.msg, "line 1 column 201: nested too deep", "with its place");
}

/* cJSON takes one for a blank, or for the end of a string. */
static void
zero_byte(void)
{
	static const char text[] = "{\"a\":\n\"b\0c\"}";
	struct fault f = { 0 };

	tap_ok(json_parse(text, sizeof text - 1, &f) == NULL,
	    "a zero byte is refused");
	tap_str(f.msg, "line 2 column 3: a zero byte", "with its place");
}

static void
members(void)
{
	static const char text[] = "{\"a\":{\"b\":\"c\"},\"n\":3}";
	cJSON *v = json_parse(text, sizeof text - 2, NULL);

	tap_ok(v == NULL, "a cut text is refused");
	v = json_parse(text, sizeof text - 1, NULL);
	tap_ok(v != NULL, "whole");
	tap_str(json_str(v, "a", "b", NULL), "c", "walks by name");
	tap_ok(json_str(v, "a", "x", NULL) == NULL, "missing is NULL");
	tap_ok(
	    json_num(v, "n", -1) == 3 && json_num(v, "a", -1) == -1, "number");
	tap_ok(json_set_str(v, "n", "x") == 0, "replaces");
	tap_str(json_str(v, "n", NULL), "x", "in place");
	tap_ok(json_sub(v, "a") != NULL && json_sub(v, "new") != NULL, "sub");
	cJSON_Delete(v);
}

/* cJSON's doubles end at 2^53. */
static void
integers(void)
{
	static const char text[] =
	    "{\"s\":\"\\\"9007199254740993\",\"a\":[1,-9223372036854775808],"
	    "\"n\":9007199254740993,\"m\":9007199254740992}";
	cJSON *v = json_parse(text, sizeof text - 1, NULL);
	cJSON *copy = cJSON_Duplicate(v, 1), *n = json_at(copy, "n", NULL);

	round_trip(text, text);
	round_trip("[1000000000000000000,18446744073709551617,1e3]",
	    "[1000000000000000000,18446744073709551617,1000]");
	tap_ok(json_equal(v, copy), "a copy has them too");
	tap_ok(!json_equal(n, json_at(copy, "m", NULL)),
	    "one more than 2^53 is not 2^53");
	tap_ok(json_set(copy, "n", json_integer(0, 9007199254740995)) == 0 &&
		   !json_equal(v, copy),
	    "nor is it three more");
	json_set(copy, "n", json_integer(0, 9007199254740993));
	tap_ok(json_equal(v, copy), "but itself");
	n = json_integer(1, 9223372036854775808ULL);
	tap_ok(json_equal(n, cJSON_GetArrayItem(json_at(v, "a", NULL), 1)),
	    "the lowest of all");
	cJSON_Delete(n);
	cJSON_Delete(copy);
	cJSON_Delete(v);
}

static void
equality(void)
{
	static const struct {
		const char *a, *b;
		int same;
	} pairs[] = {
		{ "{\"a\":1,\"b\":[true,null]}",
		    "{\"b\":[true,null],\"a\":1.0}", 1 },
		{ "[]", "[]", 1 },
		{ "\"x\"", "\"x\"", 1 },
		{ "{\"a\":1}", "{\"a\":1,\"b\":2}", 0 },
		{ "{\"a\":1}", "{\"A\":1}", 0 },
		{ "[1,2]", "[1]", 0 },
		{ "[1]", "[1,2]", 0 },
		{ "true", "false", 0 },
		{ "0", "\"0\"", 0 },
		{ "{}", "[]", 0 },
	};
	size_t i;
	cJSON *a, *b;

	for (i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		a = json_parse(pairs[i].a, strlen(pairs[i].a), NULL);
		b = json_parse(pairs[i].b, strlen(pairs[i].b), NULL);
		tap_ok(json_equal(a, b) == pairs[i].same, "%s, %s", pairs[i].a,
		    pairs[i].b);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
	tap_ok(!json_equal(NULL, NULL), "nothing equals nothing");
}

static void
records(void)
{
	struct record r;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	record_init(&r);
	record_begin(&r, "probe");
	record_str(&r, "name", "a \"b\"\n\x01\xff");
	record_ms(&r, "ms", 1.23456);
	record_ms(&r, "none", NAN);
	record_open(&r, "failures", '[');
	record_str(&r, NULL, "x");
	record_str(&r, NULL, NULL);
	record_close(&r, ']');
	record_int(&r, "bytes", 9007199254740993LL);
	record_bool(&r, "ok", 0);
	tap_ok(record_end(&r, out, NULL) == 0, "record written");
	fclose(out);
	tap_str(text,
	    "{\"type\":\"probe\",\"name\":\"a \\\"b\\\"\\n\\u0001\xef\xbf\xbd\","
	    "\"ms\":1.235,\"none\":null,\"failures\":[\"x\",null],"
	    "\"bytes\":9007199254740993,\"ok\":false}\n",
	    "as one line, members in order");
	free(text);
	record_release(&r);
}

static void
items(void)
{
	static const char text[] = "[{\"type\":\"A\"},{\"n\":1},3,"
				   "{\"type\":\"B\",\"n\":2},"
				   "{\"type\":\"B\",\"n\":3}]";
	cJSON *v = json_parse(text, sizeof text - 1, NULL);

	tap_ok(json_num(json_find(v, "type", "B"), "n", 0) == 2,
	    "the first item with that member");
	tap_ok(json_find(v, "type", "b") == NULL, "no such item");
	tap_ok(json_find(NULL, "type", "B") == NULL, "no list");
	tap_ok(json_is(cJSON_GetArrayItem(v, 0), "type", "A"), "a string is");
	tap_ok(!json_is(cJSON_GetArrayItem(v, 1), "n", "1"),
	    "a number is no string");
	tap_ok(!json_is(NULL, "type", "A"), "nothing is nothing");
	cJSON_Delete(v);
}

int
main(void)
{
	round_trip("{\"a\": [1, -2.5, true, null, \"\\u00e9\\n\"]}",
	    "{\"a\":[1,-2.5,true,null,\"\xc3\xa9\\n\"]}");
	round_trip("0.1", "0.1");
	round_trip("1e100", "1e+100");
	round_trip("123456789012", "123456789012");
	round_trip("{\"a\":1} x", "line 1 column 9: more behind the value");
	round_trip("{\n  \"a\": nope}", "line 2 column 8: malformed JSON");
	round_trip("", "line 1 column 1: no value");
	depth();
	zero_byte();
	members();
	items();
	integers();
	equality();
	records();
	return tap_end();
}
