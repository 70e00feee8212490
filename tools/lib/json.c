/*
 * JSON values over cJSON: see json.h.  Parsing is cJSON's; what is added is
 * where an error is, a bound on depth, and a printer that appends to a
 * bounded buffer without a copy in between.
 */
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
fault_at(const char *s, const char *end, const char *what, struct fault *f)
{
	size_t line = 1, column = 1;

	for (; s < end; s++) {
		column++;
		if (*s == '\n') {
			line++;
			column = 1;
		}
	}
	return fault_set(
	    f, FAULT_INPUT, "line %zu column %zu: %s", line, column, what);
}

/* cJSON bounds depth at 1,000 when parsing; our own walkers recurse too. */
static const char *
too_deep(const char *s, size_t len)
{
	size_t i, depth = 0;
	int quoted = 0;

	for (i = 0; i < len; i++) {
		if (quoted) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				quoted = 0;
		} else if (s[i] == '"')
			quoted = 1;
		else if (s[i] == '{' || s[i] == '[') {
			if (++depth > JSON_DEPTH)
				return s + i;
		} else if ((s[i] == '}' || s[i] == ']') && depth > 0)
			depth--;
	}
	return NULL;
}

#define EXACT_DIGITS 15 /* as many a double always keeps */

/* The number tokens of a text, one after the other. */
struct tokens {
	const char *s, *end;
	int failed;
};

/* The next one: its length, or 0 at the end; t->s is behind it then. */
static size_t
next_number(struct tokens *t, const char **at)
{
	int quoted = 0;
	size_t n;

	for (; t->s < t->end; t->s++) {
		if (quoted) {
			if (*t->s == '\\')
				t->s++;
			else if (*t->s == '"')
				quoted = 0;
		} else if (*t->s == '"')
			quoted = 1;
		else if (*t->s == '-' || (*t->s >= '0' && *t->s <= '9')) {
			*at = t->s;
			for (n = 1; *at + n < t->end &&
				    strchr("+-.eE0123456789", (*at)[n]) != NULL;
			     n++)
				;
			t->s += n;
			return n;
		}
	}
	return 0;
}

/* An integer that its double does not print as is. */
static int
loses_digits(const char *s, size_t n, double d)
{
	char text[400];
	size_t i;

	if (n <= EXACT_DIGITS)
		return 0;
	for (i = *s == '-'; i < n; i++)
		if (s[i] < '0' || s[i] > '9')
			return 0;
	return !isfinite(d) ||
	       snprintf(text, sizeof text, "%.0f", d) != (int)n ||
	       memcmp(text, s, n) != 0;
}

/*
 * cJSON reads numbers as doubles.  An integer that is none keeps its text as
 * well, in valuestring, which cJSON copies and frees with the item: printed
 * and compared is the text.  -1 without memory.
 */
static int
keep_text(cJSON *v, const char *s, size_t n)
{
	if (!loses_digits(s, n, v->valuedouble))
		return 0;
	v->valuestring = cJSON_malloc(n + 1);
	if (v->valuestring == NULL)
		return -1;
	memcpy(v->valuestring, s, n);
	v->valuestring[n] = '\0';
	return 0;
}

static void
keep_digits(cJSON *v, struct tokens *t)
{
	const char *s;
	cJSON *m;
	size_t n;

	if (cJSON_IsNumber(v)) {
		n = next_number(t, &s);
		t->failed |= n > 0 && keep_text(v, s, n) != 0;
		return;
	}
	cJSON_ArrayForEach(m, v)
		keep_digits(m, t);
}

/* Nearly all documents have no such run: one look and they are done. */
static int
has_long_number(const char *s, size_t len)
{
	size_t i, run = 0;

	for (i = 0; i < len; i++) {
		run = s[i] >= '0' && s[i] <= '9' ? run + 1 : 0;
		if (run > EXACT_DIGITS)
			return 1;
	}
	return 0;
}

cJSON *
json_integer(int negative, unsigned long long magnitude)
{
	int minus = negative && magnitude != 0; /* there is no -0 */
	double d = (double)magnitude;
	cJSON *v = cJSON_CreateNumber(minus ? -d : d);
	char text[24];
	int n =
	    snprintf(text, sizeof text, "%s%llu", minus ? "-" : "", magnitude);

	if (v != NULL && keep_text(v, text, (size_t)n) == 0)
		return v;
	cJSON_Delete(v);
	return NULL;
}

