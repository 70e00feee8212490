/*
 * Strategic merge patch: see patch.h.  Lists merge where the schema facts
 * name a merge key, with apimachinery's strategicpatch as the model; the
 * directives are members whose names start with '$'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields_schema.h"
#include "patch.h"

#define DELETE_FROM "$deleteFromPrimitiveList/"
#define ELEMENT_ORDER "$setElementOrder/"
#define RETAIN_KEYS "$retainKeys"

static int
merge_map(const char *type, cJSON *target, const cJSON *patch, struct fault *f);

int
patch_has_strategy(const char *api_version, const char *kind)
{
	return strcmp(schema_kind(api_version, kind), SCHEMA_UNKNOWN) != 0;
}

static cJSON *
get(const cJSON *v, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(v, key);
}

static void
drop(cJSON *parent, cJSON *v)
{
	cJSON_Delete(cJSON_DetachItemViaPointer(parent, v));
}

static void
empty(cJSON *v)
{
	while (v->child != NULL)
		drop(v, v->child);
}

static int
bad_directive(const cJSON *d, struct fault *f)
{
	const char *s = cJSON_GetStringValue(d);

	return fault_set(f, FAULT_INPUT, "unknown patch type found: %.100s",
	    s != NULL ? s : "no string");
}

/* The list item with the same merge key, or the same scalar; or NULL. */
static cJSON *
find_item(const cJSON *list, const cJSON *like, const char *key)
{
	const cJSON *want = *key != '\0' ? get(like, key) : like;
	cJSON *c;

	cJSON_ArrayForEach(c, list)
		if (json_equal(*key != '\0' ? get(c, key) : c, want))
			return c;
	return NULL;
}

/* A patch's value for a place where nothing is: without its directives. */
static cJSON *
fresh(const char *type, const cJSON *patch, struct fault *f)
{
	cJSON *out;

	if (!cJSON_IsObject(patch)) {
		out = cJSON_Duplicate(patch, 1);
		if (out == NULL)
			fault_nomem(f);
		return out;
	}
	out = cJSON_CreateObject();
	if (out == NULL)
		fault_nomem(f);
	else if (merge_map(type, out, patch, f) != 0) {
		cJSON_Delete(out);
		out = NULL;
	}
	return out;
}

static int
no_key(const char *key, struct fault *f)
{
	return fault_set(
	    f, FAULT_INPUT, "map does not contain declared merge key: %s", key);
}

/* One item of a patch's list, which is an object, into target. */
static int
merge_item(const char *type, const char *key, cJSON *target, const cJSON *item,
    struct fault *f)
{
	const cJSON *directive = get(item, "$patch");
	const char *what = cJSON_GetStringValue(directive);
	cJSON *old, *new;

	if (get(item, key) == NULL)
		return no_key(key, f);
	if (what != NULL && strcmp(what, "delete") == 0) {
		while ((old = find_item(target, item, key)) != NULL)
			drop(target, old);
		return 0;
	}
	if (directive != NULL &&
	    (what == NULL ||
		(strcmp(what, "merge") != 0 && strcmp(what, "replace") != 0)))
		return bad_directive(directive, f);
	old = find_item(target, item, key);
	if (old != NULL)
		return merge_map(type, old, item, f);
	new = fresh(type, item, f);
	if (new == NULL)
		return -1;
	if (!cJSON_AddItemToArray(target, new)) {
		cJSON_Delete(new);
		return fault_nomem(f);
	}
	return 0;
}

static int
merge_scalar(cJSON *target, const cJSON *item, struct fault *f)
{
	cJSON *copy;

	if (find_item(target, item, "") != NULL)
		return 0;
	copy = cJSON_Duplicate(item, 1);
	if (copy != NULL && cJSON_AddItemToArray(target, copy))
		return 0;
	cJSON_Delete(copy);
	return fault_nomem(f);
}

/* {"$patch": "replace"} among the items: the list is the others. */
static const cJSON *
replaces(const cJSON *patch)
{
	const cJSON *c;
	const char *what;

	cJSON_ArrayForEach(c, patch) {
		what = json_str(c, "$patch", NULL);
		if (what != NULL && strcmp(what, "replace") == 0)
			return c;
	}
	return NULL;
}

