/*
 * Variables of checks: see vars.h.  A few hundred names at most, so a list
 * serves; what checks need at load is replaced once, then.
 */
#include "http-probe/vars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/scan.h"

#define VARS_FILE_MAX (16 << 20) /* bytes of a --vars file */

void
vars_release(struct vars *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		free(v->v[i].name);
		free(v->v[i].value);
	}
	free(v->v);
	*v = (struct vars){ .outer = v->outer };
}

static struct vars_entry *
find(const struct vars *v, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strncmp(v->v[i].name, name, n) == 0 &&
		    v->v[i].name[n] == '\0')
			return &v->v[i];
	return NULL;
}

int
vars_set(struct vars *v, const char *name, const char *value, struct fault *f)
{
	struct vars_entry *e = find(v, name, strlen(name)), *grown;
	char *copy = strdup(value);

	if (copy == NULL)
		return fault_nomem(f);
	if (e != NULL) {
		free(e->value);
		e->value = copy;
		return 0;
	}
	grown = reallocarray(v->v, v->n + 1, sizeof(*grown));
	if (grown == NULL) {
		free(copy);
		return fault_nomem(f);
	}
	v->v = grown;
	e = &grown[v->n];
	e->value = copy;
	e->name = strdup(name);
	if (e->name == NULL) {
		free(copy);
		return fault_nomem(f);
	}
	v->n++;
	return 0;
}

static const char *
get(const struct vars *v, const char *name, size_t n)
{
	const struct vars_entry *e;

	for (; v != NULL; v = v->outer)
		if ((e = find(v, name, n)) != NULL)
			return e->value;
	return NULL;
}

const char *
vars_get(const struct vars *v, const char *name)
{
	return get(v, name, strlen(name));
}

int
vars_read(struct vars *v, const char *path, struct fault *f)
{
	struct buf text, number;
	const cJSON *m;
	cJSON *all;
	int rc = -1;

	buf_init(&text, VARS_FILE_MAX);
	buf_init(&number, 64);
	if (buf_read_file(&text, path, f) != 0)
		goto out;
	all = json_parse(buf_str(&text), text.len, f);
	if (all == NULL) {
		fault_prefix(f, "%s", path);
		goto out;
	}
	if (scan_has_zero(buf_str(&text), text.len)) {
		fault_set(f, FAULT_INPUT, "%s: a zero byte (\\u0000)", path);
		cJSON_Delete(all);
		goto out;
	}
	rc = cJSON_IsObject(all) ?
		 0 :
		 fault_set(f, FAULT_INPUT, "%s: not a JSON object", path);
	cJSON_ArrayForEach(m, all) {
		if (rc != 0)
			break;
		buf_clear(&number);
		if (cJSON_IsNumber(m))
			json_write(&number, m);
		else if (!cJSON_IsString(m)) {
			rc = fault_set(f, FAULT_INPUT,
			    "%s: %s: neither a string nor a number", path,
			    m->string);
			break;
		}
		rc = vars_set(v, m->string,
		    cJSON_IsString(m) ? m->valuestring : buf_str(&number), f);
	}
	cJSON_Delete(all);
out:
	buf_release(&text);
	buf_release(&number);
	return rc;
}

size_t
vars_name(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t n;

	if (s[0] != '$' || s[1] != '{')
		return 0;
	n = strspn(s + 2, letters);
	return s[2 + n] == '}' ? n : 0;
}

/* The next ${NAME} at or behind s: its start, with the name's place. */
static const char *
next(const char *s, const char **name, size_t *n)
{
	for (; (s = strstr(s, "${")) != NULL; s += 2) {
		*n = vars_name(s);
		*name = s + 2;
		if (*n > 0)
			return s;
	}
	return NULL;
}

static void
add_value(struct buf *out, const char *value, enum vars_mode mode)
{
	size_t from = out->len, n;

	for (; mode == VARS_REGEX && *value != '\0'; value++) {
		if (strchr("\\^$.|?*+()[]{}", *value) != NULL)
			buf_addc(out, '\\');
		buf_addc(out, *value);
	}
	if (mode != VARS_JSON) {
		buf_adds(out, value);
		return;
	}
	/* the inside of the string: without its quotes */
	json_write_string(out, value, strlen(value));
	if (out->failed)
		return;
	n = out->len - from - 2;
	memmove(out->data + from, out->data + from + 1, n);
	out->len -= 2;
	out->data[out->len] = '\0';
}

int
vars_expand(const struct vars *v, const char *text, enum vars_mode mode,
    struct buf *out)
{
	const char *at, *name, *value;
	int left = 0;
	size_t n;

	while ((at = next(text, &name, &n)) != NULL) {
		buf_add(out, text, (size_t)(at - text));
		value = get(v, name, n);
		if (value != NULL)
			add_value(out, value, mode);
		else {
			buf_add(out, at, n + 3);
			left++;
		}
		text = name + n + 1;
	}
	buf_adds(out, text);
	return out->failed ? -1 : left;
}

int
vars_missing(const struct vars *v, const char *const *also, size_t n,
    const char *text, char *name, size_t size)
{
	const char *at, *from;
	size_t len, i;

	for (; (at = next(text, &from, &len)) != NULL; text = from + len) {
		if (get(v, from, len) != NULL)
			continue;
		for (i = 0; i < n; i++)
			if (strncmp(also[i], from, len) == 0 &&
			    also[i][len] == '\0')
				break;
		if (i < n)
			continue;
		snprintf(name, size, "%.*s", (int)len, from);
		return 1;
	}
	return 0;
}