cJSON *
json_parse(const char *s, size_t len, struct fault *f)
{
	struct tokens numbers = { s, s + len, 0 };
	const char *end = NULL, *bad = too_deep(s, len);
	cJSON *v;

	/* a zero byte: to cJSON a blank, or the end of a string */
	if (bad == NULL && len > 0)
		bad = memchr(s, '\0', len);
	if (bad != NULL) {
		fault_at(s, bad, *bad ? "nested too deep" : "a zero byte", f);
		return NULL;
	}
	/* cJSON does not tell what is malformed from what found no memory */
	errno = 0;
	v = cJSON_ParseWithLengthOpts(s, len, &end, 0);
	if (v == NULL) {
		if (end == NULL || end > s + len)
			end = s + len;
		fault_at(s, end, len == 0 ? "no value" : "malformed JSON", f);
		if (errno == ENOMEM)
			fault_nomem(f);
		return NULL;
	}
	for (; end < s + len; end++)
		if (strchr(" \t\r\n", *end) == NULL || *end == '\0') {
			fault_at(s, end, "more behind the value", f);
			cJSON_Delete(v);
			return NULL;
		}
	if (has_long_number(s, len))
		keep_digits(v, &numbers);
	if (numbers.failed) {
		cJSON_Delete(v);
		fault_nomem(f);
		return NULL;
	}
	return v;
}

/* Bytes of the valid UTF-8 sequence at s, or 0 (RFC 3629, table 3-7). */
static size_t
utf8_len(const unsigned char *s, size_t n)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void
write_escape(struct buf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *p = c != '\0' ? strchr(from, c) : NULL;

	if (p != NULL)
		buf_addf(b, "\\%c", to[p - from]);
	else
		buf_addf(b, "\\u%04x", c);
}

int
json_write_string(struct buf *b, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, from = 0, len;

	buf_addc(b, '"');
	while (i < n) {
		if (p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' &&
		    p[i] != '\\') {
			i++;
			continue;
		}
		len = p[i] < 0x80 ? 0 : utf8_len(p + i, n - i);
		if (len > 0) {
			i += len;
			continue;
		}
		buf_add(b, s + from, i - from);
		if (p[i] < 0x80)
			write_escape(b, p[i]);
		else
			buf_adds(b, "\xef\xbf\xbd");
		from = ++i;
	}
	buf_add(b, s + from, n - from);
	return buf_addc(b, '"');
}

static void
write_number(struct buf *b, double d)
{
	if (!isfinite(d))
		buf_adds(b, "null");
	else if (d == floor(d) && fabs(d) < 1e19)
		buf_addf(b, "%.0f", d);
	else {
		char s[32];

		snprintf(s, sizeof s, "%.15g", d);
		if (strtod(s, NULL) != d)
			snprintf(s, sizeof s, "%.17g", d);
		buf_adds(b, s);
	}
}

static void
write_members(struct buf *b, const cJSON *v)
{
	const cJSON *m;

	buf_addc(b, cJSON_IsObject(v) ? '{' : '[');
	cJSON_ArrayForEach(m, v) {
		if (m != v->child)
			buf_addc(b, ',');
		if (cJSON_IsObject(v)) {
			json_write_string(b, m->string, strlen(m->string));
			buf_addc(b, ':');
		}
		json_write(b, m);
	}
	buf_addc(b, cJSON_IsObject(v) ? '}' : ']');
}

int
json_write(struct buf *b, const cJSON *v)
{
	if (v == NULL || cJSON_IsNull(v))
		buf_adds(b, "null");
	else if (cJSON_IsBool(v))
		buf_adds(b, cJSON_IsTrue(v) ? "true" : "false");
	else if (cJSON_IsNumber(v) && v->valuestring != NULL)
		buf_adds(b, v->valuestring);
	else if (cJSON_IsNumber(v))
		write_number(b, v->valuedouble);
	else if (cJSON_IsString(v))
		json_write_string(b, v->valuestring, strlen(v->valuestring));
	else if (cJSON_IsRaw(v))
		buf_adds(b, v->valuestring);
	else
		write_members(b, v);
	return b->failed ? -1 : 0;
}

