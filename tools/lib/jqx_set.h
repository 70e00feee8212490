/*
 * Between the rooms of jqx: what an expression and its program are.
 */
#ifndef JQX_SET_H
#define JQX_SET_H

#include <jq.h>

#include "jqx.h"

#define JQX_PROGRAM_MAX 128 /* expressions: jq binds in quadratic time */
#define JQX_SOURCE_MAX (8 << 20)

struct jqx_program;

struct jqx {
	struct jqx_program *program;
	struct jqx_set *own; /* the set of a single one, or NULL */
	size_t number;       /* within the program */
	char *text;
	char **names;
	size_t names_n;
	jv vars;
};

struct jqx_program {
	struct jqx_program *next;
	jq_state *jq;
	struct buf errors; /* what jq says while compiling */
	struct jqx *v[JQX_PROGRAM_MAX];
	size_t n, compiled; /* expressions, and those of them in jq */
};

/* Compiles p unless it is: 0, or -1 as jqx_set_compile. */
int jqx_program_compile(struct jqx_program *p, struct fault *f);

#endif
