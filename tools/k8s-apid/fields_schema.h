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

struct schema_row {
	const char *type;  /* "PodSpec" */
	const char *field; /* "containers" */
	enum schema_how how;
	const char *keys; /* SCHEMA_MAP: "containerPort,protocol=TCP" (default
			     behind '=') */
	const char *ref;  /* type of the value, or of a list's items; or NULL */
	const char
	    *merge_key; /* strategic merge: the list's merge key, "" for
			   a list of scalars that merges, NULL: replaced */
	int retain;     /* strategic merge: retainKeys */
};

/* The type name of a kind; NULL when the kind is not built in. */
const char *schema_kind(const char *api_version, const char *kind);

/*
 * The row of a field, or NULL when the table says nothing.  type NULL (an
 * unknown kind) knows metadata at the top alone: pass SCHEMA_UNKNOWN there.
 */
const struct schema_row *schema_field(const char *type, const char *field);

#define SCHEMA_UNKNOWN "Unknown" /* the type of objects of other kinds */

#endif