static int
merge_list(const struct schema_row *row, cJSON *target, const cJSON *patch,
    struct fault *f)
{
	const cJSON *c, *replace = replaces(patch);

	if (replace != NULL)
		empty(target);
	cJSON_ArrayForEach(c, patch) {
		if (c == replace)
			continue;
		if (*row->merge_key == '\0') {
			if (merge_scalar(target, c, f) != 0)
				return -1;
		} else if (!cJSON_IsObject(c))
			return no_key(row->merge_key, f);
		else if (merge_item(row->ref, row->merge_key, target, c, f) !=
			 0)
			return -1;
	}
	return 0;
}

static int
index_of(const cJSON *list, const cJSON *like, const char *key)
{
	const cJSON *c = find_item(list, like, key), *at;
	int i = 0;

	if (c == NULL)
		return -1;
	cJSON_ArrayForEach(at, list) {
		if (at == c)
			return i;
		i++;
	}
	return -1;
}

/* The item of list whose place in order is the first, or NULL. */
static cJSON *
next_ordered(const cJSON *list, const cJSON *order, const char *key)
{
	const cJSON *o;
	cJSON *c;

	cJSON_ArrayForEach(o, order) {
		c = find_item(list, o, key);
		if (c != NULL)
			return c;
	}
	return NULL;
}

/*
 * $setElementOrder: items that order names come in its order; the server's
 * own stay before those that they stood before.  Quadratic: lists are short.
 */
static void
reorder(cJSON *list, const cJSON *before, const cJSON *order, const char *key)
{
	cJSON *old = cJSON_CreateArray(), *c, *own, *listed;
	int a, b;

	if (old == NULL)
		return; /* order is a nicety */
	while ((c = list->child) != NULL)
		cJSON_AddItemToArray(old, cJSON_DetachItemViaPointer(list, c));
	while (old->child != NULL) {
		listed = next_ordered(old, order, key);
		own = NULL;
		cJSON_ArrayForEach(c, old)
			if (own == NULL && find_item(order, c, key) == NULL)
				own = c;
		c = listed;
		if (listed == NULL)
			c = own;
		else if (own != NULL) {
			a = index_of(before, own, key);
			b = index_of(before, listed, key);
			if (a >= 0 && b >= 0 && a < b)
				c = own;
		}
		cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(old, c));
	}
	cJSON_Delete(old);
}

static int
retain_keys(cJSON *target, const cJSON *patch, struct fault *f)
{
	const cJSON *keep = get(patch, RETAIN_KEYS), *k;
	cJSON *c, *next;

	if (keep == NULL)
		return 0;
	if (!cJSON_IsArray(keep))
		return fault_set(
		    f, FAULT_INPUT, "invalid patch format of " RETAIN_KEYS);
	for (c = target->child; c != NULL; c = next) {
		next = c->next;
		cJSON_ArrayForEach(k, keep)
			if (cJSON_IsString(k) &&
			    strcmp(k->valuestring, c->string) == 0)
				break;
		if (k == NULL)
			drop(target, c);
	}
	return 0;
}

/* A member of the patch that is no directive. */
static int
merge_member(const char *type, cJSON *target, const cJSON *p, struct fault *f)
{
	const struct schema_row *row = schema_field(type, p->string);
	const char *sub = row != NULL ? row->ref : NULL;
	cJSON *t = get(target, p->string), *new;
	int keyed = row != NULL && row->merge_key != NULL;

	if (cJSON_IsNull(p)) {
		if (t != NULL)
			drop(target, t);
		return 0;
	}
	if (cJSON_IsObject(p) && cJSON_IsObject(t))
		return merge_map(sub, t, p, f);
	if (cJSON_IsArray(p) && keyed) {
		if (!cJSON_IsArray(t)) {
			if (json_set(target, p->string, cJSON_CreateArray()) !=
			    0)
				return fault_nomem(f);
			t = get(target, p->string);
		}
		return merge_list(row, t, p, f);
	}
	new = fresh(sub, p, f);
	if (new == NULL)
		return -1;
	return json_set(target, p->string, new) != 0 ? fault_nomem(f) : 0;
}

