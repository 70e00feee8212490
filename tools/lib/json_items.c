/*
 * Takes a list apart by its text: see json_items.h.  What is skipped here is
 * looked at for quotes and brackets alone; json_parse, which gets each piece,
 * has the last word on whether it is JSON.
 */
#include "json_items.h"

#include <string.h>

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && memchr(" \t\r\n", *p, 4) != NULL)
		p++;
	return p;
}

/* Behind the string that begins at p; NULL when it does not end. */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* Behind the value that begins at p; NULL when it does not end. */
static const char *
skip_value(const char *p, const char *end)
{
	unsigned depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			if (p == NULL || depth == 0)
				return p;
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return p;
			if (--depth == 0)
				return p + 1;
			break;
		case ',':
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			if (depth == 0)
				return p;
		}
		p++;
	}
	return NULL;
}

/* The value of the outermost member "items", or NULL. */
static const char *
find_items(const char *p, const char *end)
{
	const char *key;

	p = skip_blanks(p, end);
	if (p == end || *p++ != '{')
		return NULL;
	for (;;) {
		key = skip_blanks(p, end);
		if (key == end || *key != '"' ||
		    (p = skip_string(key, end)) == NULL)
			return NULL;
		key++;
		p = skip_blanks(p, end);
		if (p == end || *p++ != ':')
			return NULL;
		p = skip_blanks(p, end);
		if (end - key > 6 && memcmp(key, "items\"", 6) == 0)
			return p;
		if ((p = skip_value(p, end)) == NULL)
			return NULL;
		p = skip_blanks(p, end);
		if (p == end || *p++ != ',')
			return NULL;
	}
}

cJSON *
json_parse_list(
    const char *s, size_t len, struct json_items *items, struct fault *f)
{
	const char *from = find_items(s, s + len), *to = NULL;
	struct buf rest;
	cJSON *v;

	memset(items, 0, sizeof(*items));
	if (from != NULL && from < s + len && *from == '[')
		to = skip_value(from, s + len);
	if (to == NULL) /* none, or malformed, as json_parse will tell */
		return json_parse(s, len, f);
	buf_init(&rest, len + 1);
	buf_add(&rest, s, (size_t)(from - s) + 1);
	buf_add(&rest, to - 1, (size_t)(s + len - to) + 1);
	v = buf_check(&rest, "list", f) == 0 ?
		json_parse(buf_str(&rest), rest.len, f) :
		NULL;
	buf_release(&rest);
	if (v != NULL) {
		items->p = skip_blanks(from + 1, to - 1);
		items->end = to - 1;
	}
	return v;
}

cJSON *
json_items_next(struct json_items *items, struct fault *f)
{
	const char *p = items->p, *end = items->end, *to;
	cJSON *v;

	if (p == end)
		return NULL;
	to = skip_value(p, end);
	if (to == NULL)
		to = end; /* a number, the last one */
	v = json_parse(p, (size_t)(to - p), f);
	p = skip_blanks(to, end);
	if (v != NULL && p < end) {
		const char *comma = p;

		p = skip_blanks(p + 1, end);
		if (*comma != ',' || p == end) {
			fault_set(f, FAULT_INPUT, "list: a comma is misplaced");
			cJSON_Delete(v);
			v = NULL;
		}
	}
	items->p = v != NULL ? p : end;
	return v;
}
