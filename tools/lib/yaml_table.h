/*
 * A table of names for the YAML reader: the members of one mapping, or the
 * anchors of a document.  Open addressing, never shrinks, deletes nothing.
 */
#ifndef YAML_TABLE_H
#define YAML_TABLE_H

#include <stddef.h>

#include "json.h"

struct yaml_slot {
	const char *name; /* NULL: free; borrowed */
	cJSON *item;      /* borrowed; NULL for an anchor still being read */
	size_t n;         /* member: line of its key, 0 when merged; anchor:
			     nodes that a copy makes */
};

/* Zero-initialise; the caller frees v. */
struct yaml_table {
	struct yaml_slot *v;
	size_t used, size; /* size: a power of two, or 0 */
};

/* The slot that has name, or NULL. */
struct yaml_slot *yaml_table_find(const struct yaml_table *t, const char *name);

/*
 * The slot that has name, or a free one that the caller must fill at once
 * (it is counted as used).  NULL without memory.  Slots move when another
 * one is made.
 */
struct yaml_slot *yaml_table_slot(struct yaml_table *t, const char *name);

#endif
