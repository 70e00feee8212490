/*
 * Routes as text: METHOD PATH [STATUS] and, indented, Redis steps and one SQL
 * statement.  See sql-serve(8).
 */
#ifndef ROUTES_H
#define ROUTES_H

#include <stddef.h>

#include "lib/fault.h"
#include "sql.h"

#define ROUTE_SEGMENTS 16 /* of a path */

/* An argument of a Redis command: a word, or a parameter. */
struct step_arg {
	char *word; /* NULL: param */
	struct param param;
};

struct step {
	char *result; /* for :redis.NAME, or NULL */
	struct step_arg *args;
	size_t n;
	unsigned line;
};

struct route {
	char *method, *path;
	char *segments[ROUTE_SEGMENTS]; /* a parameter starts with ':' */
	size_t n_segments;
	int status;
	const char *file;  /* the table's */
	unsigned line;     /* of its head */
	unsigned sql_line; /* of the statement's first line */
	unsigned id;       /* counted from 0 over all files */
	struct step *steps;
	size_t n_steps;
	char **queries; /* the names of its :query parameters */
	size_t n_queries;
	struct sql sql;
};

struct routes {
	struct route *v; /* literal segments before parameters */
	size_t n;
	char **files;
	size_t n_files;
};

/*
 * Adds a file's routes: 0, or -1 with "FILE:LINE: reason" (FAULT_INPUT).
 * All names are resolved: param.index is a segment, a query or a step.
 */
int routes_load(struct routes *rs, const char *path, struct fault *f);

/*
 * To be called once behind the last file: orders the routes.  -1 when two
 * answer the same request.
 */
int routes_finish(struct routes *rs, struct fault *f);

void routes_release(struct routes *rs);

/* What a request's path says for each segment; slices of the path. */
struct capture {
	const char *at[ROUTE_SEGMENTS];
	size_t len[ROUTE_SEGMENTS];
};

/*
 * The route for a request, or NULL.  HEAD finds GET.  Without one, allow
 * (size bytes) lists the methods that the path has ("" for none).
 */
const struct route *routes_match(const struct routes *rs, const char *method,
    const char *path, struct capture *c, char *allow, size_t size);

#endif
