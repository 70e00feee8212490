/*
 * What fields_object.c and fields_merge.c share: the shape of a value by the
 * schema facts, and the items of a keyed list by their path element.
 */
#ifndef FIELDS_SHAPE_H
#define FIELDS_SHAPE_H

#include "fields_schema.h"
#include "lib/fault.h"
#include "lib/json.h"

struct shape {
	enum schema_how how;
	const char *type; /* of the object, or of a list's items; or NULL */
	const char *keys; /* of a SCHEMA_MAP */
	int named;        /* 1: a member that the schema names, not an entry
			     of a dictionary */
	int here;         /* SCHEMA_HERE */
};

/* The shape of an object of a type (schema_kind). */
struct shape shape_root(const char *type);

/* The shape of member name of a value of shape s. */
struct shape shape_member(const struct shape *s, const char *name);

/* The shape of the items of a list of shape s. */
struct shape shape_item(const struct shape *s);

/* 1 when a value of that shape is owned as a whole; v not NULL. */
int shape_leaf(const struct shape *s, const cJSON *v);

struct item {
	char *name; /* the path element: k:{"name":"a"} */
	const cJSON *value;
	size_t index;
	int taken; /* for the user of the list */
};

struct items {
	struct item *v; /* in the list's order */
	struct item **sorted;
	size_t n;
};

/*
 * Indexes a list (NULL or no list: empty) of a SCHEMA_MAP or SCHEMA_SET by
 * path elements.  strict: FAULT_INPUT for an item without keys or with
 * another's; else it is told apart by its position ("i:3") or is found only
 * by walking v.  To be released in either case.
 */
int items_init(struct items *items, const struct shape *s, const cJSON *list,
    int strict, struct fault *f);
void items_release(struct items *items);

/* The first item of that name, or NULL. */
struct item *items_find(const struct items *items, const char *name);

#endif
