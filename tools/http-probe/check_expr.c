/*
 * The expressions of checks: see check_read.h.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "http-probe/check_read.h"

int
check_bad(struct fault *f, const char *what, const char *why)
{
	return fault_set(f, FAULT_INPUT, "%s: %s", what, why);
}

char *
check_expand(const struct reader *r, const char *text, enum vars_mode mode,
    struct fault *f)
{
	char name[256];
	struct buf b;
	char *s;

	if (vars_missing(
		r->vars, r->known, r->known_n, text, name, sizeof(name))) {
		fault_set(f, FAULT_INPUT, "${%s} is not defined", name);
		return NULL;
	}
	buf_init(&b, CHECK_LINE_MAX);
	vars_expand(r->vars, text, mode, &b);
	s = buf_take(&b);
	buf_release(&b);
	if (s == NULL)
		fault_nomem(f);
	return s;
}

/* Notes that q binds the variable when it is run: 0 or -1. */
static int
add_late(struct check_jq *q, const char *name, size_t n, struct fault *f)
{
	char **grown;
	size_t i;

	for (i = 0; i < q->late_n; i++)
		if (strncmp(q->late[i], name, n) == 0 && q->late[i][n] == '\0')
			return 0;
	grown = reallocarray(q->late, q->late_n + 1, sizeof(*grown));
	if (grown == NULL)
		return fault_nomem(f);
	q->late = grown;
	grown[q->late_n] = strndup(name, n);
	if (grown[q->late_n] == NULL)
		return fault_nomem(f);
	q->late_n++;
	return 0;
}

/*
 * What is captured later becomes a jq variable, so that the expression is
 * compiled once: within a string literal an interpolation, elsewhere a
 * number where it is one.
 */
static int
bind_late(struct check_jq *q, struct buf *out, struct fault *f)
{
	const char *s;
	int quoted = 0;
	size_t n;

	for (s = q->text; *s != '\0'; s++) {
		if (s[0] == '$' && s[1] == '{') {
			n = strcspn(s + 2, "}");
			if (add_late(q, s + 2, n, f) != 0)
				return -1;
			if (quoted)
				buf_addf(out, "\\($%.*s)", (int)n, s + 2);
			else
				buf_addf(out, "(($%.*s | tonumber)? // $%.*s)",
				    (int)n, s + 2, (int)n, s + 2);
			s += n + 2;
			continue;
		}
		if (quoted && s[0] == '\\' && s[1] != '\0')
			buf_addc(out, *s++);
		else if (*s == '"')
			quoted = !quoted;
		buf_addc(out, *s);
	}
	return buf_check(out, "jq", f);
}

static int
read_jq(struct reader *r, const cJSON *v, struct check_jq *q, struct fault *f)
{
	struct buf b;

	if (!cJSON_IsString(v))
		return check_bad(
		    f, v->string != NULL ? v->string : "jq", "not a string");
	q->text = check_expand(r, v->valuestring, VARS_JSON, f);
	if (q->text == NULL)
		return -1;
	buf_init(&b, CHECK_LINE_MAX);
	if (bind_late(q, &b, f) == 0)
		q->q = jqx_set_add(r->jqs, buf_str(&b),
		    (const char *const *)q->late, q->late_n, f);
	buf_release(&b);
	return q->q != NULL ? 0 : fault_prefix(f, "jq: %s", q->text);
}

/* What both ${NAME} and jq's $NAME can be. */
static int
is_name(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return *s == '\0';
}

int
check_read_jqs(struct reader *r, const cJSON *v, int named,
    struct check_jq **out, size_t *n, struct fault *f)
{
	const cJSON *m;

	if (named ? !cJSON_IsObject(v) : !cJSON_IsArray(v))
		return check_bad(f, named ? "capture" : "jq",
		    named ? "not an object" : "not an array of expressions");
	*out = calloc((size_t)cJSON_GetArraySize(v) + 1, sizeof(**out));
	if (*out == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(m, v) {
		struct check_jq *q = &(*out)[(*n)++];

		if (named && !is_name(m->string))
			return check_bad(f, m->string, "not a variable's name");
		if (named && (q->name = strdup(m->string)) == NULL)
			return fault_nomem(f);
		if (read_jq(r, m, q, f) != 0)
			return -1;
	}
	return 0;
}

void
check_jqs_release(struct check_jq *q, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < q[i].late_n; j++)
			free(q[i].late[j]);
		free(q[i].late);
		free(q[i].name);
		free(q[i].text);
	}
	free(q);
}
