/*
 * The scanner's values as text and numbers: see scan.h.  Escapes are undone
 * only where somebody asks for the text, which few readers of a record do.
 */
#include "scan_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scan.h"

/* Four hexadecimal digits at p, or -1. */
static long
hex4(const char *p, const char *end)
{
	long v = 0;
	int i;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		int c = (unsigned char)p[i], lower = c | 0x20;

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			v = v * 16 + (lower - 'a' + 10);
		else
			return -1;
	}
	return v;
}

size_t
scan_escape(const char *p, const char *end, long *cp)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *hit;
	long low;

	if (p == end || *p == '\0')
		return 0;
	hit = strchr(from, *p);
	if (hit != NULL) {
		*cp = to[hit - from];
		return 1;
	}
	if (*p != 'u' || (*cp = hex4(p + 1, end)) == -1)
		return 0;
	if (*cp < 0xd800 || *cp > 0xdfff)
		return 5;
	if (*cp > 0xdbff || end - p < 11 || p[5] != '\\' || p[6] != 'u')
		return 0;
	low = hex4(p + 7, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
	return 11;
}

/* cp as UTF-8 in out: its bytes. */
static size_t
encode(long cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | (cp >> 6));
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | (cp >> 12));
		out[1] = (char)(0x80 | ((cp >> 6) & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (cp >> 18));
	out[1] = (char)(0x80 | ((cp >> 12) & 0x3f));
	out[2] = (char)(0x80 | ((cp >> 6) & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

int
scan_same(const char *p, size_t len, const char *want, size_t want_len)
{
	const char *end = p + len, *want_end = want + want_len;
	char out[4];
	size_t n;
	long cp;

	if (memchr(p, '\\', len) == NULL)
		return len == want_len && memcmp(p, want, len) == 0;
	while (p < end) {
		if (*p != '\\') {
			out[0] = *p++;
			n = 1;
		} else {
			size_t taken = scan_escape(p + 1, end, &cp);

			if (taken == 0)
				return 0;
			n = encode(cp, out);
			p += taken + 1;
		}
		if ((size_t)(want_end - want) < n || memcmp(want, out, n) != 0)
			return 0;
		want += n;
	}
	return want == want_end;
}

int
scan_has_zero(const char *s, size_t len)
{
	const char *p = s, *end = s + len;
	size_t slashes;

	while ((p = memmem(p, (size_t)(end - p), "\\u0000", 6)) != NULL) {
		/* after an odd number of others it is quoted itself */
		for (slashes = 0; p - slashes > s; slashes++)
			if (*(p - slashes - 1) != '\\')
				break;
		if (slashes % 2 == 0)
			return 1;
		p += 6;
	}
	return 0;
}

int
scan_text(const struct scan_value *v, struct buf *b, struct fault *f)
{
	const char *p = v->at, *end = v->at + v->len, *run;
	char out[4];
	size_t n;
	long cp;

	if (v->kind != SCAN_STRING) {
		buf_add(b, p, v->len);
		return buf_check(b, "value", f);
	}
	for (p++, end--; p < end; p += n + 1) {
		run = memchr(p, '\\', (size_t)(end - p));
		if (run == NULL)
			run = end;
		buf_add(b, p, (size_t)(run - p));
		p = run;
		if (p == end)
			break;
		n = scan_escape(p + 1, end, &cp);
		if (n == 0)
			return fault_set(f, FAULT_INPUT, "bad escape");
		buf_add(b, out, encode(cp, out));
	}
	return buf_check(b, "value", f);
}

/*
 * Up to 15 digits and a power of ten up to 22 are exact in a double, and so
 * is their product or quotient (Clinger); all else is strtod's work.
 */
int
scan_double(const struct scan_value *v, double *out)
{
	static const double ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
		1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	const char *p = v->at, *end = v->at + v->len;
	int digits = 0, scale = 0;
	uint64_t m = 0;

	if (v->kind != SCAN_NUMBER)
		return -1;
	if (*p == '-')
		p++;
	for (; digit(p, end) && digits < 16; p++, digits++)
		m = m * 10 + (uint64_t)(*p - '0');
	if (p < end && *p == '.')
		for (p++; digit(p, end) && digits < 16; p++, digits++, scale++)
			m = m * 10 + (uint64_t)(*p - '0');
	if (p == end && digits <= 15)
		*out = (*v->at == '-' ? -(double)m : (double)m) / ten[scale];
	else
		/* a brace or a comma behind it stops strtod */
		*out = strtod(v->at, NULL);
	return 0;
}

int
scan_is(const struct scan_value *v, const char *s)
{
	return v->kind == SCAN_STRING &&
	       scan_same(v->at + 1, v->len - 2, s, strlen(s));
}