/* $deleteFromPrimitiveList/NAME: takes scalars out of target's list. */
static void
delete_scalars(cJSON *target, const cJSON *p)
{
	cJSON *list = get(target, p->string + strlen(DELETE_FROM)), *c;
	const cJSON *gone;

	cJSON_ArrayForEach(gone, p)
		while ((c = find_item(list, gone, "")) != NULL)
			drop(list, c);
}

/* The patch's $setElementOrder lists, once all else is merged. */
static void
order_lists(
    const char *type, cJSON *target, const cJSON *before, const cJSON *patch)
{
	const struct schema_row *row;
	const char *name;
	const cJSON *p;
	cJSON *list;

	cJSON_ArrayForEach(p, patch) {
		if (strncmp(p->string, ELEMENT_ORDER, strlen(ELEMENT_ORDER)))
			continue;
		name = p->string + strlen(ELEMENT_ORDER);
		row = schema_field(type, name);
		list = get(target, name);
		if (row != NULL && row->merge_key != NULL &&
		    cJSON_IsArray(list) && cJSON_IsArray(p))
			reorder(list, get(before, name), p, row->merge_key);
	}
}

static int
has_order(const cJSON *patch)
{
	const cJSON *p;

	cJSON_ArrayForEach(p, patch)
		if (strncmp(p->string, ELEMENT_ORDER, strlen(ELEMENT_ORDER)) ==
		    0)
			return 1;
	return 0;
}

static int
merge_members(
    const char *type, cJSON *target, const cJSON *patch, struct fault *f)
{
	const cJSON *p;

	cJSON_ArrayForEach(p, patch) {
		if (strcmp(p->string, "$patch") == 0 ||
		    strcmp(p->string, RETAIN_KEYS) == 0 ||
		    strncmp(p->string, ELEMENT_ORDER, strlen(ELEMENT_ORDER)) ==
			0)
			continue;
		if (strncmp(p->string, DELETE_FROM, strlen(DELETE_FROM)) == 0)
			delete_scalars(target, p);
		else if (merge_member(type, target, p, f) != 0)
			return -1;
	}
	return 0;
}

/* Merges patch into target (an object), in place. */
static int
merge_map(const char *type, cJSON *target, const cJSON *patch, struct fault *f)
{
	const cJSON *directive = get(patch, "$patch");
	const char *what = cJSON_GetStringValue(directive);
	cJSON *before = NULL;
	int r;

	if (directive != NULL) {
		if (what == NULL || (strcmp(what, "merge") != 0 &&
					strcmp(what, "replace") != 0 &&
					strcmp(what, "delete") != 0))
			return bad_directive(directive, f);
		if (what[0] != 'm')
			empty(target);
		if (what[0] == 'd')
			return 0;
	}
	if (retain_keys(target, patch, f) != 0)
		return -1;
	if (has_order(patch)) {
		before = cJSON_Duplicate(target, 1);
		if (before == NULL)
			return fault_nomem(f);
	}
	r = merge_members(type, target, patch, f);
	if (r == 0 && before != NULL)
		order_lists(type, target, before, patch);
	cJSON_Delete(before);
	return r;
}

cJSON *
patch_strategic(const char *api_version, const char *kind, const cJSON *target,
    const cJSON *patch, struct fault *f)
{
	const char *type = schema_kind(api_version, kind);
	cJSON *out;

	if (!cJSON_IsObject(patch)) {
		fault_set(
		    f, FAULT_INPUT, "strategic merge patch: not an object");
		return NULL;
	}
	out = cJSON_IsObject(target) ? cJSON_Duplicate(target, 1) :
				       cJSON_CreateObject();
	if (out == NULL) {
		fault_nomem(f);
		return NULL;
	}
	if (merge_map(type, out, patch, f) == 0)
		return out;
	cJSON_Delete(out);
	return NULL;
}
