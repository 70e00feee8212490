/*
 * Selectors: see select.h.  Both kinds parse into the same requirements; a
 * field selector's keys are paths, a label selector's are looked up in
 * metadata.labels.  The grammar is small enough that scanning by hand reads
 * better than a tokenizer would.
 */
#include "select.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select_field.h"

enum select_op {
	SELECT_IN,
	SELECT_NOT_IN,
	SELECT_EXISTS,
	SELECT_ABSENT,
	SELECT_ABOVE,
	SELECT_BELOW,
};

struct requirement {
	char *key;
	enum select_op op;
	char **values;
	size_t nvalues;
};

struct selector {
	int fields; /* 1: keys are paths into the object */
	struct requirement r[SELECT_MAX];
	size_t n;
};

static struct requirement *
selector_add(struct selector *s, const char *key, size_t n, enum select_op op,
    struct fault *f)
{
	struct requirement *r;

	if (s->n == SELECT_MAX) {
		fault_set(f, FAULT_INPUT,
		    "selector has more than %d requirements", SELECT_MAX);
		return NULL;
	}
	r = &s->r[s->n];
	r->key = strndup(key, n);
	r->op = op;
	if (r->key == NULL) {
		fault_nomem(f);
		return NULL;
	}
	s->n++;
	return r;
}

/* Gives r one more value, which it owns from then on. */
static int
requirement_add(struct requirement *r, char *value, struct fault *f)
{
	char **v;

	if (value == NULL)
		return fault_nomem(f);
	v = reallocarray(r->values, r->nvalues + 1, sizeof *v);
	if (v == NULL) {
		free(value);
		return fault_nomem(f);
	}
	v[r->nvalues++] = value;
	r->values = v;
	return 0;
}

void
selector_free(struct selector *s)
{
	size_t i, j;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		for (j = 0; j < s->r[i].nvalues; j++)
			free(s->r[i].values[j]);
		free(s->r[i].values);
		free(s->r[i].key);
	}
	free(s);
}

static const char *
blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

static size_t
word(const char *p)
{
	return strcspn(p, " \t,=!()<>");
}

/* A label value: at most 63 of [A-Za-z0-9_.-], ends alphanumeric. */
static int
valid_label(const char *p, size_t n)
{
	size_t i;

	if (n == 0)
		return 1;
	if (n > 63 || !isalnum((unsigned char)p[0]) ||
	    !isalnum((unsigned char)p[n - 1]))
		return 0;
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)p[i]) &&
		    memchr("-_.", p[i], 3) == NULL)
			return 0;
	return 1;
}

/* A label key: a label value, a DNS name and '/' before it or not. */
static int
valid_key(const char *p, size_t n)
{
	const char *slash = memchr(p, '/', n);
	size_t i, prefix = slash != NULL ? (size_t)(slash - p) : 0;

	if (slash == NULL)
		return n > 0 && valid_label(p, n);
	if (prefix == 0 || prefix > 253 || prefix + 1 == n)
		return 0;
	for (i = 0; i < prefix; i++)
		if (!islower((unsigned char)p[i]) &&
		    !isdigit((unsigned char)p[i]) && p[i] != '-' && p[i] != '.')
			return 0;
	return valid_label(slash + 1, n - prefix - 1);
}

static int
bad_label(const char *what, const char *p, size_t n, struct fault *f)
{
	return fault_set(f, FAULT_INPUT,
	    "unable to parse requirement: invalid label %s \"%.*s\"", what,
	    (int)(n > 300 ? 300 : n), p);
}

static int
found(const char *p, const char *expected, struct fault *f)
{
	size_t n = word(p);

	if (*p != '\0' && n == 0)
		n = 1;
	return fault_set(f, FAULT_INPUT,
	    "unable to parse requirement: found '%.*s', expected: %s",
	    (int)(n > 100 ? 100 : n), p, expected);
}

static int
add_label_value(struct requirement *r, const char *p, size_t n, struct fault *f)
{
	if (!valid_label(p, n))
		return bad_label("value", p, n, f);
	return requirement_add(r, strndup(p, n), f);
}

