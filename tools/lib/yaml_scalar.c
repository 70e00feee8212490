/*
 * YAML scalars as kubectl reads them: see yaml_scalar.h.  go-yaml v2 knows a
 * scalar by its first byte and then by tables; Go's strconv decides what is
 * a number.  Both are followed here, odd corners included (0o17 and 017 are
 * octal, 08 is a float, 1_000 a number, 1e400 a string), since a manifest
 * must mean the same to kubectl and to us.
 */
#include "yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "yaml.h"

enum kind { K_STR, K_NULL, K_BOOL, K_INT, K_FLOAT };

static const char *const kind_names[] = { "!!str", "!!null", "!!bool", "!!int",
	"!!float" };

struct scalar {
	enum kind kind;
	int yes;            /* K_BOOL */
	int negative;       /* K_INT */
	uint64_t magnitude; /* K_INT */
	double number;      /* K_FLOAT */
};

/* Blanks before and behind each word, so that strstr finds whole ones. */
static const struct {
	const char *text;
	enum kind kind;
	double value;
} words[] = {
	{ " ~ null Null NULL ", K_NULL, 0 },
	{ " y Y yes Yes YES true True TRUE on On ON ", K_BOOL, 1 },
	{ " n N no No NO false False FALSE off Off OFF ", K_BOOL, 0 },
	{ " .nan .NaN .NAN ", K_FLOAT, (double)NAN },
	{ " .inf .Inf .INF +.inf +.Inf +.INF ", K_FLOAT, HUGE_VAL },
	{ " -.inf -.Inf -.INF ", K_FLOAT, -HUGE_VAL },
};

static int
known_word(const char *s, size_t n, struct scalar *out)
{
	char word[8];
	size_t i;

	out->kind = n == 0 ? K_NULL : K_STR;
	if (n == 0 || n > 5 || strchr(s, ' ') != NULL)
		return n == 0;
	snprintf(word, sizeof word, " %s ", s);
	for (i = 0; i < sizeof words / sizeof *words; i++) {
		if (strstr(words[i].text, word) == NULL)
			continue;
		out->kind = words[i].kind;
		out->yes = words[i].value != 0;
		out->number = words[i].value;
		return 1;
	}
	return 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? and within range */
static int
float_of(const char *s, double *out)
{
	const char *p = s;
	size_t whole, part = 0;

	p += *p == '-' || *p == '+';
	whole = strspn(p, "0123456789");
	p += whole;
	if (*p == '.') {
		part = strspn(++p, "0123456789");
		p += part;
	}
	if (whole == 0 && part == 0)
		return 0;
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '-' || *p == '+';
		if (!isdigit((unsigned char)*p))
			return 0;
		p += strspn(p, "0123456789");
	}
	if (*p != '\0')
		return 0;
	*out = strtod(s, NULL);
	return isfinite(*out);
}

