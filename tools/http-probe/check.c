/*
 * Reading checks: see check.h.  A table says which member goes where; what a
 * template still lacks when its line is read must be captured by an earlier
 * check of the group, so a run never starts that could not end.
 */
#include "http-probe/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http-probe/check_rules.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/scan.h"

#define LINE_MAX_BYTES (4 << 20) /* of one check */
#define CAPTURES_MAX 1000        /* names that one group may capture */

struct reader {
	struct check *check;
	struct jqx_set *jqs;
	const struct vars *vars;
	const char *known[CAPTURES_MAX]; /* captured earlier in the group */
	size_t known_n;
};

static int
bad(struct fault *f, const char *what, const char *why)
{
	return fault_set(f, FAULT_INPUT, "%s: %s", what, why);
}

/* A template with all that is known now replaced, for the caller to free. */
static char *
expand(const struct reader *r, const char *text, enum vars_mode mode,
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
	buf_init(&b, LINE_MAX_BYTES);
	vars_expand(r->vars, text, mode, &b);
	s = buf_take(&b);
	buf_release(&b);
	if (s == NULL)
		fault_nomem(f);
	return s;
}

static int
read_text(struct reader *r, const cJSON *v, enum vars_mode mode, char **out,
    struct fault *f)
{
	if (!cJSON_IsString(v))
		return bad(f, v->string, "not a string");
	free(*out);
	*out = expand(r, v->valuestring, mode, f);
	return *out != NULL ? 0 : -1;
}

static int
read_count(const cJSON *v, long long least, long long *out, struct fault *f)
{
	if (!cJSON_IsNumber(v) || v->valuedouble < (double)least ||
	    v->valuedouble > 1e6 ||
	    v->valuedouble != (double)(long long)v->valuedouble)
		return fault_set(f, FAULT_INPUT,
		    "%s: not a whole number from %lld to 1000000", v->string,
		    least);
	*out = (long long)v->valuedouble;
	return 0;
}

static int
read_headers(struct reader *r, const cJSON *v, int expected,
    struct check_header **out, size_t *n, struct fault *f)
{
	struct check_header *h;
	const cJSON *m;

