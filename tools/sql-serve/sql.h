/*
 * SQL with named parameters: to what PREPARE takes.  Pure text.
 */
#ifndef SQL_H
#define SQL_H

#include <stddef.h>

#include "lib/fault.h"

enum param_kind {
	PARAM_PATH,  /* :name */
	PARAM_QUERY, /* :query.name */
	PARAM_BODY,  /* :body */
	PARAM_REDIS, /* :redis.name */
};

struct param {
	enum param_kind kind;
	char *name;     /* without its prefix; "body" for the body */
	char *cast;     /* the type behind "::", as written, or "" */
	unsigned line;  /* where it is first used */
	unsigned index; /* for who resolves names: which of its kind */
};

struct sql {
	char *text;           /* with $1, $2, ...; lines as they were */
	struct param *params; /* params[0] is $1 */
	size_t n;
};

/*
 * Rewrites one statement: each parameter becomes $N, the same one where name
 * and cast are the same, so that each N has one type.  Literals, quoted names
 * and comments are left alone; a last semicolon goes.  file and line say
 * where text starts.  -1 with FAULT_INPUT, "FILE:LINE: reason" for something
 * unclosed, a second statement, a $N, or no statement at all.
 */
int sql_rewrite(struct sql *q, const char *text, size_t len, const char *file,
    unsigned line, struct fault *f);
void sql_release(struct sql *q);

/*
 * Reads the parameter at p (behind its colon): its bytes, or 0 when there is
 * none.  p_out->name is to be freed; cast, line and index are not set.  -1
 * without memory or for an unknown prefix, with f filled (without a line).
 */
int
param_read(struct param *out, const char *p, const char *end, struct fault *f);

#endif
