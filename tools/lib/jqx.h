/*
 * jq expressions, compiled once and run on many values: the door to libjq.
 *
 * libjq compiles its own library of builtins along with every program, 15 ms
 * each time.  Whoever has more than a few expressions adds them to a set,
 * which is compiled as one program.  Numbers are doubles, as in jq 1.6.
 * What would reach outside is taken from expressions: env and $ENV are empty,
 * input and inputs fail, debug and stderr print nothing, halt is an error,
 * import and include are refused.
 */
#ifndef JQX_H
#define JQX_H

#include <stddef.h>

#include "buf.h"
#include "fault.h"
#include "json.h"

struct jqx;
struct jqx_set;

/*
 * Compiles an expression.  vars (may be NULL) is a JSON object whose members
 * become $name variables.  NULL with jq's own message (FAULT_INPUT).
 */
struct jqx *jqx_new(const char *expression, const cJSON *vars, struct fault *f);

/* Frees what jqx_new made; for one of a set it does nothing. */
void jqx_free(struct jqx *q);

/* A set of expressions that are compiled together.  NULL without memory. */
struct jqx_set *jqx_set_new(struct fault *f);
void jqx_set_free(struct jqx_set *s);

/*
 * Adds an expression; its syntax is checked at once, names it uses when the
 * set is compiled.  names (n of them) are variables that jqx_bind gives
 * values to: `.id == $ID` or, within a string, "x-\($ID)".  Owned by the set;
 * the same as before when one without names was added lately.
 * NULL with FAULT_INPUT, jq's message.
 */
struct jqx *jqx_set_add(struct jqx_set *s, const char *expression,
    const char *const *names, size_t n, struct fault *f);

/*
 * Compiles what was added since the last time; runs do it as well, but then
 * an expression that does not compile is told late.  -1: FAULT_INPUT with
 * the expression and jq's message.
 */
int jqx_set_compile(struct jqx_set *s, struct fault *f);

/*
 * Values of q's variables for the runs that follow: members of an object,
 * which is copied.  Missing ones are null, as all are at first.  0 or -1.
 */
int jqx_bind(struct jqx *q, const cJSON *vars, struct fault *f);

/* The expression as given. */
const char *jqx_text(const struct jqx *q);

/*
 * Runs it on one JSON text.  Each output is appended to out as a compact
 * JSON text and a newline.  The number of outputs, or -1 when the input is
 * no JSON (FAULT_INPUT) or the expression ends in an error (FAULT_NO, jq's
 * message).  Stops after max_outputs, of which there is one at least.
 */
int jqx_run(struct jqx *q, const char *json, size_t len, size_t max_outputs,
    struct buf *out, struct fault *f);

/*
 * As an assertion: 1 when there is at least one output and none is false or
 * null; 0 otherwise, with what it gave in got (JSON, cut at 200 bytes; "no
 * output" or jq's error); -1 when the input is no JSON.
 */
int jqx_holds(struct jqx *q, const char *json, size_t len, struct buf *got,
    struct fault *f);

/*
 * First output as raw text: a string without its quotes, other values as
 * JSON.  1 with out appended, 0 when there is no output or it is null, -1
 * on error.
 */
int jqx_text_of(struct jqx *q, const char *json, size_t len, struct buf *out,
    struct fault *f);

#endif
