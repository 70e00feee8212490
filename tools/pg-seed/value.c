/*
 * One JSON value as PostgreSQL reads it: see rows_value in rows.h.  Numbers
 * go over as they are written, so that they keep every digit.
 */
#include <string.h>

#include "lib/buf.h"
#include "rows.h"

/* Behind the string at p (which starts with its quote). */
static const char *
string_end(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

/* Behind the object or array at p. */
static const char *
nest_end(const char *p)
{
	int depth = 0;

	for (;; p++) {
		if (*p == '"')
			p = string_end(p) - 1;
		else if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
	}
}

/* Text as an element of an array literal. */
static void
add_quoted(struct buf *out, const char *p, size_t n)
{
	size_t i;

	buf_addc(out, '"');
	for (i = 0; i < n; i++) {
		if (p[i] == '"' || p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, p[i]);
	}
	buf_addc(out, '"');
}

/* An element that is no array; *p moves behind it. */
static int
add_element(struct buf *out, const char **p, const char *end, int json,
    struct buf *scratch, struct fault *f)
{
	const char *from = *p;
	struct scan_value v = { .kind = SCAN_STRING, .at = from };

	if (*from == '"')
		*p = string_end(from);
	else if (*from == '{' || *from == '[')
		*p = nest_end(from);
	else
		while (*p < end && strchr(",] \t\r\n", **p) == NULL)
			++*p;
	v.len = (size_t)(*p - from);
	if (v.len == 4 && memcmp(from, "null", 4) == 0)
		return buf_adds(out, "NULL");
	if (*from == '"' && !json) {
		buf_clear(scratch);
		if (scan_text(&v, scratch, f) != 0)
			return -1;
		add_quoted(out, buf_str(scratch), scratch->len);
	} else if (json || *from == '{')
		add_quoted(out, from, v.len);
	else
		buf_add(out, from, v.len);
	return 0;
}

/* A JSON array as {...}; of json, only the outer one is an array. */
static int
add_array(struct buf *out, const struct scan_value *v, int json,
    struct buf *scratch, struct fault *f)
{
	const char *p = v->at, *end = v->at + v->len;
	int depth = 0;

	while (p < end) {
		switch (*p) {
		case '[':
			if (json && depth == 1)
				break;
			depth++;
			buf_addc(out, '{');
			p++;
			continue;
		case ']':
			depth--;
			buf_addc(out, '}');
			p++;
			continue;
		case ',':
			buf_addc(out, ',');
			p++;
			continue;
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			p++;
			continue;
		default:
			break;
		}
		if (add_element(out, &p, end, json, scratch, f) != 0)
			return -1;
	}
	return buf_check(out, "array", f);
}

int
rows_value(struct buf *out, const struct scan_value *v, enum column_kind kind,
    struct buf *scratch, struct fault *f)
{
	if (v->kind == SCAN_ARRAY &&
	    (kind == COLUMN_ARRAY || kind == COLUMN_JSON_ARRAY))
		return add_array(out, v, kind == COLUMN_JSON_ARRAY, scratch, f);
	if (kind == COLUMN_JSON)
		buf_add(out, v->at, v->len);
	else
		/* for a string its text, for all else what is written */
		scan_text(v, out, f);
	return buf_check(out, "value", f);
}
