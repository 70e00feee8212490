/*
 * Sets of fields, in the FieldsV1 form of metadata.managedFields: a JSON
 * object whose members are path elements, "f:NAME" a member, "k:{...}" a list
 * item by keys, "v:VALUE" an item of a set, "i:N" one by index, and "." the
 * node itself; an empty object is a node that is in the set.  The JSON is the
 * set: nothing is converted.  Members are kept sorted (byte order), so that
 * union, difference and intersection are merges.  (The model is
 * sigs.k8s.io/structured-merge-diff fieldpath.)
 *
 * NULL is the empty set everywhere.  Functions that make a set return the
 * caller's value, NULL when it is empty or memory ran out; *err tells these
 * apart (left alone, or set to -1), so that a chain is checked once.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include "lib/buf.h"
#include "lib/fault.h"
#include "lib/json.h"

/*
 * Reads a fieldsV1 value: a sorted copy in *set (NULL: empty).  -1 with
 * FAULT_INPUT for an element that is none of the above.
 */
int fields_parse(const cJSON *fields_v1, cJSON **set, struct fault *f);

cJSON *fields_union(const cJSON *a, const cJSON *b, int *err);
cJSON *fields_minus(const cJSON *a, const cJSON *b, int *err);
cJSON *fields_common(const cJSON *a, const cJSON *b, int *err);

/* a without every path that is in b or below one that is in b. */
cJSON *fields_minus_deep(const cJSON *a, const cJSON *b, int *err);

/* 1 when both hold the same paths. */
int fields_equal(const cJSON *a, const cJSON *b);

/* 1 when the path (elements, NULL-ended) is in the set. */
int fields_has(const cJSON *set, const char *const *path);

/* Adds a path (elements, NULL-ended) to *set: 0 or -1. */
int fields_add(cJSON **set, const char *const *path);

/*
 * Puts the members of one node into order, for who builds sets element by
 * element: 0, or -1 without memory.
 */
int fields_sort(cJSON *node);

/* How many paths are in the set. */
size_t fields_count(const cJSON *set);

/*
 * Calls fn with each path as people read it (".spec.replicas",
 * `.spec.containers[name="a"].image`), in order; fn's non-zero stops and is
 * returned; -1 without memory.
 */
int fields_each(
    const cJSON *set, int (*fn)(void *arg, const char *path), void *arg);

#endif