static cJSON *
walk(const cJSON *v, va_list ap)
{
	const char *key;

	while (v != NULL && (key = va_arg(ap, const char *)) != NULL)
		v = cJSON_GetObjectItemCaseSensitive(v, key);
	return (cJSON *)v;
}

cJSON *
json_at(const cJSON *v, ...)
{
	va_list ap;
	cJSON *at;

	va_start(ap, v);
	at = walk(v, ap);
	va_end(ap);
	return at;
}

const char *
json_str(const cJSON *v, ...)
{
	va_list ap;
	cJSON *at;

	va_start(ap, v);
	at = walk(v, ap);
	va_end(ap);
	return cJSON_GetStringValue(at);
}

double
json_num(const cJSON *v, const char *key, double otherwise)
{
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(v, key);

	return cJSON_IsNumber(at) ? at->valuedouble : otherwise;
}

int
json_bool(const cJSON *v, const char *key, int otherwise)
{
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(v, key);

	return cJSON_IsBool(at) ? cJSON_IsTrue(at) : otherwise;
}

int
json_is(const cJSON *v, const char *key, const char *want)
{
	const char *s =
	    cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(v, key));

	return s != NULL && strcmp(s, want) == 0;
}

cJSON *
json_find(const cJSON *list, const char *key, const char *want)
{
	cJSON *item;

	cJSON_ArrayForEach(item, list)
		if (json_is(item, key, want))
			return item;
	return NULL;
}

static int
same_number(const cJSON *a, const cJSON *b)
{
	if (a->valuestring != NULL && b->valuestring != NULL)
		return strcmp(a->valuestring, b->valuestring) == 0;
	return a->valuestring == NULL && b->valuestring == NULL &&
	       a->valuedouble == b->valuedouble;
}

/* The same members: as many, and each in the other. */
static int
same_members(const cJSON *a, const cJSON *b)
{
	const cJSON *m, *other;
	int n = 0;

	cJSON_ArrayForEach(m, a) {
		other = cJSON_GetObjectItemCaseSensitive(b, m->string);
		if (other == NULL || !json_equal(m, other))
			return 0;
		n++;
	}
	return n == cJSON_GetArraySize(b);
}

int
json_equal(const cJSON *a, const cJSON *b)
{
	const cJSON *m, *other;

	if (a == NULL || b == NULL || (a->type & 0xff) != (b->type & 0xff))
		return 0;
	if (cJSON_IsNumber(a))
		return same_number(a, b);
	if (cJSON_IsString(a) || cJSON_IsRaw(a))
		return strcmp(a->valuestring, b->valuestring) == 0;
	if (cJSON_IsObject(a))
		return same_members(a, b);
	if (!cJSON_IsArray(a))
		return 1;
	for (m = a->child, other = b->child; m != NULL && other != NULL;
	     m = m->next, other = other->next)
		if (!json_equal(m, other))
			return 0;
	return m == NULL && other == NULL;
}

int
json_set(cJSON *object, const char *key, cJSON *item)
{
	if (item == NULL)
		return -1;
	if (cJSON_HasObjectItem(object, key) &&
	    cJSON_GetObjectItemCaseSensitive(object, key) != NULL) {
		if (cJSON_ReplaceItemInObjectCaseSensitive(object, key, item))
			return 0;
	} else if (cJSON_AddItemToObject(object, key, item))
		return 0;
	cJSON_Delete(item);
	return -1;
}

int
json_append(cJSON *list, cJSON *item)
{
	if (item != NULL && cJSON_AddItemToArray(list, item))
		return 0;
	cJSON_Delete(item);
	return -1;
}

int
json_set_str(cJSON *object, const char *key, const char *value)
{
	return json_set(object, key, cJSON_CreateString(value));
}

int
json_set_num(cJSON *object, const char *key, double value)
{
	return json_set(object, key, cJSON_CreateNumber(value));
}

int
json_set_bool(cJSON *object, const char *key, int value)
{
	return json_set(object, key, cJSON_CreateBool(value));
}

cJSON *
json_sub(cJSON *object, const char *key)
{
	cJSON *at = cJSON_GetObjectItemCaseSensitive(object, key);

	if (cJSON_IsObject(at))
		return at;
	if (json_set(object, key, cJSON_CreateObject()) != 0)
		return NULL;
	return cJSON_GetObjectItemCaseSensitive(object, key);
}