	if (!cJSON_IsObject(v))
		return bad(f, "headers", "not an object");
	*out = calloc((size_t)cJSON_GetArraySize(v) + 1, sizeof(**out));
	if (*out == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(m, v) {
		h = &(*out)[(*n)++];
		h->name = strdup(m->string);
		if (h->name == NULL)
			return fault_nomem(f);
		if (read_text(r, m, expected ? VARS_REGEX : VARS_PLAIN,
			&h->value, f) != 0 ||
		    (expected ? check_header_expect(h, f) :
				rules_header(h->name, h->value, f)) != 0)
			return -1;
	}
	return 0;
}

static int
read_status(struct check *c, const cJSON *v, struct fault *f)
{
	const cJSON *one = cJSON_IsArray(v) ? v->child : v;
	size_t n = cJSON_IsArray(v) ? (size_t)cJSON_GetArraySize(v) : 1;

	if (n == 0)
		return bad(f, "status", "none is allowed");
	c->status = calloc(n, sizeof(*c->status));
	if (c->status == NULL)
		return fault_nomem(f);
	for (; c->status_n < n; one = one->next) {
		if (!cJSON_IsNumber(one) || one->valueint < 100 ||
		    one->valueint > 599 ||
		    one->valuedouble != (double)one->valueint)
			return bad(f, "status", "not a number from 100 to 599");
		c->status[c->status_n++] = one->valueint;
	}
	return 0;
}

static int
read_jq(struct reader *r, const cJSON *v, struct check_jq *q, struct fault *f)
{
	if (!cJSON_IsString(v))
		return bad(
		    f, v->string != NULL ? v->string : "jq", "not a string");
	q->text = expand(r, v->valuestring, VARS_JSON, f);
	return q->text != NULL ? check_jq_add(q, r->jqs, f) : -1;
}

static int
read_jqs(struct reader *r, const cJSON *v, int named, struct check_jq **out,
    size_t *n, struct fault *f)
{
	const cJSON *m;

	if (named ? !cJSON_IsObject(v) : !cJSON_IsArray(v))
		return bad(f, named ? "capture" : "jq",
		    named ? "not an object" : "not an array of expressions");
	*out = calloc((size_t)cJSON_GetArraySize(v) + 1, sizeof(**out));
	if (*out == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(m, v) {
		struct check_jq *q = &(*out)[(*n)++];

		if (named && rules_variable(m->string, f) != 0)
			return -1;
		if (named && (q->name = strdup(m->string)) == NULL)
			return fault_nomem(f);
		if (read_jq(r, m, q, f) != 0)
			return -1;
	}
	return 0;
}

static int
read_expect(struct reader *r, const cJSON *v, struct fault *f)
{
	struct check *c = r->check;
	const cJSON *m;
	int rc = 0;

	if (!cJSON_IsObject(v))
		return bad(f, "expect", "not an object");
	cJSON_ArrayForEach(m, v) {
		if (strcmp(m->string, "status") == 0)
			rc = read_status(c, m, f);
		else if (strcmp(m->string, "headers") == 0)
			rc = read_headers(r, m, 1, &c->expect_headers,
			    &c->expect_headers_n, f);
		else if (strcmp(m->string, "jq") == 0)
			rc = read_jqs(r, m, 0, &c->jq, &c->jq_n, f);
		else if (strcmp(m->string, "max_ms") == 0) {
			if (!cJSON_IsNumber(m) || m->valuedouble <= 0)
				rc = bad(f, "max_ms", "not a number above 0");
			c->max_ms = m->valuedouble;
		} else
			rc = bad(f, m->string, "unknown member of expect");
		if (rc != 0)
			return fault_prefix(f, "expect");
	}
	return 0;
}

static int
read_retry(struct check *c, const cJSON *v, struct fault *f)
{
	const cJSON *m;
	int rc = 0;

	if (!cJSON_IsObject(v))
		return bad(f, "retry", "not an object");
	cJSON_ArrayForEach(m, v) {
		if (strcmp(m->string, "times") == 0)
			rc = read_count(m, 0, &c->retries, f);
		else if (strcmp(m->string, "delay") != 0)
			rc = bad(f, m->string, "unknown member of retry");
		else if (!cJSON_IsString(m) ||
			 clock_duration(m->valuestring, &c->retry_delay) != 0)
			rc =
			    bad(f, "delay", "not a duration such as \"200ms\"");
		if (rc != 0)
			return fault_prefix(f, "retry");
	}
	return 0;
}

/* The body keeps the digits that stand in the line: cJSON would round them. */
static int
read_json_body(struct reader *r, const char *line, size_t len, struct fault *f)
{
	struct scan_value v;
	char *raw;

	if (scan_path(line, len, "json", &v, f) != 1)
		return bad(f, "json", "cannot be read");
	raw = strndup(v.at, v.len);
	if (raw == NULL)
		return fault_nomem(f);
	r->check->body = expand(r, raw, VARS_JSON, f);
	r->check->json = 1;
	free(raw);
	return r->check->body != NULL ? 0 : -1;
}

static int
read_member(struct reader *r, const cJSON *m, const char *line, size_t len,
    struct fault *f)
{
	struct check *c = r->check;
	const struct {
		const char *name;
		char **at;
	} strings[] = { { "name", &c->name }, { "service", &c->service },
		{ "method", &c->method }, { "path", &c->path },
		{ "route", &c->route }, { "group", &c->group } };
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (strcmp(m->string, strings[i].name) == 0)
			return read_text(r, m, VARS_PLAIN, strings[i].at, f);
	if (strcmp(m->string, "headers") == 0)
		return read_headers(r, m, 0, &c->headers, &c->headers_n, f);
	if (strcmp(m->string, "body") == 0 || strcmp(m->string, "json") == 0) {
		if (c->body != NULL)
			return bad(f, m->string, "there is a body already");
		return *m->string == 'b' ?
			   read_text(r, m, VARS_PLAIN, &c->body, f) :
			   read_json_body(r, line, len, f);
	}
	if (strcmp(m->string, "expect") == 0)
		return read_expect(r, m, f);
	if (strcmp(m->string, "capture") == 0)
		return read_jqs(r, m, 1, &c->captures, &c->captures_n, f);
	if (strcmp(m->string, "repeat") == 0)
		return read_count(m, 1, &c->repeat, f);
	if (strcmp(m->string, "retry") == 0)
		return read_retry(c, m, f);
	return bad(f, m->string, "unknown member");
}

/* The route that groups its calls: the path as written, without the query. */
static char *
default_route(const cJSON *v)
{
	const char *path = json_str(v, "path", NULL);

	return path != NULL ? strndup(path, strcspn(path, "?")) : NULL;
}

static int
complete(struct check *c, const cJSON *v, struct fault *f)
{
	if (c->name == NULL || *c->name == '\0')
		return bad(f, "name", "is missing");
	if (c->path == NULL)
		return bad(f, "path", "is missing");
	if (rules_path(c->path, f) != 0)
		return -1;
	if (c->method == NULL && (c->method = strdup("GET")) == NULL)
		return fault_nomem(f);
	if (c->method[strspn(c->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0')
		return bad(f, "method", "not a method");
	if (c->route == NULL && (c->route = default_route(v)) == NULL)
		return fault_nomem(f);
	return 0;
}

/* What earlier checks of the same group in the same file capture. */
static int
collect_known(struct reader *r, const struct checks *all, const char *group,
    struct fault *f)
{
	const struct check *c;
	size_t i, j;

	r->known_n = 0;
	if (group == NULL)
		return 0;
	for (i = 0; i < all->n; i++) {
		c = &all->v[i];
		if (c->file != r->check->file || c->group == NULL ||
		    strcmp(c->group, group) != 0)
			continue;
		for (j = 0; j < c->captures_n; j++) {
			if (r->known_n == CAPTURES_MAX)
				return bad(f, group, "captures too many names");
			r->known[r->known_n++] = c->captures[j].name;
		}
	}
	return 0;
}

static int
read_check(struct reader *r, const struct checks *all, const char *line,
    size_t len, struct fault *f)
{
	cJSON *v = json_parse(line, len, f);
	const cJSON *m;
	size_t i;
	int rc;

	if (v == NULL)
		return -1;
	if (!cJSON_IsObject(v))
		rc = bad(f, "check", "not a JSON object");
	else if ((rc = rules_zero(line, len, f)) == 0)
		rc = rules_unique(v, f);
	if (rc == 0)
		rc = collect_known(r, all, json_str(v, "group", NULL), f);
	cJSON_ArrayForEach(m, v) {
		if (rc != 0)
			break;
		rc = read_member(r, m, line, len, f);
	}
	if (rc == 0)
		rc = complete(r->check, v, f);
	for (i = 0; rc == 0 && i < all->n; i++)
		if (all->v[i].file == r->check->file &&
		    strcmp(all->v[i].name, r->check->name) == 0)
			rc = fault_set(f, FAULT_INPUT,
			    "name: line %lu has it already: %s", all->v[i].line,
			    r->check->name);
	cJSON_Delete(v);
	return rc;
}

static void
check_release(struct check *c)
{
	free(c->name);
	free(c->group);
	free(c->service);
	free(c->method);
	free(c->path);
	free(c->route);
	free(c->body);
	free(c->status);
	check_headers_free(c->headers, c->headers_n);
	check_headers_free(c->expect_headers, c->expect_headers_n);
	check_jqs_free(c->jq, c->jq_n);
	check_jqs_free(c->captures, c->captures_n);
}

int
checks_read(struct checks *c, const char *path, const struct vars *vars,
    struct fault *f)
{
	struct reader *r = calloc(1, sizeof(*r));
	struct scan *s = scan_open(path, LINE_MAX_BYTES, f);
	struct check *grown;
	const char *line;
	size_t len;
	int rc = -1;

	if (r == NULL || s == NULL)
		goto out;
	if (c->jqs == NULL && (c->jqs = jqx_set_new(f)) == NULL)
		goto out;
	r->jqs = c->jqs;
	while ((rc = scan_next(s, &line, &len, f)) == 1) {
		grown = reallocarray(c->v, c->n + 1, sizeof(*grown));
		if (grown == NULL) {
			rc = fault_nomem(f);
			break;
		}
		c->v = grown;
		grown[c->n] = (struct check){ .file = path,
			.line = scan_line(s),
			.repeat = 1,
			.retry_delay = 200 };
		r->check = &grown[c->n];
		r->vars = vars;
		if (read_check(r, c, line, len, f) != 0) {
			check_release(r->check);
			rc = fault_prefix(
			    f, "%s:%lu", scan_name(s), scan_line(s));
			break;
		}
		c->n++;
	}
out:
	if (r == NULL)
		fault_nomem(f);
	scan_close(s);
	free(r);
	return rc;
}

/* 1 when one of the expressions is what the message begins with. */
static int
blamed(const struct check_jq *q, size_t n, const char *message)
{
	const char *text;
	size_t i;

	for (i = 0; i < n; i++) {
		text = jqx_text(q[i].q);
		if (strncmp(message, text, strlen(text)) == 0)
			return 1;
	}
	return 0;
}

int
checks_compile(struct checks *c, struct fault *f)
{
	const struct check *one;
	size_t i;

	if (c->jqs == NULL || jqx_set_compile(c->jqs, f) == 0)
		return 0;
	for (i = 0; i < c->n; i++) {
		one = &c->v[i];
		if (blamed(one->jq, one->jq_n, f->msg) ||
		    blamed(one->captures, one->captures_n, f->msg))
			return fault_prefix(f, "%s:%lu",
			    strcmp(one->file, "-") == 0 ? "stdin" : one->file,
			    one->line);
	}
	return -1;
}

void
checks_release(struct checks *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		check_release(&c->v[i]);
	free(c->v);
	jqx_set_free(c->jqs);
	*c = (struct checks){ 0 };
}
