/*
 * Which fields of a kind a field selector may name, and their values.  A new
 * field is a word in the table of select_field.c.
 */
#ifndef SELECT_FIELD_H
#define SELECT_FIELD_H

#include "lib/json.h"

/*
 * The dotted path in the object of a selector's field of a kind, static or
 * name itself; NULL when the kind does not have it.
 */
const char *select_field_path(const char *kind, const char *name);

/*
 * The scalar at a path as text, borrowed from the object or written to num
 * (size bytes); what is missing is "", "0" or "false", as its type has it.
 */
const char *select_field_value(
    const cJSON *object, const char *path, char *num, size_t size);

#endif
