/*
 * JSON values: the door to cJSON.  Others include this file and use cJSON's
 * own functions for what is not here.  cJSON holds numbers as doubles; an
 * integer that is none (beyond 2^53) has its text in valuestring besides,
 * and is printed, copied and compared with every digit.
 */
#ifndef JSON_H
#define JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "buf.h"
#include "fault.h"

#define JSON_DEPTH 200 /* values nested deeper are refused */

/*
 * Parses exactly one value with nothing but blanks behind it.  The caller
 * frees it with cJSON_Delete.  NULL with FAULT_INPUT "line L column C:
 * reason" when it is malformed.  Strings are C's: one ends at a \u0000 in it;
 * who must not lose its rest asks scan_has_zero.
 */
cJSON *json_parse(const char *s, size_t len, struct fault *f);

/* Appends v as compact JSON; 0, or -1 (the buffer has failed). */
int json_write(struct buf *b, const cJSON *v);

/* Appends s (n bytes) as a JSON string with quotes; bad UTF-8 becomes U+FFFD.
 */
int json_write_string(struct buf *b, const char *s, size_t n);

/*
 * Walks members by name: json_at(v, "metadata", "name", NULL).  NULL when a
 * step is missing; v may be NULL.  Borrowed from v.
 */
cJSON *json_at(const cJSON *v, ...) __attribute__((sentinel));

/* As json_at; the string there, or NULL when missing or no string. */
const char *json_str(const cJSON *v, ...) __attribute__((sentinel));

/* Member key's number, or otherwise when missing or no number. */
double json_num(const cJSON *v, const char *key, double otherwise);

/* Member key's boolean, or otherwise when missing or no boolean. */
int json_bool(const cJSON *v, const char *key, int otherwise);

/* 1 when member key is the string want; 0 also when v is NULL. */
int json_is(const cJSON *v, const char *key, const char *want);

/*
 * The first item of list whose member key is the string want: a condition by
 * its type, a container by its name.  NULL when none is, or list is NULL.
 * Borrowed from list.
 */
cJSON *json_find(const cJSON *list, const char *key, const char *want);

/*
 * The integer, with every digit; the caller's, NULL without memory.
 */
cJSON *json_integer(int negative, unsigned long long magnitude);

/* 1 when both are the same value: members in any order, numbers by value. */
int json_equal(const cJSON *a, const cJSON *b);

/*
 * Sets member key of object to item (which it then owns), replacing an
 * older one in place.  On failure item is freed: -1.
 */
int json_set(cJSON *object, const char *key, cJSON *item);
int json_set_str(cJSON *object, const char *key, const char *value);
int json_set_num(cJSON *object, const char *key, double value);
int json_set_bool(cJSON *object, const char *key, int value);

/*
 * Appends item to list, which then owns it.  -1 when item is NULL (it could
 * not be made) or there is no memory: item is freed.
 */
int json_append(cJSON *list, cJSON *item);

/*
 * The object at member key, created when missing or not an object; borrowed.
 * NULL without memory.
 */
cJSON *json_sub(cJSON *object, const char *key);

#endif
