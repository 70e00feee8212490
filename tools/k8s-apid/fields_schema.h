/*
 * What the server knows about the shape of the built-in kinds beyond their
 * JSON: which lists are maps and by which keys, which are sets, which objects
 * are one value.  What the table does not name is plain: objects merge by
 * member, lists are one value.  Shared by server-side apply (fields.h) and
 * strategic merge patch (patch.h).  A new kind or list is a line in
 * fields_schema.c.
 */
#ifndef FIELDS_SCHEMA_H
#define FIELDS_SCHEMA_H

#include "lib/json.h"

enum schema_how {
	SCHEMA_PLAIN,  /* scalar, object by member, list as one value */
	SCHEMA_ATOMIC, /* object as one value */
	SCHEMA_MAP,    /* list whose items are told apart by keys */
	SCHEMA_SET,    /* list of scalars, each its own item */
	SCHEMA_DICT,   /* object with free member names (labels, data) */
};

#define SCHEMA_RETAIN 1 /* strategic merge: $retainKeys applies */
#define SCHEMA_HERE 2   /* an object that is there even when it is empty */

struct schema_row {
	const char *type;  /* "PodSpec" */
	const char *field; /* "containers" */
	enum schema_how how;
	const char *keys; /* SCHEMA_MAP: "containerPort,protocol=TCP" (sorted;
			     a default behind '=') */
	const char *ref;  /* type of the value, or of a list's items; or NULL */
	const char
	    *merge_key; /* strategic merge: the list's merge key, "" for
			   a list of scalars that merges, NULL: replaced */
	unsigned flags; /* SCHEMA_RETAIN, SCHEMA_HERE */
};

/*
 * The type of a kind's objects: a name for schema_field, never NULL; kinds
 * that are not built in have SCHEMA_UNKNOWN.
 */
const char *schema_kind(const char *api_version, const char *kind);

#define SCHEMA_UNKNOWN "Unknown" /* every object in it is SCHEMA_DICT */
#define SCHEMA_ANY "Any"         /* what is below metadata's siblings there */

/* The row of a field, or NULL when the table says nothing; type may be NULL. */
const struct schema_row *schema_field(const char *type, const char *field);

/* The whole table, for tests: *n rows. */
const struct schema_row *schema_rows(size_t *n);

#endif
