/*
 * One line of JSON: see scan.h.  It is checked whole in one pass that
 * allocates nothing; what is found are slices of it.  Strings, where nearly
 * all bytes of a record are, go 16 at a time where the machine can, and never
 * a byte past the line's end.  A member that occurs twice counts with its last
 * value, as in jq.
 */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "json.h"
#include "scan.h"
#include "scan_text.h"

/* A line under examination, and why it was given up. */
struct walk {
	const char *start, *end;
	const char *at;
	const char *why;
	int escaped; /* the string last read has escapes */
};

static const char *
value(struct walk *w, const char *p, enum scan_kind *kind, unsigned depth);

static const char *
wrong(struct walk *w, const char *at, const char *why)
{
	w->at = at;
	w->why = why;
	return NULL;
}

static int
walk_fault(const struct walk *w, struct fault *f)
{
	return fault_set(f, FAULT_INPUT, "column %zu: %s",
	    (size_t)(w->at - w->start) + 1, w->why);
}

/* Stops at a quote, a backslash, a control or a non-ASCII byte, or at end. */
static inline const char *
plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i slash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit =
		    _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote),
				     _mm_cmpeq_epi8(v, slash)),
			_mm_cmplt_epi8(v, space)); /* signed: also >= 0x80 */
		int mask = _mm_movemask_epi8(hit);

		if (mask != 0)
			return p + __builtin_ctz((unsigned)mask);
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && (signed char)*p >= ' ')
		p++;
	return p;
}

/* Bytes of the well-formed UTF-8 sequence at p, or 0 (RFC 3629). */
static size_t
utf8(const char *at, const char *end)
{
	const unsigned char *p = (const unsigned char *)at;
	size_t i, n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] < 0xc2 || p[0] > 0xf4 || (size_t)(end - at) < n)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* From behind the opening quote to behind the closing one. */
static const char *
string(struct walk *w, const char *p)
{
	size_t n;
	long cp;

	for (;;) {
		p = plain(p, w->end);
		if (p == w->end)
			return wrong(w, p, "a string without its end");
		if (*p == '"')
			return p + 1;
		if (*p == '\\') {
			n = scan_escape(p + 1, w->end, &cp);
			if (n == 0)
				return wrong(w, p,
				    p + 1 < w->end && p[1] == 'u' ?
					"a bad \\u escape or half a surrogate pair" :
					"an unknown escape");
			p += n + 1;
			w->escaped = 1;
		} else if ((unsigned char)*p < ' ')
			return wrong(w, p, "a control character in a string");
		else {
			n = utf8(p, w->end);
			if (n == 0)
				return wrong(w, p, "not UTF-8");
			p += n;
		}
	}
}

static const char *
number(struct walk *w, const char *p)
{
	const char *end = w->end;

	if (*p == '-')
		p++;
	if (!digit(p, end))
		return wrong(w, p, "a number without digits");
	if (*p == '0') {
		if (digit(++p, end))
			return wrong(w, p, "a number with a leading zero");
	} else
		while (digit(p, end))
			p++;
	if (p < end && *p == '.') {
		if (!digit(++p, end))
			return wrong(w, p, "no digits behind the point");
		while (digit(p, end))
			p++;
	}
	if (p < end && (*p | 0x20) == 'e') {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (!digit(p, end))
			return wrong(w, p, "no digits in the exponent");
		while (digit(p, end))
			p++;
	}
	return p;
}

static const char *
literal(struct walk *w, const char *p, const char *word, size_t n)
{
	if ((size_t)(w->end - p) < n || memcmp(p, word, n) != 0)
		return wrong(w, p, "not a value");
	return p + n;
}

/* A member's key and colon: to its value, with the key in m. */
static inline const char *
key(struct walk *w, const char *p, struct scan_member *m)
{
	const char *end = w->end;

	if (p == end || *p != '"')
		return wrong(w, p, "expected a member's name");
	m->key = p + 1;
	w->escaped = 0;
	p = string(w, p + 1);
	if (p == NULL)
		return NULL;
	m->key_len = (size_t)(p - m->key) - 1;
	p = skip_blanks(p, end);
	if (p == end || *p != ':')
		return wrong(w, p, "expected a colon");
	return skip_blanks(p + 1, end);
}

/*
 * Behind a value: to the next one (*again is 1 then) or behind close.
 */
static inline const char *
after(struct walk *w, const char *p, char close, int *again)
{
	p = skip_blanks(p, w->end);
	if (p < w->end && *p == ',') {
		*again = 1;
		return skip_blanks(p + 1, w->end);
	}
	*again = 0;
	if (p < w->end && *p == close)
		return p + 1;
	return wrong(w, p,
	    close == '}' ? "expected a comma or }" : "expected a comma or ]");
}

/* Behind an opening bracket: 1 when close follows at once, *p moved. */
static inline int
empty(const struct walk *w, const char **p, char close)
{
	*p = skip_blanks(*p, w->end);
	if (*p == w->end || **p != close)
		return 0;
	++*p;
	return 1;
}

static const char *
object(struct walk *w, const char *p, unsigned depth)
{
	struct scan_member m;
	int again;

	if (empty(w, &p, '}'))
		return p;
	do {
		p = key(w, p, &m);
		if (p != NULL)
			p = value(w, p, &m.value.kind, depth);
		if (p != NULL)
			p = after(w, p, '}', &again);
	} while (p != NULL && again);
	return p;
}

