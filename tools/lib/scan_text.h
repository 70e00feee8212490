/*
 * What the rooms of the scanner share: characters and escapes.
 */
#ifndef SCAN_TEXT_H
#define SCAN_TEXT_H

#include <stddef.h>

static inline int
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && blank(*p))
		p++;
	return p;
}

static inline int
digit(const char *p, const char *end)
{
	return p < end && (unsigned)(*p - '0') < 10;
}

/*
 * Reads the escape at p (behind its backslash): its code point in *cp and
 * the bytes it takes; 0 when it is none, or half a surrogate pair.
 */
size_t scan_escape(const char *p, const char *end, long *cp);

/* 1 when a string's inside (len bytes), escapes undone, equals want. */
int scan_same(const char *p, size_t len, const char *want, size_t want_len);

#endif
