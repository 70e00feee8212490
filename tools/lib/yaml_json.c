/*
 * JSON streams: see yaml_json.h.  cJSON tells neither duplicate keys nor
 * where a value stood, so both are found by counting keys in the tree and
 * then in the text, which is paid for only when something is wrong.
 */
#include "yaml_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "yaml_table.h"

int
yaml_docs_add(
    struct yaml_docs *docs, cJSON *value, unsigned long line, struct fault *f)
{
	struct yaml_doc *v;

	if (cJSON_IsNull(value)) {
		cJSON_Delete(value);
		return 0;
	}
	v = reallocarray(docs->v, docs->n + 1, sizeof *v);
	if (v == NULL) {
		cJSON_Delete(value);
		return fault_nomem(f);
	}
	docs->v = v;
	docs->v[docs->n++] = (struct yaml_doc){ value, line };
	return 0;
}

struct check {
	size_t keys; /* seen so far, in document order */
	const char *what;
};

/* 0, or -1 with what is wrong, c->keys then being the ordinal of its key */
static int
check(struct check *c, const cJSON *v)
{
	struct yaml_table t = { 0 };
	struct yaml_slot *s;
	const cJSON *m;
	int rc = 0;

	cJSON_ArrayForEach(m, v) {
		if (cJSON_IsObject(v)) {
			c->keys++;
			c->what = "duplicate key";
			s = yaml_table_slot(&t, m->string);
			if (s == NULL)
				c->what = "out of memory at key";
			if (s == NULL || s->name != NULL) {
				rc = -1;
				break;
			}
			s->name = m->string;
		}
		c->what = "number out of range at or behind key";
		if (cJSON_IsNumber(m) && !isfinite(m->valuedouble))
			rc = -1;
		else
			rc = check(c, m);
		if (rc != 0)
			break;
	}
	free(t.v);
	return rc;
}

/* The line of the nth key (from 1) of the well-formed value at s. */
static size_t
line_of_key(const char *s, const char *end, size_t n, size_t line)
{
	size_t at = line;

	for (; s < end && n > 0; s++) {
		line += *s == '\n';
		if (*s != '"')
			continue;
		at = line;
		for (s++; s < end && *s != '"'; s++)
			s += *s == '\\';
		for (s++; s < end && strchr(" \t\r\n", *s) != NULL; s++)
			line += *s == '\n';
		if (s < end && *s == ':')
			n--;
		else
			s--;
	}
	return at;
}

/* Objects and arrays nested deeper than JSON_DEPTH are YAML's to refuse. */
static cJSON *
parse_one(const char *s, const char *end, const char **after, struct fault *f)
{
	size_t depth = 0;
	const char *p;
	int quoted = 0;

	for (p = s; p < end; p++) {
		if (quoted && *p == '\\')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == '{' || *p == '['))
			depth++;
		else if (!quoted && (*p == '}' || *p == ']') && --depth == 0)
			break;
	}
	*after = p < end ? p + 1 : end;
	return json_parse(s, (size_t)(*after - s), f);
}

int
yaml_json(const char *text, size_t len, struct yaml_docs *docs, size_t *read,
    struct fault *f)
{
	const char *s = text, *end = text + len, *after;
	struct check c;
	size_t line = 1;
	cJSON *v;

	*read = 0;
	for (;;) {
		for (; s < end && strchr(" \t\r\n", *s) != NULL; s++)
			line += *s == '\n';
		if (s == end)
			return 1;
		v = *s == '{' || *s == '[' ? parse_one(s, end, &after, f) :
					     NULL;
		if (v == NULL) {
			fault_set(f, FAULT_INPUT,
			    "line %zu: the JSON value that starts here is "
			    "malformed",
			    line);
			yaml_docs_release(docs);
			return 0;
		}
		c = (struct check){ 0 };
		if (check(&c, v) != 0) {
			fault_set(f, FAULT_INPUT, "line %zu: %s",
			    line_of_key(s, after, c.keys, line), c.what);
			cJSON_Delete(v);
			return -1;
		}
		if (yaml_docs_add(docs, v, line, f) != 0)
			return -1;
		++*read;
		for (; s < after; s++)
			line += *s == '\n';
	}
}
