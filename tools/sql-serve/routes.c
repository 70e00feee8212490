/*
 * The parser of routes: see routes.h.  All that can be wrong is found when the
 * file is read, with its line; a server that started does not fail later over
 * a name that was mistyped.
 */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/opt.h"

#define FILE_MAX ((size_t)1 << 20)

struct parser {
	struct routes *rs;
	const char *file;
	unsigned line;
	struct route *route; /* whose body is being read, or NULL */
	struct buf sql;
	struct fault *f;
};

static int
wrong(struct parser *p, unsigned line, const char *why)
{
	return fault_set(p->f, FAULT_INPUT, "%s:%u: %s", p->file, line, why);
}

/* The next word of a line; *at moves behind it.  Its bytes, 0 at the end. */
static size_t
next_word(const char **at, const char *end, const char **word)
{
	while (*at < end && strchr(" \t\r", **at) != NULL)
		++*at;
	*word = *at;
	while (*at < end && strchr(" \t\r", **at) == NULL)
		++*at;
	return (size_t)(*at - *word);
}

/* ---- names ---- */

static int
resolve_query(struct route *r, struct param *p, struct fault *f)
{
	char **more;
	size_t i;

	for (i = 0; i < r->n_queries; i++)
		if (strcmp(r->queries[i], p->name) == 0)
			break;
	if (i == r->n_queries) {
		more = reallocarray(r->queries, i + 1, sizeof *more);
		if (more == NULL)
			return fault_nomem(f);
		r->queries = more;
		more[i] = strdup(p->name);
		if (more[i] == NULL)
			return fault_nomem(f);
		r->n_queries++;
	}
	p->index = (unsigned)i;
	return 0;
}

/* Finds what a parameter stands for; steps: how many have run before it. */
static int
resolve(struct route *r, struct param *p, size_t steps, struct fault *f)
{
	size_t i;

	switch (p->kind) {
	case PARAM_BODY:
		return 0;
	case PARAM_QUERY:
		return resolve_query(r, p, f);
	case PARAM_PATH:
		for (i = 0; i < r->n_segments; i++)
			if (r->segments[i][0] == ':' &&
			    strcmp(r->segments[i] + 1, p->name) == 0) {
				p->index = (unsigned)i;
				return 0;
			}
		return fault_set(f, FAULT_INPUT,
		    "%s:%u: :%s: no such parameter in %s", r->file, p->line,
		    p->name, r->path);
	default:
		for (i = steps; i > 0; i--)
			if (r->steps[i - 1].result != NULL &&
			    strcmp(r->steps[i - 1].result, p->name) == 0) {
				p->index = (unsigned)i - 1;
				return 0;
			}
		return fault_set(f, FAULT_INPUT,
		    "%s:%u: :redis.%s: no redis step before gives it", r->file,
		    p->line, p->name);
	}
}

/* ---- Redis steps ---- */

static int
add_arg(struct parser *p, struct step *st, const char *word, size_t len)
{
	struct step_arg *more, arg = { .word = NULL };
	int n = 0;

	more = reallocarray(st->args, st->n + 1, sizeof *more);
	if (more == NULL)
		return fault_nomem(p->f);
	st->args = more;
	if (word[0] == ':' && len > 1) {
		n = param_read(&arg.param, word + 1, word + len, p->f);
		if (n < 0)
			return fault_prefix(p->f, "%s:%u", p->file, p->line);
	}
	arg.param.line = p->line;
	if (n > 0 && (size_t)n + 1 != len) {
		free(arg.param.name);
		return wrong(
		    p, p->line, "a parameter must be the whole of an argument");
	}
	if (n == 0 && (arg.word = strndup(word, len)) == NULL)
		return fault_nomem(p->f);
	more[st->n++] = arg;
	return n > 0 ? resolve(p->route, &more[st->n - 1].param,
			   (size_t)(st - p->route->steps), p->f) :
		       0;
}

/* "redis [NAME =] COMMAND ARG...", at behind "redis". */
static int
read_step(struct parser *p, const char *at, const char *end)
{
	struct route *r = p->route;
	const char *word, *eq, *behind;
	struct step *st;
	size_t n;

	st = reallocarray(r->steps, r->n_steps + 1, sizeof *st);
	if (st == NULL)
		return fault_nomem(p->f);
	r->steps = st;
	st += r->n_steps++;
	*st = (struct step){ .line = p->line };
	n = next_word(&at, end, &word);
	behind = at;
	if (n > 0 && next_word(&behind, end, &eq) == 1 && *eq == '=') {
		st->result = strndup(word, n);
		if (st->result == NULL)
			return fault_nomem(p->f);
		at = behind;
		n = next_word(&at, end, &word);
	}
	for (; n > 0; n = next_word(&at, end, &word))
		if (add_arg(p, st, word, n) != 0)
			return -1;
	if (st->n == 0)
		return wrong(p, p->line, "a redis step without a command");
	if (st->args[0].word == NULL)
		return wrong(
		    p, p->line, "a redis command cannot be a parameter");
	return 0;
}

/* ---- heads ---- */

static int
known_method(const char *m)
{
	static const char *const known[] = { "GET", "POST", "PUT", "PATCH",
		"DELETE" };
	size_t i;

	for (i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(m, known[i]) == 0)
			return 1;
	return 0;
}

static int
bad_segment(const struct route *r, const char *s)
{
	size_t i;

	if (*s == '\0')
		return 1;
	if (*s != ':')
		return 0;
	s++;
	if (*s == '\0' || (*s >= '0' && *s <= '9') ||
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0' ||
	    strcmp(s, "body") == 0)
		return 1;
	for (i = 0; i < r->n_segments; i++)
		if (strcmp(r->segments[i], s - 1) == 0)
			return 1;
	return 0;
}

