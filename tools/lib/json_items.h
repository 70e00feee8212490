/*
 * Lists that are too large for a tree: a thousand objects parsed at once take
 * eight times the memory of their text, one at a time next to nothing.
 */
#ifndef JSON_ITEMS_H
#define JSON_ITEMS_H

#include "json.h"

/* Text of items that are still to be parsed; borrowed from the whole text. */
struct json_items {
	const char *p, *end; /* NULL: none */
};

/*
 * As json_parse, but for the elements of the outermost member "items", which
 * is left empty: they are what items tells of (none when there is no such
 * array).
 */
cJSON *json_parse_list(
    const char *s, size_t len, struct json_items *items, struct fault *f);

/*
 * The next item, the caller's, or NULL: with f filled (FAULT_INPUT) when it is
 * malformed, else at the end.
 */
cJSON *json_items_next(struct json_items *items, struct fault *f);

#endif