/* "(x, y)" behind in or notin; *pp moves behind it. */
static int
parse_set(const char **pp, struct requirement *r, struct fault *f)
{
	const char *p = blanks(*pp);
	size_t n;

	if (*p != '(')
		return found(p, "'('", f);
	do {
		p = blanks(p + 1);
		n = word(p);
		if (add_label_value(r, p, n, f) != 0)
			return -1;
		p = blanks(p + n);
	} while (*p == ',');
	if (*p != ')')
		return found(p, "',' or ')'", f);
	*pp = p + 1;
	return 0;
}

/* A whole number behind < or >; *pp moves behind it. */
static int
parse_bound(const char **pp, struct requirement *r, struct fault *f)
{
	const char *p = blanks(*pp);
	size_t n, digits;

	r->op = *p == '<' ? SELECT_BELOW : SELECT_ABOVE;
	p = blanks(p + 1);
	n = word(p);
	digits = strspn(p + (*p == '-'), "0123456789") + (*p == '-');
	if (n == 0 || digits != n)
		return fault_set(f, FAULT_INPUT,
		    "unable to parse requirement: for 'Gt', 'Lt' operators, "
		    "the value must be an integer");
	*pp = p + n;
	return requirement_add(r, strndup(p, n), f);
}

/* What stands behind a key; *pp moves behind the requirement. */
static int
parse_operator(const char **pp, struct requirement *r, struct fault *f)
{
	const char *p = blanks(*pp);
	size_t n = word(p);

	if (*p == ',' || *p == '\0') {
		*pp = p;
		return 0;
	}
	if (*p == '=' || (*p == '!' && p[1] == '=')) {
		r->op = *p == '!' ? SELECT_NOT_IN : SELECT_IN;
		p = blanks(p + (p[1] == '=' ? 2 : 1));
		n = word(p);
		*pp = p + n;
		return add_label_value(r, p, n, f);
	}
	if ((n == 2 && memcmp(p, "in", 2) == 0) ||
	    (n == 5 && memcmp(p, "notin", 5) == 0)) {
		r->op = n == 2 ? SELECT_IN : SELECT_NOT_IN;
		*pp = p + n;
		return parse_set(pp, r, f);
	}
	if (*p == '<' || *p == '>')
		return parse_bound(pp, r, f);
	return found(p, "'=', '!=', '==', 'in', notin'", f);
}

static int
parse_label(struct selector *s, const char **pp, struct fault *f)
{
	const char *p = blanks(*pp);
	struct requirement *r;
	int absent = 0;
	size_t n;

	if (*p == '!') {
		absent = 1;
		p = blanks(p + 1);
	}
	n = word(p);
	if (n == 0)
		return found(p, "!, identifier, or 'end of string'", f);
	if (!valid_key(p, n))
		return bad_label("key", p, n, f);
	r = selector_add(s, p, n, absent ? SELECT_ABSENT : SELECT_EXISTS, f);
	if (r == NULL)
		return -1;
	*pp = blanks(p + n);
	if (!absent && parse_operator(pp, r, f) != 0)
		return -1;
	*pp = blanks(*pp);
	if (**pp != '\0' && **pp != ',')
		return found(*pp, "',' or 'end of string'", f);
	return 0;
}

struct selector *
selector_labels(const char *text, struct fault *f)
{
	struct selector *s = calloc(1, sizeof *s);
	const char *p = text;

	if (s == NULL) {
		fault_nomem(f);
		return NULL;
	}
	if (p == NULL || *blanks(p) == '\0')
		return s;
	for (;;) {
		if (parse_label(s, &p, f) != 0) {
			selector_free(s);
			return NULL;
		}
		if (*p == '\0')
			return s;
		p++;
	}
}

/* A field's value, unescaped: "\\", "\," and "\=" stand for themselves. */
static char *
field_value(const char **pp, struct fault *f)
{
	size_t n = strlen(*pp), len = 0;
	const char *p = *pp;
	char *value = malloc(n + 1);

	if (value == NULL) {
		fault_nomem(f);
		return NULL;
	}
	for (; *p != '\0' && *p != ','; p++) {
		if (*p == '=' || (*p == '\\' && strchr("\\,=", p[1]) == NULL) ||
		    (*p == '\\' && p[1] == '\0')) {
			fault_set(f, FAULT_INPUT,
			    "invalid field selector: %s in \"%.200s\"",
			    *p == '=' ? "unescaped '='" : "bad escape", *pp);
			free(value);
			return NULL;
		}
		if (*p == '\\')
			p++;
		value[len++] = *p;
	}
	value[len] = '\0';
	*pp = p;
	return value;
}