/* strconv.ParseInt and ParseUint with base 0, underscores gone */
static int
int_of(const char *s, struct scalar *out)
{
	const char *p = s;
	char *end;
	int base = 10;

	out->negative = *p == '-';
	p += *p == '-' || *p == '+';
	if (p[0] == '0' && p[1] != '\0') {
		int c = tolower((unsigned char)p[1]);

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		p += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	/* strtoull would take blanks, a sign or a second prefix */
	if (!isxdigit((unsigned char)*p) ||
	    (base == 16 && tolower((unsigned char)p[1]) == 'x'))
		return 0;
	errno = 0;
	out->magnitude = strtoull(p, &end, base);
	if (*end != '\0' || end == p || errno == ERANGE)
		return 0;
	/* below -2^63 no integer type of Go's is left; nor is +N above 2^63 */
	return out->magnitude <= INT64_MAX ||
	       (out->negative ? out->magnitude == (uint64_t)INT64_MAX + 1 :
				*s != '+');
}

/*
 * go-yaml takes underscores out of what begins with a digit or a sign, wherever
 * they are.  What begins with a point is strconv.ParseFloat's as it stands,
 * which wants them between digits.
 */
static void
number_of(const char *s, size_t n, struct scalar *out)
{
	int point = s[0] == '.';
	char plain[512];
	size_t i, len = 0;

	for (i = 0; i < n; i++) {
		if (s[i] == '_' && point &&
		    (!isdigit((unsigned char)s[i - 1]) ||
			!isdigit((unsigned char)s[i + 1])))
			return;
		if (s[i] == '_')
			continue;
		if (len + 1 >= sizeof plain)
			return;
		plain[len++] = s[i];
	}
	plain[len] = '\0';
	if (!point && int_of(plain, out))
		out->kind = K_INT;
	else if (float_of(plain, &out->number))
		out->kind = K_FLOAT;
}

static struct scalar
resolve(const char *s, size_t n)
{
	struct scalar v = { .kind = K_STR };

	if (n > 0 && strchr("yYnNtTfFoO~.+-0123456789", s[0]) == NULL)
		return v;
	if (known_word(s, n, &v))
		return v;
	if (strchr("+-.0123456789", s[0]) != NULL)
		number_of(s, n, &v);
	return v;
}

static void
int_text(const struct scalar *v, char *out, size_t size)
{
	snprintf(out, size, "%s%llu",
	    v->negative && v->magnitude != 0 ? "-" : "",
	    (unsigned long long)v->magnitude);
}

static cJSON *
make(const struct scalar *v, const char *s, struct fault *f)
{
	switch (v->kind) {
	case K_NULL:
		return cJSON_CreateNull();
	case K_BOOL:
		return cJSON_CreateBool(v->yes);
	case K_INT:
		return json_integer(v->negative, v->magnitude);
	case K_FLOAT:
		if (!isfinite(v->number)) {
			fault_set(f, FAULT_INPUT,
			    "%s: a value that JSON does not have", s);
			return NULL;
		}
		return cJSON_CreateNumber(v->number);
	default:
		return cJSON_CreateString(s);
	}
}

/* !!binary: the bytes become a string, as in Go */
static cJSON *
binary(const char *s, size_t n, struct fault *f)
{
	struct buf b;
	cJSON *v = NULL;

	buf_init(&b, n);
	if (digest_unbase64(s, n, &b, f) != 0)
		fault_prefix(f, "!!binary");
	else if (memchr(buf_str(&b), '\0', b.len) != NULL)
		fault_set(f, FAULT_INPUT, "!!binary: holds a zero byte");
	else
		v = cJSON_CreateString(buf_str(&b));
	buf_release(&b);
	return v;
}

/* The kind that a tag asks for; -1 for tags that leave the text alone. */
static int
tag_kind(const char *tag)
{
	static const char *const names[] = { "str", "null", "bool", "int",
		"float" };
	size_t i, skip = strlen(YAML_TAG);

	if (strncmp(tag, YAML_TAG, skip) != 0)
		return -1;
	for (i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(tag + skip, names[i]) == 0)
			return (int)i;
	return -1;
}

/* Reads s under tag into *v: 0, or -1 when the two do not fit. */
static int
resolve_tagged(
    const char *tag, const char *s, size_t n, struct scalar *v, struct fault *f)
{
	int want;

	*v = (struct scalar){ .kind = K_STR };
	if (tag == NULL) {
		*v = resolve(s, n);
		return 0;
	}
	want = tag_kind(tag);
	if (want == -1 || want == K_STR)
		return 0;
	*v = resolve(s, n);
	if (v->kind == (enum kind)want)
		return 0;
	if (want == K_FLOAT && v->kind == K_INT) {
		v->kind = K_FLOAT;
		v->number =
		    v->negative ? -(double)v->magnitude : (double)v->magnitude;
		return 0;
	}
	return fault_set(f, FAULT_INPUT, "cannot read %.64s `%.64s` as %s",
	    kind_names[v->kind], s, kind_names[want]);
}

cJSON *
yaml_resolve(const char *tag, const char *s, size_t n, struct fault *f)
{
	struct scalar v;
	cJSON *out;

	if (f != NULL)
		f->code = FAULT_NONE;
	if (strlen(s) != n) {
		fault_set(f, FAULT_INPUT, "a string holds a zero byte");
		return NULL;
	}
	if (tag != NULL && strcmp(tag, YAML_TAG "binary") == 0)
		out = binary(s, n, f);
	else if (resolve_tagged(tag, s, n, &v, f) != 0)
		return NULL;
	else
		out = make(&v, s, f);
	if (out == NULL && f != NULL && f->code == FAULT_NONE)
		fault_nomem(f);
	return out;
}

/* strconv.FormatFloat(d, 'g', -1, 32), which is what keys are written with */
static void
float_text(double d, char *out, size_t size)
{
	int digits, exponent;

	d = (double)(float)d;
	if (!isfinite(d)) {
		snprintf(out, size, "%s",
		    isnan(d) ? ".nan" :
		    d > 0    ? ".inf" :
			       "-.inf");
		return;
	}
	for (digits = 0; digits < 9; digits++) {
		snprintf(out, size, "%.*e", digits, d);
		if (strtof(out, NULL) == (float)d)
			break;
	}
	exponent = (int)strtol(strchr(out, 'e') + 1, NULL, 10);
	if (exponent >= -4 && exponent < 6)
		snprintf(out, size, "%.*f",
		    digits > exponent ? digits - exponent : 0, d);
}

char *
yaml_key(const char *tag, const char *s, size_t n, struct fault *f)
{
	char text[64];
	struct scalar v;
	char *out;

	if (strlen(s) != n) {
		fault_set(f, FAULT_INPUT, "a key holds a zero byte");
		return NULL;
	}
	if (resolve_tagged(tag, s, n, &v, f) != 0)
		return NULL;
	switch (v.kind) {
	case K_NULL:
		fault_set(f, FAULT_INPUT, "a key is null");
		return NULL;
	case K_BOOL:
		s = v.yes ? "true" : "false";
		break;
	case K_INT:
		int_text(&v, text, sizeof text);
		s = text;
		break;
	case K_FLOAT:
		float_text(v.number, text, sizeof text);
		s = text;
		break;
	default:
		break;
	}
	out = strdup(s);
	if (out == NULL)
		fault_nomem(f);
	return out;
}

cJSON *
yaml_scalar(const char *s, size_t n, struct fault *f)
{
	char *copy = strndup(s, n);
	cJSON *v;

	if (copy == NULL) {
		fault_nomem(f);
		return NULL;
	}
	v = yaml_resolve(NULL, copy, strlen(copy), f);
	free(copy);
	return v;
}