static const char *
array(struct walk *w, const char *p, unsigned depth)
{
	enum scan_kind kind;
	int again;

	if (empty(w, &p, ']'))
		return p;
	do {
		p = value(w, p, &kind, depth);
		if (p != NULL)
			p = after(w, p, ']', &again);
	} while (p != NULL && again);
	return p;
}

/* Any value at p: behind it, with its kind. */
static const char *
value(struct walk *w, const char *p, enum scan_kind *kind, unsigned depth)
{
	if (p == w->end)
		return wrong(w, p, "a value is missing");
	switch (*p) {
	case '"':
		*kind = SCAN_STRING;
		return string(w, p + 1);
	case '{':
	case '[':
		if (depth >= JSON_DEPTH)
			return wrong(w, p, "nested too deep");
		*kind = *p == '{' ? SCAN_OBJECT : SCAN_ARRAY;
		return *p == '{' ? object(w, p + 1, depth + 1) :
				   array(w, p + 1, depth + 1);
	case 't':
		*kind = SCAN_TRUE;
		return literal(w, p, "true", 4);
	case 'f':
		*kind = SCAN_FALSE;
		return literal(w, p, "false", 5);
	case 'n':
		*kind = SCAN_NULL;
		return literal(w, p, "null", 4);
	default:
		if (*p != '-' && !digit(p, w->end))
			return wrong(w, p, "not a value");
		*kind = SCAN_NUMBER;
		return number(w, p);
	}
}

/* A value with its slice in m. */
static inline const char *
member_value(
    struct walk *w, const char *p, struct scan_value *v, unsigned depth)
{
	v->at = p;
	p = value(w, p, &v->kind, depth);
	if (p != NULL)
		v->len = (size_t)(p - v->at);
	return p;
}

/* The line's opening brace: behind it, or NULL. */
static const char *
line_begin(struct walk *w, const char *line, size_t len)
{
	const char *p;

	*w = (struct walk){ .start = line, .end = line + len };
	p = skip_blanks(line, w->end);
	if (p == w->end || *p != '{')
		return wrong(w, p, "expected an object");
	return p + 1;
}

static int
line_end(struct walk *w, const char *p)
{
	p = skip_blanks(p, w->end);
	if (p == w->end)
		return 0;
	wrong(w, p, "more behind the object");
	return -1;
}

int
scan_value(const char *s, size_t len, struct scan_value *v, struct fault *f)
{
	struct walk w = { .start = s, .end = s + len };
	const char *p;

	p = member_value(&w, skip_blanks(s, w.end), v, 0);
	if (p != NULL && skip_blanks(p, w.end) != w.end)
		p = wrong(&w, p, "more behind the value");
	return p != NULL ? 0 : walk_fault(&w, f);
}

int
scan_object(const char *line, size_t len, struct scan_member *m, size_t max,
    struct fault *f)
{
	struct walk w;
	const char *p;
	size_t n = 0;
	int again;

	p = line_begin(&w, line, len);
	if (p != NULL && !empty(&w, &p, '}'))
		do {
			if (n == max) {
				wrong(&w, p, "too many members");
				return walk_fault(&w, f);
			}
			p = key(&w, p, &m[n]);
			if (p != NULL)
				p = member_value(&w, p, &m[n++].value, 1);
			if (p != NULL)
				p = after(&w, p, '}', &again);
		} while (p != NULL && again);
	if (p == NULL || line_end(&w, p) != 0)
		return walk_fault(&w, f);
	return (int)n;
}

/* 1 when the member's key, just read, is name. */
static inline int
named(const struct walk *w, const struct scan_member *m, const char *name,
    size_t n)
{
	if (w->escaped)
		return scan_same(m->key, m->key_len, name, n);
	return m->key_len == n && memcmp(m->key, name, n) == 0;
}

/*
 * Walks an object (p behind its brace) for path; *found tells whether *v is
 * set.  A later member of the same name takes the place of an earlier one.
 */
static const char *
find(struct walk *w, const char *p, const char *path, struct scan_value *v,
    int *found, unsigned depth)
{
	size_t n = strcspn(path, ".");
	struct scan_member m;
	int again;

	if (empty(w, &p, '}'))
		return p;
	do {
		p = key(w, p, &m);
		if (p == NULL)
			return NULL;
		if (!named(w, &m, path, n))
			p = value(w, p, &m.value.kind, depth);
		else if (path[n] == '\0') {
			p = member_value(w, p, v, depth);
			*found = 1;
		} else {
			*found = 0;
			if (p < w->end && *p == '{' && depth < JSON_DEPTH)
				p = find(w, p + 1, path + n + 1, v, found,
				    depth + 1);
			else
				p = value(w, p, &m.value.kind, depth);
		}
		if (p != NULL)
			p = after(w, p, '}', &again);
	} while (p != NULL && again);
	return p;
}

int
scan_path(const char *line, size_t len, const char *path, struct scan_value *v,
    struct fault *f)
{
	struct walk w;
	const char *p;
	int found = 0;

	if (*path == '.')
		path++;
	p = line_begin(&w, line, len);
	if (p != NULL)
		p = find(&w, p, path, v, &found, 1);
	if (p == NULL || line_end(&w, p) != 0)
		return walk_fault(&w, f);
	return found;
}