static int
split_path(struct parser *p, struct route *r)
{
	const char *at = r->path, *slash;
	char *s;

	if (*at != '/')
		return wrong(p, p->line, "a path must start with /");
	while (*at == '/' && at[1] != '\0') {
		slash = strchrnul(at + 1, '/');
		if (r->n_segments == ROUTE_SEGMENTS)
			return wrong(p, p->line, "too many segments");
		s = strndup(at + 1, (size_t)(slash - at) - 1);
		if (s == NULL)
			return fault_nomem(p->f);
		if (bad_segment(r, s)) {
			free(s);
			return wrong(p, p->line,
			    "a bad segment (empty, a parameter twice, or "
			    "a name that is none)");
		}
		r->segments[r->n_segments++] = s;
		at = slash;
	}
	if (*at == '/' && r->n_segments > 0)
		return wrong(p, p->line, "a path must not end with /");
	return 0;
}

static int
read_head(struct parser *p, const char *at, const char *end)
{
	struct route *r;
	const char *method, *path, *status, *more;
	size_t m, n, s;
	char digits[8];
	long long number = 200;

	r = reallocarray(p->rs->v, p->rs->n + 1, sizeof *r);
	if (r == NULL)
		return fault_nomem(p->f);
	p->rs->v = r;
	p->route = r += p->rs->n;
	*r = (struct route){
		.file = p->file, .line = p->line, .id = (unsigned)p->rs->n++
	};
	m = next_word(&at, end, &method);
	n = next_word(&at, end, &path);
	s = next_word(&at, end, &status);
	if (next_word(&at, end, &more) != 0 || n == 0 || s >= sizeof digits)
		return wrong(p, p->line, "expected METHOD PATH [STATUS]");
	r->method = strndup(method, m);
	r->path = strndup(path, n);
	if (r->method == NULL || r->path == NULL)
		return fault_nomem(p->f);
	if (!known_method(r->method))
		return wrong(
		    p, p->line, "not a method (GET, POST, PUT, PATCH, DELETE)");
	if (s > 0) {
		memcpy(digits, status, s);
		digits[s] = '\0';
		if (opt_number("status", digits, 200, 299, &number, p->f) != 0)
			return fault_prefix(p->f, "%s:%u", p->file, p->line);
	}
	r->status = (int)number;
	return split_path(p, r);
}

/* ---- files ---- */

static int
finish_route(struct parser *p)
{
	struct route *r = p->route;
	size_t i;

	if (r == NULL)
		return 0;
	if (p->sql.len == 0)
		return wrong(p, r->line, "a route without an SQL statement");
	if (buf_check(&p->sql, p->file, p->f) != 0 ||
	    sql_rewrite(&r->sql, p->sql.data, p->sql.len, p->file, r->sql_line,
		p->f) != 0)
		return -1;
	for (i = 0; i < r->sql.n; i++)
		if (resolve(r, &r->sql.params[i], r->n_steps, p->f) != 0)
			return -1;
	buf_clear(&p->sql);
	p->route = NULL;
	return 0;
}

static int
read_body(struct parser *p, const char *line, const char *end)
{
	const char *at = line, *word;
	size_t n = next_word(&at, end, &word);

	if (p->route == NULL)
		return wrong(p, p->line, "an indented line before any route");
	if (p->sql.len == 0 && n == 5 && memcmp(word, "redis", 5) == 0)
		return read_step(p, at, end);
	if (p->sql.len == 0)
		p->route->sql_line = p->line;
	buf_add(&p->sql, line, (size_t)(end - line));
	buf_addc(&p->sql, '\n');
	return buf_check(&p->sql, p->file, p->f);
}

static int
read_line(struct parser *p, const char *line, const char *end)
{
	const char *at = line, *word;

	if (memchr(line, '\0', (size_t)(end - line)) != NULL)
		return wrong(p, p->line, "a NUL byte");
	if (next_word(&at, end, &word) == 0 || *line == '#') {
		/* lines of a statement keep their numbers */
		if (p->sql.len > 0)
			buf_addc(&p->sql, '\n');
		return 0;
	}
	if (*line == ' ' || *line == '\t')
		return read_body(p, line, end);
	if (finish_route(p) != 0)
		return -1;
	return read_head(p, line, end);
}

static const char *
keep_name(struct routes *rs, const char *path)
{
	char **more = reallocarray(rs->files, rs->n_files + 1, sizeof *more);

	if (more == NULL)
		return NULL;
	rs->files = more;
	more[rs->n_files] = strdup(path);
	return more[rs->n_files] != NULL ? more[rs->n_files++] : NULL;
}

int
routes_load(struct routes *rs, const char *path, struct fault *f)
{
	struct parser p = { .rs = rs, .f = f };
	struct buf text;
	const char *at, *end, *nl;
	int rc = -1;

	buf_init(&text, FILE_MAX);
	buf_init(&p.sql, FILE_MAX);
	p.file = keep_name(rs, path);
	if (p.file == NULL) {
		fault_nomem(f);
		goto out;
	}
	if (buf_read_file(&text, path, f) != 0)
		goto out;
	for (at = buf_str(&text), end = at + text.len; at < end; at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		if (nl == NULL)
			nl = end;
		p.line++;
		if (read_line(&p, at, nl) != 0)
			goto out;
	}
	rc = finish_route(&p);
out:
	buf_release(&p.sql);
	buf_release(&text);
	return rc;
}