static int
parse_field(
    struct selector *s, const char *kind, const char **pp, struct fault *f)
{
	const char *p = *pp, *path;
	struct requirement *r;
	size_t n = strcspn(p, ",=!");
	char name[256], *value;

	if (p[n] != '=' && !(p[n] == '!' && p[n + 1] == '='))
		return fault_set(f, FAULT_INPUT,
		    "invalid selector: '%.200s'; can't understand '%.*s'", p,
		    (int)(n > 200 ? 200 : n), p);
	snprintf(name, sizeof name, "%.*s", (int)n, p);
	path = n < sizeof name ? select_field_path(kind, name) : NULL;
	if (path == NULL)
		return fault_set(
		    f, FAULT_INPUT, "field label not supported: %s", name);
	r = selector_add(
	    s, path, strlen(path), p[n] == '!' ? SELECT_NOT_IN : SELECT_IN, f);
	if (r == NULL)
		return -1;
	*pp = p + n + (p[n + 1] == '=' ? 2 : 1);
	value = field_value(pp, f);
	return value == NULL ? -1 : requirement_add(r, value, f);
}

struct selector *
selector_fields(const char *kind, const char *text, struct fault *f)
{
	struct selector *s = calloc(1, sizeof *s);
	const char *p = text;

	if (s == NULL) {
		fault_nomem(f);
		return NULL;
	}
	s->fields = 1;
	while (p != NULL && *p != '\0') {
		if (*p == ',') {
			p++;
			continue;
		}
		if (parse_field(s, kind, &p, f) != 0) {
			selector_free(s);
			return NULL;
		}
	}
	return s;
}

static int
requirement_has(const struct requirement *r, const char *value)
{
	size_t i;

	for (i = 0; i < r->nvalues; i++)
		if (strcmp(r->values[i], value) == 0)
			return 1;
	return 0;
}

/* -1, 0 or 1 as two whole numbers compare; 0 when value is none. */
static int
compare_number(const char *value, const char *bound)
{
	char *end;
	long long a, b;

	if (value == NULL || *value == '\0')
		return 0;
	a = strtoll(value, &end, 10);
	b = strtoll(bound, NULL, 10);
	return *end != '\0' ? 0 : (a > b) - (a < b);
}

static int
requirement_match(const struct requirement *r, const char *value)
{
	switch (r->op) {
	case SELECT_IN:
		return value != NULL && requirement_has(r, value);
	case SELECT_NOT_IN:
		return value == NULL || !requirement_has(r, value);
	case SELECT_EXISTS:
		return value != NULL;
	case SELECT_ABSENT:
		return value == NULL;
	case SELECT_ABOVE:
		return compare_number(value, r->values[0]) > 0;
	case SELECT_BELOW:
		return compare_number(value, r->values[0]) < 0;
	}
	return 0;
}

int
selector_match(const struct selector *s, const cJSON *object)
{
	const cJSON *labels;
	const char *value;
	char num[32];
	size_t i;

	if (s == NULL)
		return 1;
	labels = json_at(object, "metadata", "labels", NULL);
	for (i = 0; i < s->n; i++) {
		if (!s->fields)
			value = json_str(labels, s->r[i].key, NULL);
		else {
			value = select_field_value(
			    object, s->r[i].key, num, sizeof num);
		}
		if (!requirement_match(&s->r[i], value))
			return 0;
	}
	return 1;
}

const char *
selector_wants(const struct selector *s, const char *field)
{
	size_t i;

	for (i = 0; s != NULL && s->fields && i < s->n; i++)
		if (s->r[i].op == SELECT_IN && strcmp(s->r[i].key, field) == 0)
			return s->r[i].values[0];
	return NULL;
}
