/*
 * Label and field selectors as the API's query strings carry them:
 * "a=b,c!=d,e in (x,y),!f" and "status.phase=Running,metadata.name!=x".
 * Parsed once per request or watch, matched against many objects.
 */
#ifndef SELECT_H
#define SELECT_H

#include "lib/fault.h"
#include "lib/json.h"

#define SELECT_MAX 64 /* requirements of one selector; more are refused */

struct selector;

/*
 * Parses a label selector (equality and set based).  text NULL or "" selects
 * everything.  The caller frees it.  NULL with FAULT_INPUT, worded as
 * apimachinery's labels.Parse does; FAULT_UNSURE without memory.
 */
struct selector *selector_labels(const char *text, struct fault *f);

/*
 * Parses a field selector (=, ==, !=; backslash escapes) for a kind.  Every
 * kind has metadata.name and metadata.namespace; others have what the table
 * in select.c says.  NULL with FAULT_INPUT ("field label not supported: x").
 */
struct selector *
selector_fields(const char *kind, const char *text, struct fault *f);

/* 1 when the object matches; s NULL matches everything. */
int selector_match(const struct selector *s, const cJSON *object);

/*
 * The value that a field selector demands of a field ("metadata.name") by
 * '=', borrowed, or NULL: lets a list become a look-up.
 */
const char *selector_wants(const struct selector *s, const char *field);

/* Frees a selector; NULL is fine. */
void selector_free(struct selector *s);

#endif
