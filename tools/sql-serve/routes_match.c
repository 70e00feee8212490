/*
 * The table of routes: order and look-up.  A few dozen routes are walked one
 * by one: that is less than a microsecond beside the query that follows.
 */
#include <stdlib.h>
#include <string.h>

#include "routes.h"

/* Literal segments first, so that the first route that fits is the best. */
static int
compare(const void *a, const void *b)
{
	const struct route *x = a, *y = b;
	size_t i;

	for (i = 0; i < x->n_segments && i < y->n_segments; i++) {
		int px = x->segments[i][0] == ':',
		    py = y->segments[i][0] == ':';
		int c = px != py ? px - py :
			px       ? 0 :
				   strcmp(x->segments[i], y->segments[i]);

		if (c != 0)
			return c;
	}
	if (x->n_segments != y->n_segments)
		return x->n_segments < y->n_segments ? -1 : 1;
	return strcmp(x->method, y->method);
}

int
routes_finish(struct routes *rs, struct fault *f)
{
	size_t i;

	if (rs->n > 1)
		qsort(rs->v, rs->n, sizeof *rs->v, compare);
	for (i = 1; i < rs->n; i++) {
		const struct route *a = &rs->v[i - 1], *b = &rs->v[i];

		if (compare(a, b) != 0)
			continue;
		if (a->id > b->id)
			a = &rs->v[i], b = &rs->v[i - 1];
		return fault_set(f, FAULT_INPUT,
		    "%s:%u: %s %s: answered by %s:%u already", b->file, b->line,
		    b->method, b->path, a->file, a->line);
	}
	return 0;
}

/* Cuts a path into c: the number of segments, or -1 when it has too many. */
static int
split(const char *path, struct capture *c)
{
	const char *slash;
	int n = 0;

	if (*path != '/')
		return -1;
	while (*path == '/' && (path[1] != '\0' || n > 0)) {
		if (n == ROUTE_SEGMENTS)
			return -1;
		slash = strchrnul(path + 1, '/');
		c->at[n] = path + 1;
		c->len[n++] = (size_t)(slash - path) - 1;
		path = slash;
	}
	return n;
}

static int
fits(const struct route *r, const struct capture *c, int n)
{
	size_t i;

	if ((size_t)n != r->n_segments)
		return 0;
	for (i = 0; i < r->n_segments; i++) {
		const char *s = r->segments[i];

		if (c->len[i] == 0)
			return 0;
		if (*s != ':' && (strlen(s) != c->len[i] ||
				     memcmp(s, c->at[i], c->len[i]) != 0))
			return 0;
	}
	return 1;
}

/* Appends a method to a list "GET, HEAD" if it is not there. */
static void
allow_method(char *allow, size_t size, const char *method)
{
	size_t n = strlen(allow), m = strlen(method);

	if (strstr(allow, method) != NULL || n + m + 3 > size)
		return;
	if (n > 0) {
		memcpy(allow + n, ", ", 2);
		n += 2;
	}
	memcpy(allow + n, method, m + 1);
}

const struct route *
routes_match(const struct routes *rs, const char *method, const char *path,
    struct capture *c, char *allow, size_t size)
{
	size_t i;
	int n = split(path, c);

	allow[0] = '\0';
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (i = 0; n >= 0 && i < rs->n; i++) {
		const struct route *r = &rs->v[i];

		if (!fits(r, c, n))
			continue;
		if (strcmp(r->method, method) == 0)
			return r;
		allow_method(allow, size, r->method);
		if (strcmp(r->method, "GET") == 0)
			allow_method(allow, size, "HEAD");
	}
	if (allow[0] != '\0')
		allow_method(allow, size, "OPTIONS");
	return NULL;
}

static void
release_step(struct step *st)
{
	size_t i;

	for (i = 0; i < st->n; i++) {
		free(st->args[i].word);
		free(st->args[i].param.name);
	}
	free(st->args);
	free(st->result);
}

void
routes_release(struct routes *rs)
{
	size_t i, k;

	for (i = 0; i < rs->n; i++) {
		struct route *r = &rs->v[i];

		for (k = 0; k < r->n_segments; k++)
			free(r->segments[k]);
		for (k = 0; k < r->n_steps; k++)
			release_step(&r->steps[k]);
		for (k = 0; k < r->n_queries; k++)
			free(r->queries[k]);
		free(r->steps);
		free(r->queries);
		free(r->method);
		free(r->path);
		sql_release(&r->sql);
	}
	for (i = 0; i < rs->n_files; i++)
		free(rs->files[i]);
	free(rs->v);
	free(rs->files);
	*rs = (struct routes){ .n = 0 };
}
