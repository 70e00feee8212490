/*
 * pg-seed without a database: values as PostgreSQL reads them, and the order
 * of tables.
 */
#include "pg-seed/order.h"
#include "pg-seed/rows.h"
#include "tap.h"

static void
value(enum column_kind kind, const char *json, const char *want)
{
	struct scan_value v;
	struct buf out, scratch;
	struct fault f;

	buf_init(&out, 1000);
	buf_init(&scratch, 1000);
	tap_ok(scan_value(json, strlen(json), &v, &f) == 0 &&
		   rows_value(&out, &v, kind, &scratch, &f) == 0,
	    "%s", json);
	tap_str(buf_str(&out), want, "as PostgreSQL reads it");
	buf_release(&out);
	buf_release(&scratch);
}

static void
values(void)
{
	value(COLUMN_TEXT, "\"a\\n\\u00e4\"", "a\n\xc3\xa4");
	value(COLUMN_TEXT, "9007199254740993", "9007199254740993");
	value(COLUMN_TEXT, "12345678901234567890.123456789012345678900",
	    "12345678901234567890.123456789012345678900");
	value(COLUMN_TEXT, "true", "true");
	value(COLUMN_TEXT, "{\"a\": [1]}", "{\"a\": [1]}");
	value(COLUMN_JSON, "\"a\\n\"", "\"a\\n\"");
	value(COLUMN_JSON, "[1,{\"b\":null}]", "[1,{\"b\":null}]");
	value(COLUMN_ARRAY, "[]", "{}");
	value(COLUMN_ARRAY, "[1, 2.50,-3]", "{1,2.50,-3}");
	value(COLUMN_ARRAY, "[\"a\",\"b c\",\"\",null,\"null\"]",
	    "{\"a\",\"b c\",\"\",NULL,\"null\"}");
	value(COLUMN_ARRAY, "[\"q\\\"\\\\ä{,}\"]", "{\"q\\\"\\\\ä{,}\"}");
	value(COLUMN_ARRAY, "[true,false]", "{true,false}");
	value(COLUMN_ARRAY, "[[1,2],[3,null]]", "{{1,2},{3,NULL}}");
	value(COLUMN_ARRAY, "[{\"a\":\"]\"}]", "{\"{\\\"a\\\":\\\"]\\\"}\"}");
	value(COLUMN_ARRAY, "\"{1,2}\"", "{1,2}");
	value(COLUMN_JSON_ARRAY, "[{\"a\":[1,\"}\"]}, [2], \"x\", null]",
	    "{\"{\\\"a\\\":[1,\\\"}\\\"]}\",\"[2]\",\"\\\"x\\\"\",NULL}");
}

static void
ordered(const char *name, size_t n, const struct reference *refs, size_t n_refs,
    int rc, const char *want)
{
	size_t out[8], done, i;
	char got[32] = "";

	tap_ok(order_tables(n, refs, n_refs, out, &done) == rc, "%s", name);
	for (i = 0; i < done; i++)
		snprintf(got + i, sizeof got - i, "%zu", out[i]);
	tap_str(got, want, want);
}

int
main(void)
{
	static const struct reference chain[] = { { 0, 1, 0 }, { 1, 2, 0 } };
	static const struct reference self[] = { { 0, 0, 0 }, { 0, 1, 0 } };
	static const struct reference ring[] = { { 0, 1, 0 }, { 1, 0, 0 } };
	static const struct reference soft[] = { { 0, 1, 1 }, { 1, 0, 0 } };
	static const struct reference fan[] = { { 3, 0, 0 }, { 3, 1, 0 },
		{ 1, 2, 0 }, { 1, 2, 0 } };

	values();
	ordered("none", 3, NULL, 0, 0, "012");
	ordered("a chain", 3, chain, 2, 0, "210");
	ordered("one that refers to itself", 2, self, 2, 0, "10");
	ordered("a ring", 3, ring, 2, -1, "2");
	ordered("a ring that can be deferred", 3, soft, 2, 0, "201");
	ordered("several", 4, fan, 4, 0, "0213");
	return tap_end();
}
