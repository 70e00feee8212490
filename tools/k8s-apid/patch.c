/*
 * Merge patch and JSON patch: see patch.h.  Both work on a copy of the
 * target.  A JSON patch that fails half-way leaves nothing behind, since the
 * copy is thrown away.
 */
#include "patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Merges patch into *target, in place: 0, or -1 without memory. */
static int
merge_into(cJSON *target, const cJSON *patch)
{
	const cJSON *p;
	cJSON *t;

	cJSON_ArrayForEach(p, patch) {
		t = cJSON_GetObjectItemCaseSensitive(target, p->string);
		if (cJSON_IsNull(p)) {
			if (t != NULL)
				cJSON_Delete(
				    cJSON_DetachItemViaPointer(target, t));
			continue;
		}
		if (!cJSON_IsObject(p)) {
			if (json_set(
				target, p->string, cJSON_Duplicate(p, 1)) != 0)
				return -1;
			continue;
		}
		/* json_sub keeps an object and replaces all else by {} */
		t = json_sub(target, p->string);
		if (t == NULL || merge_into(t, p) != 0)
			return -1;
	}
	return 0;
}

cJSON *
patch_merge(const cJSON *target, const cJSON *patch, struct fault *f)
{
	cJSON *out;

	if (!cJSON_IsObject(patch))
		out = cJSON_Duplicate(patch, 1);
	else if (cJSON_IsObject(target))
		out = cJSON_Duplicate(target, 1);
	else
		out = cJSON_CreateObject();
	if (out != NULL && cJSON_IsObject(patch) &&
	    merge_into(out, patch) != 0) {
		cJSON_Delete(out);
		out = NULL;
	}
	if (out == NULL)
		fault_nomem(f);
	return out;
}

/* A place that a pointer names: the parent and the last step. */
struct place {
	cJSON *parent; /* NULL: the whole document */
	char *last;    /* unescaped, the caller's */
	cJSON *value;  /* what is there, or NULL */
};

static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == '~' && (s[1] == '0' || s[1] == '1'))
			*to++ = *++s == '0' ? '~' : '/';
		else
			*to++ = *s;
	}
	*to = '\0';
}

/* Reads an array index: -1 when it is none (leading zeros are none). */
static long
array_index(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 9 || strspn(s, "0123456789") != n ||
	    (s[0] == '0' && n > 1))
		return -1;
	return strtol(s, NULL, 10);
}

static cJSON *
child_at(cJSON *parent, const char *step)
{
	long i;

	if (cJSON_IsObject(parent))
		return cJSON_GetObjectItemCaseSensitive(parent, step);
	i = cJSON_IsArray(parent) ? array_index(step) : -1;
	return i < 0 ? NULL : cJSON_GetArrayItem(parent, (int)i);
}

/*
 * Walks a pointer as far as its parent.  -1: FAULT_INPUT for no pointer,
 * FAULT_NO when the parent is not there.  at->last is to be freed.
 */
static int
locate(cJSON *root, const char *pointer, struct place *at, struct fault *f)
{
	char *copy, *step, *slash;

	memset(at, 0, sizeof *at);
	at->value = root;
	if (*pointer == '\0')
		return 0;
	if (*pointer != '/')
		return fault_set(f, FAULT_INPUT,
		    "json patch: path \"%.200s\" does not start with /",
		    pointer);
	copy = strdup(pointer + 1);
	if (copy == NULL)
		return fault_nomem(f);
	for (step = copy;; step = slash + 1) {
		slash = strchr(step, '/');
		if (slash != NULL)
			*slash = '\0';
		unescape(step);
		at->parent = at->value;
		if (!cJSON_IsObject(at->parent) && !cJSON_IsArray(at->parent)) {
			free(copy);
			return fault_set(f, FAULT_NO,
			    "json patch: path \"%.200s\": doc is missing path",
			    pointer);
		}
		at->value = child_at(at->parent, step);
		if (slash == NULL)
			break;
	}
	at->last = strdup(step);
	free(copy);
	return at->last == NULL ? fault_nomem(f) : 0;
}

