/*
 * Sets of jq expressions: see jqx.h.  Every expression becomes a function of
 * one program that is run on [number, variables, input] and calls the
 * function with that number through a tree of ifs.
 */
#include "jqx_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What expressions see in place of jq's ways to the outside. */
static const char prelude[] =
    "def input: error(\"input: not available here\");\n"
    "def inputs: input;\n"
    "def debug: .;\n"
    "def stderr: .;\n"
    "def halt: error(\"halt: not available here\");\n"
    "def halt_error: error(.);\n"
    "def halt_error(status): error(.);\n"
    "def env: {};\n"
    "def input_filename: null;\n"
    "def input_line_number: 0;\n"
    "{} as $ENV | . as [$__n, $__vars, $__most, $__input] |\n";

/*
 * Around the expression: its outputs up to $__most, or with 0 up to the first
 * that is false or null.  It is jq that stops: a run that was left between two
 * outputs of path() is an assertion of the next one's start in jq 1.6.
 */
static const char before[] = "label $__end | foreach ($__input | (";
static const char behind[] =
    ")) as $__o (0; . + 1; $__o, if if $__most > 0 then . >= $__most "
    "else $__o | not end then break $__end else empty end)";

struct jqx_set {
	struct jqx_program *programs; /* newest first */
};

static void
on_error(void *arg, jv message)
{
	struct jqx_program *p = arg;

	if (jv_get_kind(message) == JV_KIND_STRING) {
		buf_adds(&p->errors, jv_string_value(message));
		buf_addc(&p->errors, '\n');
	}
	jv_free(message);
}

static void
program_free(struct jqx_program *p)
{
	size_t i, j;

	for (i = 0; i < p->n; i++) {
		for (j = 0; j < p->v[i]->names_n; j++)
			free(p->v[i]->names[j]);
		free(p->v[i]->names);
		free(p->v[i]->text);
		jv_free(p->v[i]->vars);
		free(p->v[i]);
	}
	if (p->jq != NULL)
		jq_teardown(&p->jq);
	buf_release(&p->errors);
	free(p);
}

