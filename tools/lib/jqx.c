/*
 * Running jq expressions: see jqx.h.  libjq ends the process when it has no
 * memory left; that is the one thing that cannot be taken from it.
 */
#include "jqx.h"

#include <jq.h>
#include <stdlib.h>
#include <string.h>

#include "jqx_set.h"

#define GOT_MAX 200

/* JSON text as jq's value; jq's own message would hold the whole text. */
static int
jv_read(const char *json, size_t len, jv *out, struct fault *f)
{
	const char *s, *end;
	jv message;

	*out = len <= INT32_MAX ? jv_parse_sized(json, (int)len) : jv_invalid();
	if (jv_is_valid(*out))
		return 0;
	message = jv_invalid_get_msg(jv_copy(*out));
	s = jv_get_kind(message) == JV_KIND_STRING ? jv_string_value(message) :
						     "no value";
	end = strstr(s, " (while parsing");
	if (end == NULL || end - s > 200)
		end = s + strnlen(s, 200);
	fault_set(f, FAULT_INPUT, "not JSON: %.*s", (int)(end - s), s);
	jv_free(message);
	jv_free(*out);
	return -1;
}

int
jqx_bind(struct jqx *q, const cJSON *vars, struct fault *f)
{
	struct buf b;
	jv v;
	int rc;

	buf_init(&b, JQX_SOURCE_MAX);
	json_write(&b, vars);
	rc = buf_check(&b, "variables", f);
	if (rc == 0)
		rc = jv_read(b.data, b.len, &v, f);
	buf_release(&b);
	if (rc != 0)
		return -1;
	if (jv_get_kind(v) != JV_KIND_OBJECT) {
		jv_free(v);
		return fault_set(f, FAULT_INPUT, "variables: not an object");
	}
	jv_free(q->vars);
	q->vars = v;
	return 0;
}

/* The names of vars' members, to be freed; NULL without memory. */
static const char **
names_of(const cJSON *vars, size_t *n)
{
	const char **names;
	const cJSON *m;

	*n = (size_t)cJSON_GetArraySize(vars);
	names = calloc(*n > 0 ? *n : 1, sizeof *names);
	*n = 0;
	if (names != NULL)
		cJSON_ArrayForEach(m, vars)
			names[(*n)++] = m->string;
	return names;
}

struct jqx *
jqx_new(const char *expression, const cJSON *vars, struct fault *f)
{
	struct jqx_set *s = jqx_set_new(f);
	const char **names;
	struct jqx *q = NULL;
	size_t n;

	if (s == NULL)
		return NULL;
	names = names_of(vars, &n);
	if (names == NULL)
		fault_nomem(f);
	else
		q = jqx_set_add(s, expression, names, n, f);
	free(names);
	if (q != NULL)
		q->own = s;
	if (q == NULL || jqx_set_compile(s, f) != 0 ||
	    (vars != NULL && jqx_bind(q, vars, f) != 0)) {
		jqx_set_free(s);
		return NULL;
	}
	return q;
}

void
jqx_free(struct jqx *q)
{
	if (q != NULL && q->own != NULL)
		jqx_set_free(q->own);
}

const char *
jqx_text(const struct jqx *q)
{
	return q->text;
}

/* Starts a run, which is to be followed to its end: see jqx_set.c for most. */
static int
start(struct jqx *q, const char *json, size_t len, size_t most, struct fault *f)
{
	jv input, all;

	if (jqx_program_compile(q->program, f) != 0 ||
	    jv_read(json, len, &input, f) != 0)
		return -1;
	all = jv_array_sized(4);
	all = jv_array_append(all, jv_number((double)q->number));
	all = jv_array_append(all, jv_copy(q->vars));
	all = jv_array_append(all, jv_number((double)most));
	all = jv_array_append(all, input);
	jq_start(q->program->jq, all, 0);
	return 0;
}

/* The next output: 1 with *out, 0 at the end, -1 with jq's error in f. */
static int
next(struct jqx *q, jv *out, struct fault *f)
{
	jv message;

	*out = jq_next(q->program->jq);
	if (jv_is_valid(*out))
		return 1;
	if (!jv_invalid_has_msg(jv_copy(*out))) {
		jv_free(*out);
		return 0;
	}
	message = jv_invalid_get_msg(*out);
	if (jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	fault_set(f, FAULT_NO, "%.500s", jv_string_value(message));
	jv_free(message);
	return -1;
}

static int
add_json(struct buf *b, jv v)
{
	jv text = jv_dump_string(v, 0);
	int rc;

	rc = buf_add(b, jv_string_value(text),
	    (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
	return rc;
}

int
jqx_run(struct jqx *q, const char *json, size_t len, size_t max_outputs,
    struct buf *out, struct fault *f)
{
	size_t n = 0;
	int rc;
	jv v;

	if (start(q, json, len, max_outputs, f) != 0)
		return -1;
	while ((rc = next(q, &v, f)) == 1) {
		add_json(out, v);
		buf_addc(out, '\n');
		n++;
	}
	if (rc == -1 || buf_check(out, q->text, f) != 0)
		return -1;
	return (int)n;
}

/* Cut at GOT_MAX bytes, and not within a character. */
static void
add_cut(struct buf *got, const char *s, size_t n)
{
	size_t end = n;

	if (n > GOT_MAX)
		for (end = GOT_MAX; end > 0 && (s[end] & 0xc0) == 0x80;)
			end--;
	buf_add(got, s, end);
	if (end < n)
		buf_adds(got, "...");
}

int
jqx_holds(struct jqx *q, const char *json, size_t len, struct buf *got,
    struct fault *f)
{
	struct fault why;
	jv_kind kind = JV_KIND_INVALID;
	int rc;
	jv v;

	if (start(q, json, len, 0, f) != 0)
		return -1;
	while ((rc = next(q, &v, &why)) == 1) {
		kind = jv_get_kind(v);
		jv_free(v);
	}
	if (rc == -1)
		add_cut(got, why.msg, strlen(why.msg));
	else if (kind == JV_KIND_INVALID)
		buf_adds(got, "no output");
	else if (kind == JV_KIND_FALSE || kind == JV_KIND_NULL)
		buf_adds(got, kind == JV_KIND_NULL ? "null" : "false");
	else
		return 1;
	return 0;
}

int
jqx_text_of(struct jqx *q, const char *json, size_t len, struct buf *out,
    struct fault *f)
{
	int rc;
	jv v, end;

	if (start(q, json, len, 1, f) != 0)
		return -1;
	rc = next(q, &v, f);
	if (rc != 1)
		return rc;
	while (next(q, &end, NULL) == 1)
		jv_free(end);
	if (jv_get_kind(v) == JV_KIND_NULL)
		rc = 0;
	else if (jv_get_kind(v) == JV_KIND_STRING)
		buf_add(out, jv_string_value(v),
		    (size_t)jv_string_length_bytes(jv_copy(v)));
	else
		add_json(out, jv_copy(v));
	jv_free(v);
	return buf_check(out, q->text, f) != 0 ? -1 : rc;
}
