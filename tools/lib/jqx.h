/*
 * jq expressions, compiled once and run on many values: the door to libjq.
 */
#ifndef JQX_H
#define JQX_H

#include <stddef.h>

#include "buf.h"
#include "fault.h"
#include "json.h"

struct jqx;

/*
 * Compiles an expression.  vars (may be NULL) is a JSON object whose members
 * become $name variables.  NULL with jq's own message (FAULT_INPUT).
 */
struct jqx *jqx_new(const char *expression, const cJSON *vars, struct fault *f);
void jqx_free(struct jqx *q);

/* The expression as given. */
const char *jqx_text(const struct jqx *q);

/*
 * Runs it on one JSON text.  Each output is appended to out as a compact
 * JSON text and a newline.  The number of outputs, or -1 when the input is
 * no JSON (FAULT_INPUT) or the expression ends in an error (FAULT_NO, jq's
 * message).  Stops after max_outputs.
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
