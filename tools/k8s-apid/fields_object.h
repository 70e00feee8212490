/*
 * Objects against field sets, by the schema facts: which fields an object
 * has, what differs between two, merging one over another, taking fields
 * away.  (The model is structured-merge-diff's typed package.)
 */
#ifndef FIELDS_OBJECT_H
#define FIELDS_OBJECT_H

#include "lib/fault.h"
#include "lib/json.h"

/*
 * The fields of an object of a type (schema_kind), in *set, the caller's;
 * NULL when it has none.  -1: FAULT_INPUT when an item of a keyed list lacks
 * its keys or has another's (only with strict: else such an item counts as
 * its index), FAULT_UNSURE without memory.
 */
int fields_of(const char *type, const cJSON *object, int strict, cJSON **set,
    struct fault *f);

/*
 * What changes from old (NULL: nothing) to new: *changed is what is new or
 * different in new, *removed what old alone has.  Both the caller's.
 */
int fields_compare(const char *type, const cJSON *old, const cJSON *new,
    cJSON **changed, cJSON **removed, struct fault *f);

/*
 * live with config over it: members and keyed items merge, all else is
 * config's.  Items keep config's order, live's others in between.  The
 * result is the caller's; NULL without memory.
 */
cJSON *fields_merge(
    const char *type, const cJSON *live, const cJSON *config, struct fault *f);

/*
 * Takes the fields of a set out of object, in place; objects and lists that
 * get empty by that go too.  -1 without memory.
 */
int fields_remove(const char *type, cJSON *object, const cJSON *set);

/*
 * The members of set that are structures of the schema (not dictionary
 * entries) and have fields in it are made members themselves: the caller's
 * set in *out.  -1 without memory.
 */
int fields_with_parents(const char *type, const cJSON *set, cJSON **out);

#endif