static int
missing(const char *pointer, struct fault *f)
{
	return fault_set(
	    f, FAULT_NO, "json patch: path \"%.200s\": missing value", pointer);
}

/*
 * Puts value before the item at i (there is one).  By hand, because
 * cJSON_InsertItemInArray of Debian 12 (1.7.15-1+deb12u4) refuses all but
 * the first place.
 */
static void
insert_before(cJSON *array, int i, cJSON *value)
{
	cJSON *after = cJSON_GetArrayItem(array, i);

	value->next = after;
	value->prev = after->prev;
	if (after == array->child)
		array->child = value;
	else
		after->prev->next = value;
	after->prev = value;
}

/* Puts value (taken in any case) at a pointer, as "add" does. */
static int
put(cJSON **root, const char *pointer, cJSON *value, struct fault *f)
{
	struct place at;
	int n, r = -1;
	long i;

	if (value == NULL)
		return fault_nomem(f);
	if (*pointer == '\0') {
		cJSON_Delete(*root);
		*root = value;
		return 0;
	}
	if (locate(*root, pointer, &at, f) != 0) {
		cJSON_Delete(value);
		return -1;
	}
	if (cJSON_IsObject(at.parent)) {
		r = json_set(at.parent, at.last, value);
		value = NULL;
		if (r != 0)
			fault_nomem(f);
		goto out;
	}
	n = cJSON_GetArraySize(at.parent);
	i = strcmp(at.last, "-") == 0 ? n : array_index(at.last);
	if (i < 0 || i > n) {
		fault_set(f, FAULT_NO,
		    "json patch: path \"%.200s\": index out of bounds",
		    pointer);
		goto out;
	}
	r = 0;
	if (i < n)
		insert_before(at.parent, (int)i, value);
	else if (!cJSON_AddItemToArray(at.parent, value)) {
		r = fault_nomem(f);
		goto out;
	}
	value = NULL;
out:
	cJSON_Delete(value);
	free(at.last);
	return r;
}

/* Takes out what is at a pointer: the caller's, or NULL with f filled. */
static cJSON *
take(cJSON *root, const char *pointer, struct fault *f)
{
	struct place at;
	cJSON *value = NULL;

	if (locate(root, pointer, &at, f) != 0)
		return NULL;
	if (at.parent == NULL)
		fault_set(f, FAULT_NO, "json patch: cannot remove the object");
	else if (at.value == NULL)
		missing(pointer, f);
	else
		value = cJSON_DetachItemViaPointer(at.parent, at.value);
	free(at.last);
	return value;
}

/* What is at a pointer, borrowed; NULL with f filled. */
static cJSON *
look(cJSON *root, const char *pointer, struct fault *f)
{
	struct place at;

	if (locate(root, pointer, &at, f) != 0)
		return NULL;
	free(at.last);
	if (at.value == NULL)
		missing(pointer, f);
	return at.value;
}

static int
op_add(cJSON **root, const char *path, const char *from, const cJSON *value,
    struct fault *f)
{
	(void)from;
	return put(root, path, cJSON_Duplicate(value, 1), f);
}

static int
op_remove(cJSON **root, const char *path, const char *from, const cJSON *value,
    struct fault *f)
{
	cJSON *gone = take(*root, path, f);

	(void)from;
	(void)value;
	cJSON_Delete(gone);
	return gone == NULL ? -1 : 0;
}

static int
op_replace(cJSON **root, const char *path, const char *from, const cJSON *value,
    struct fault *f)
{
	cJSON *old = look(*root, path, f), *new;

	(void)from;
	if (old == NULL)
		return -1;
	if (old == *root)
		return put(root, path, cJSON_Duplicate(value, 1), f);
	new = take(*root, path, f);
	if (new == NULL)
		return -1;
	cJSON_Delete(new);
	return put(root, path, cJSON_Duplicate(value, 1), f);
}

static int
op_move(cJSON **root, const char *path, const char *from, const cJSON *value,
    struct fault *f)
{
	size_t n = strlen(from);
	cJSON *moved;

	(void)value;
	if (strncmp(path, from, n) == 0 && path[n] == '/')
		return fault_set(f, FAULT_NO,
		    "json patch: cannot move \"%.200s\" into itself", from);
	moved = take(*root, from, f);
	return moved == NULL ? -1 : put(root, path, moved, f);
}