static struct jqx_program *
program_new(struct fault *f)
{
	struct jqx_program *p = calloc(1, sizeof *p);

	if (p == NULL || (p->jq = jq_init()) == NULL) {
		free(p);
		fault_nomem(f);
		return NULL;
	}
	buf_init(&p->errors, 4096);
	jq_set_error_cb(p->jq, on_error, p);
	/* without these, import in an expression is an assertion of jq's */
	jq_set_attr(p->jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
	jq_set_attr(p->jq, jv_string("JQ_ORIGIN"), jv_string("."));
	jq_set_attr(p->jq, jv_string("PROGRAM_ORIGIN"), jv_string("."));
	return p;
}

/*
 * jq's first message on one line: "jq: error: syntax error, unexpected ...
 * (Unix shell quoting issues?) at <top-level>, line 1:" and the text again.
 */
static int
compile_fault(struct jqx_program *p, const char *expression, struct fault *f)
{
	const char *s = buf_str(&p->errors), *end;

	if (p->errors.failed == ENOMEM)
		return fault_nomem(f);
	if (*s == '\0')
		s = "does not compile";
	if (strncmp(s, "jq: error: ", 11) == 0)
		s += 11;
	end = strstr(s, " (Unix shell");
	if (end == NULL)
		end = strstr(s, " at <top-level>");
	if (end == NULL)
		end = s + strcspn(s, "\n");
	return fault_set(
	    f, FAULT_INPUT, "%.300s: %.*s", expression, (int)(end - s), s);
}

/*
 * jq parses before it loads modules, and builtins last: with a module that
 * is not there, everything but the parsing is skipped.
 */
static int
check_syntax(struct jqx_program *p, const char *expression, struct fault *f)
{
	static const char guard[] = "import \"./inttest-no-such\" as __x; ";
	struct buf b;
	int rc = 0;

	buf_init(&b, JQX_SOURCE_MAX);
	buf_adds(&b, guard);
	buf_adds(&b, expression);
	if (buf_check(&b, "expression", f) != 0) {
		buf_release(&b);
		return -1;
	}
	buf_clear(&p->errors);
	jq_compile(p->jq, b.data);
	if (strstr(buf_str(&p->errors),
		"module not found: ./inttest-no-such\n") == NULL)
		rc = compile_fault(p, expression, f);
	buf_release(&b);
	return rc;
}

/* def __eN: $__vars["A"] as $A | (expression); */
static void
write_function(struct buf *b, const struct jqx *q)
{
	size_t i;

	buf_addf(b, "def __e%zu: ", q->number);
	for (i = 0; i < q->names_n; i++)
		buf_addf(
		    b, "$__vars[\"%s\"] as $%s | ", q->names[i], q->names[i]);
	buf_addf(b, "(%s\n);\n", q->text);
}

static void
write_choice(struct buf *b, size_t from, size_t to)
{
	size_t mid = from + (to - from) / 2;

	if (to - from == 1) {
		buf_addf(b, "__e%zu", from);
		return;
	}
	buf_addf(b, "if $__n < %zu then ", mid);
	write_choice(b, from, mid);
	buf_adds(b, " else ");
	write_choice(b, mid, to);
	buf_adds(b, " end");
}

/* Compiles expressions from to to of p: 1 done, 0 not, -1 fault. */
static int
try_compile(struct jqx_program *p, size_t from, size_t to, struct fault *f)
{
	struct buf b;
	size_t i;
	int rc;

	buf_init(&b, JQX_SOURCE_MAX);
	buf_adds(&b, prelude);
	for (i = from; i < to; i++)
		write_function(&b, p->v[i]);
	buf_adds(&b, before);
	write_choice(&b, from, to);
	buf_adds(&b, behind);
	rc = buf_check(&b, "expressions", f);
	buf_clear(&p->errors);
	if (rc == 0)
		rc = jq_compile(p->jq, b.data) != 0;
	buf_release(&b);
	return rc;
}

int
jqx_program_compile(struct jqx_program *p, struct fault *f)
{
	size_t i;
	int rc;

	if (p->compiled == p->n)
		return 0;
	p->compiled = 0;
	rc = try_compile(p, 0, p->n, f);
	if (rc == 1) {
		p->compiled = p->n;
		return 0;
	}
	/* which one it was: each alone, as nobody is in a hurry now */
	for (i = 0; rc == 0 && i < p->n; i++) {
		rc = try_compile(p, i, i + 1, f);
		if (rc == 0)
			return compile_fault(p, p->v[i]->text, f);
		rc = rc == 1 ? 0 : rc;
	}
	return rc == 0 ? fault_set(f, FAULT_INPUT,
			     "expressions do not compile together") :
			 -1;
}

struct jqx_set *
jqx_set_new(struct fault *f)
{
	struct jqx_set *s = calloc(1, sizeof *s);

	if (s == NULL)
		fault_nomem(f);
	return s;
}

void
jqx_set_free(struct jqx_set *s)
{
	struct jqx_program *p;

	if (s == NULL)
		return;
	while ((p = s->programs) != NULL) {
		s->programs = p->next;
		program_free(p);
	}
	free(s);
}

/* 1 when jq takes s as the name of a variable. */
static int
is_name(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t n = strspn(s, first);

	return n > 0 && strncmp(s, "__", 2) != 0 &&
	       strspn(s, "0123456789abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == strlen(s);
}

static int
names_copy(struct jqx *q, const char *const *names, size_t n, struct fault *f)
{
	q->names = calloc(n > 0 ? n : 1, sizeof *q->names);
	if (q->names == NULL)
		return fault_nomem(f);
	for (; q->names_n < n; q->names_n++) {
		const char *name = names[q->names_n];

		if (!is_name(name))
			return fault_set(f, FAULT_INPUT,
			    "%.100s: not a name for a variable", name);
		q->names[q->names_n] = strdup(name);
		if (q->names[q->names_n] == NULL)
			return fault_nomem(f);
	}
	return 0;
}

/*
 * An expression that is there already, as when a script has written the checks;
 * NULL when there is none.  Only the program at hand is looked through.
 */
static struct jqx *
same(const struct jqx_program *p, const char *expression, size_t names_n)
{
	size_t i;

	/* one with variables keeps what is bound to them to itself */
	for (i = 0; names_n == 0 && p != NULL && i < p->n; i++)
		if (p->v[i]->names_n == 0 &&
		    strcmp(p->v[i]->text, expression) == 0)
			return p->v[i];
	return NULL;
}

struct jqx *
jqx_set_add(struct jqx_set *s, const char *expression, const char *const *names,
    size_t n, struct fault *f)
{
	struct jqx_program *p = s->programs;
	struct jqx *q = same(p, expression, n);

	if (q != NULL)
		return q;
	if (p == NULL || p->n == JQX_PROGRAM_MAX) {
		p = program_new(f);
		if (p == NULL)
			return NULL;
		p->next = s->programs;
		s->programs = p;
	}
	q = calloc(1, sizeof *q);
	if (q == NULL) {
		fault_nomem(f);
		return NULL;
	}
	q->program = p;
	q->number = p->n;
	q->vars = jv_object();
	p->v[p->n++] = q;
	q->text = strdup(expression);
	if (q->text == NULL)
		fault_nomem(f);
	else if (names_copy(q, names, n, f) == 0 &&
		 check_syntax(p, expression, f) == 0) {
		p->compiled = 0; /* the check has dropped the program */
		return q;
	}
	/* leave no half one behind */
	p->n--;
	p->compiled = 0;
	while (q->names_n > 0)
		free(q->names[--q->names_n]);
	free(q->names);
	free(q->text);
	jv_free(q->vars);
	free(q);
	return NULL;
}

int
jqx_set_compile(struct jqx_set *s, struct fault *f)
{
	struct jqx_program *p;

	for (p = s->programs; p != NULL; p = p->next)
		if (jqx_program_compile(p, f) != 0)
			return -1;
	return 0;
}