static int
op_copy(cJSON **root, const char *path, const char *from, const cJSON *value,
    struct fault *f)
{
	cJSON *original = look(*root, from, f);

	(void)value;
	if (original == NULL)
		return -1;
	return put(root, path, cJSON_Duplicate(original, 1), f);
}

static int
op_test(cJSON **root, const char *path, const char *from, const cJSON *value,
    struct fault *f)
{
	struct place at;

	(void)from;
	if (locate(*root, path, &at, f) != 0)
		return -1;
	free(at.last);
	/* a null is also found where there is nothing */
	if (at.value == NULL ? cJSON_IsNull(value) :
			       json_equal(at.value, value))
		return 0;
	return fault_set(f, FAULT_NO,
	    "json patch: testing value %.200s failed: test failed", path);
}

static const struct {
	const char *name;
	int (*run)(cJSON **root, const char *path, const char *from,
	    const cJSON *value, struct fault *f);
	int needs_from, needs_value;
} ops_table[] = {
	{ "add", op_add, 0, 1 },
	{ "copy", op_copy, 1, 0 },
	{ "move", op_move, 1, 0 },
	{ "remove", op_remove, 0, 0 },
	{ "replace", op_replace, 0, 1 },
	{ "test", op_test, 0, 1 },
};

static int
run_op(cJSON **root, const cJSON *op, struct fault *f)
{
	const char *name = json_str(op, "op", NULL);
	const char *path = json_str(op, "path", NULL);
	const char *from = json_str(op, "from", NULL);
	const cJSON *value = json_at(op, "value", NULL);
	size_t i;

	if (name == NULL || path == NULL)
		return fault_set(f, FAULT_INPUT,
		    "json patch: an operation needs op and path");
	for (i = 0; i < sizeof ops_table / sizeof *ops_table; i++) {
		if (strcmp(ops_table[i].name, name) != 0)
			continue;
		if (ops_table[i].needs_from && from == NULL)
			return fault_set(
			    f, FAULT_INPUT, "json patch: %s needs from", name);
		if (ops_table[i].needs_value && value == NULL)
			return fault_set(
			    f, FAULT_INPUT, "json patch: %s needs value", name);
		return ops_table[i].run(root, path, from, value, f);
	}
	return fault_set(
	    f, FAULT_INPUT, "json patch: unknown operation \"%.40s\"", name);
}

/*
 * 1 when a value is no deeper than JSON values may be and has no more than
 * *budget values in it, which are taken off.
 */
static int
fits(const cJSON *v, int depth, size_t *budget)
{
	const cJSON *c;

	if (depth == 0 || *budget == 0)
		return 0;
	--*budget;
	cJSON_ArrayForEach(c, v)
		if (!fits(c, depth - 1, budget))
			return 0;
	return 1;
}

cJSON *
patch_json(const cJSON *target, const cJSON *ops, struct fault *f)
{
	cJSON *root = NULL;
	const cJSON *op;
	size_t budget;

	if (!cJSON_IsArray(ops)) {
		fault_set(f, FAULT_INPUT, "json patch: not an array");
		return NULL;
	}
	if (cJSON_GetArraySize(ops) > PATCH_MAX_OPS) {
		fault_set(f, FAULT_INPUT, "json patch: more than %d operations",
		    PATCH_MAX_OPS);
		return NULL;
	}
	root = cJSON_Duplicate(target, 1);
	if (root == NULL) {
		fault_nomem(f);
		return NULL;
	}
	cJSON_ArrayForEach(op, ops) {
		if (run_op(&root, op, f) != 0)
			goto bad;
		/* copies of copies double: stop while it is cheap */
		budget = PATCH_MAX_SIZE;
		if ((json_str(op, "from", NULL) != NULL || op->next == NULL) &&
		    !fits(root, JSON_DEPTH, &budget)) {
			fault_set(f, FAULT_NO, "json patch: result too large");
			goto bad;
		}
	}
	return root;
bad:
	cJSON_Delete(root);
	return NULL;
}
