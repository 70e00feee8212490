/*
 * Objects against field sets: see fields_object.h.  Each walk carries the
 * shape of the value and builds the set's node for its own level; only the
 * level above knows whether that node is itself a member.
 */
#include "fields_object.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "fields_shape.h"

/* "f:NAME" in a buffer that is used again and again. */
static const char *
member_element(struct buf *b, const char *name)
{
	buf_clear(b);
	buf_adds(b, "f:");
	return buf_adds(b, name) == 0 ? b->data : NULL;
}

/*
 * Hangs node under element when it holds something or is a member.  node
 * is taken in any case; NULL is a failed allocation.  0 or -1.
 */
static int
attach(cJSON *parent, const char *element, cJSON *node, int member)
{
	if (node == NULL || element == NULL)
		goto bad;
	if (node->child == NULL && !member) {
		cJSON_Delete(node);
		return 0;
	}
	if (node->child != NULL && member &&
	    json_set(node, ".", cJSON_CreateObject()) != 0)
		goto bad;
	if (fields_sort(node) == 0 &&
	    cJSON_AddItemToObject(parent, element, node))
		return 0;
bad:
	cJSON_Delete(node);
	return -1;
}

static int walk_fields(const struct shape *s, const cJSON *v, int strict,
    cJSON *node, struct fault *f);

static int
walk_members(const struct shape *s, const cJSON *v, int strict, cJSON *node,
    struct fault *f)
{
	struct shape m;
	struct buf name;
	const cJSON *c;
	cJSON *sub;
	int r = 0, own;

	buf_init(&name, 1 << 20);
	cJSON_ArrayForEach(c, v) {
		m = shape_member(s, c->string);
		sub = cJSON_CreateObject();
		if (sub != NULL)
			r = walk_fields(&m, c, strict, sub, f);
		if (r != 0) {
			cJSON_Delete(sub);
			if (f != NULL && f->code == FAULT_INPUT)
				fault_prefix(f, "%.100s", c->string);
			break;
		}
		own = shape_leaf(&m, c) || !m.named ||
		      (cJSON_IsObject(c) && c->child == NULL);
		r = attach(node, member_element(&name, c->string), sub, own);
		if (r != 0) {
			fault_nomem(f);
			break;
		}
	}
	buf_release(&name);
	return r;
}

/* Puts what is below v into node. */
static int
walk_fields(const struct shape *s, const cJSON *v, int strict, cJSON *node,
    struct fault *f)
{
	struct shape item = shape_item(s);
	struct items items;
	cJSON *sub;
	size_t i;
	int r;

	if (shape_leaf(s, v))
		return 0;
	if (cJSON_IsObject(v))
		return walk_members(s, v, strict, node, f);
	r = items_init(&items, s, v, strict, f);
	for (i = 0; r == 0 && i < items.n; i++) {
		if (items_find(&items, items.v[i].name) != &items.v[i])
			continue;
		sub = cJSON_CreateObject();
		if (sub != NULL)
			r = walk_fields(
			    &item, items.v[i].value, strict, sub, f);
		if (r != 0)
			cJSON_Delete(sub);
		else if (attach(node, items.v[i].name, sub, 1) != 0)
			r = fault_nomem(f);
	}
	items_release(&items);
	return r;
}

/* The set that node is: NULL when it is empty, which frees it. */
static cJSON *
root_set(cJSON *node)
{
	if (node != NULL && node->child == NULL) {
		cJSON_Delete(node);
		return NULL;
	}
	return node;
}

int
fields_of(const char *type, const cJSON *object, int strict, cJSON **set,
    struct fault *f)
{
	struct shape s = shape_root(type);
	cJSON *node = cJSON_CreateObject();

	*set = NULL;
	if (node == NULL)
		return fault_nomem(f);
	if (walk_fields(&s, object, strict, node, f) != 0) {
		cJSON_Delete(node);
		return -1;
	}
	if (fields_sort(node) != 0) {
		cJSON_Delete(node);
		return fault_nomem(f);
	}
	*set = root_set(node);
	return 0;
}

/* A structure that is there without anything in it. */
static const cJSON nothing = { .type = cJSON_Object };

struct compare {
	cJSON *changed, *removed; /* the nodes of the present level */
};

static int compare_value(const struct compare *up, const struct shape *s,
    const char *element, const cJSON *old, const cJSON *new);

static int
bare(const cJSON *v)
{
	return v == NULL || cJSON_IsNull(v) ||
	       ((cJSON_IsObject(v) || cJSON_IsArray(v)) && v->child == NULL);
}

/* 1 when the two are told apart as wholes only. */
static int
compare_leaf(const struct shape *s, const cJSON *old, const cJSON *new)
{
	if (bare(old) && bare(new))
		return 1;
	if (!bare(old) && shape_leaf(s, old))
		return 1;
	if (!bare(new) && shape_leaf(s, new))
		return 1;
	return !bare(old) && !bare(new) &&
	       cJSON_IsObject(old) != cJSON_IsObject(new);
}

static int
compare_members(const struct compare *at, const struct shape *s,
    const cJSON *old, const cJSON *new)
{
	const cJSON *c, *other;
	struct shape m;
	struct buf name;
	int r = 0;

	buf_init(&name, 1 << 20);
	cJSON_ArrayForEach(c, old) {
		m = shape_member(s, c->string);
		other = cJSON_GetObjectItemCaseSensitive(new, c->string);
		m.here &= new != NULL;
		r = compare_value(
		    at, &m, member_element(&name, c->string), c, other);
		if (r != 0)
			break;
	}
	cJSON_ArrayForEach(c, new) {
		if (r != 0)
			break;
		if (cJSON_GetObjectItemCaseSensitive(old, c->string) != NULL)
			continue;
		m = shape_member(s, c->string);
		m.here &= old != NULL;
		r = compare_value(
		    at, &m, member_element(&name, c->string), NULL, c);
	}
	buf_release(&name);
	return r;
}

static int
compare_items(const struct compare *at, const struct shape *s, const cJSON *old,
    const cJSON *new)
{
	struct shape item = shape_item(s);
	struct items a, b;
	struct item *other;
	size_t i;
	int r;

	r = items_init(&a, s, old, 0, NULL);
	if (items_init(&b, s, new, 0, NULL) != 0)
		r = -1;
	for (i = 0; r == 0 && i < a.n; i++) {
		if (items_find(&a, a.v[i].name) != &a.v[i])
			continue;
		other = items_find(&b, a.v[i].name);
		r = compare_value(at, &item, a.v[i].name, a.v[i].value,
		    other != NULL ? other->value : NULL);
	}
	for (i = 0; r == 0 && i < b.n; i++)
		if (items_find(&b, b.v[i].name) == &b.v[i] &&
		    items_find(&a, b.v[i].name) == NULL)
			r = compare_value(
			    at, &item, b.v[i].name, NULL, b.v[i].value);
	items_release(&a);
	items_release(&b);
	return r;
}

/*
 * Puts what differs below element into the sets of the level above.  One of
 * old and new may be NULL; a structure that is always there counts as
 * present then.
 */
static int
compare_value(const struct compare *up, const struct shape *s,
    const char *element, const cJSON *old, const cJSON *new)
{
	struct compare at = { cJSON_CreateObject(), cJSON_CreateObject() };
	int added, gone, r = 0;

	if (s->here && old == NULL)
		old = &nothing;
	if (s->here && new == NULL)
		new = &nothing;
	added = old == NULL;
	gone = new == NULL;
	if (at.changed == NULL || at.removed == NULL)
		r = -1;
	else if (compare_leaf(s, old, new)) {
		if (!added && !gone && !(s->here && bare(old) && bare(new)))
			added = !json_equal(old, new);
	} else if (cJSON_IsArray(bare(old) ? new : old))
		r = compare_items(&at, s, old, new);
	else
		r = compare_members(&at, s, old, new);
	if (r != 0) {
		cJSON_Delete(at.changed);
		cJSON_Delete(at.removed);
		return r;
	}
	r = attach(up->changed, element, at.changed, added);
	return attach(up->removed, element, at.removed, gone) != 0 ? -1 : r;
}

int
fields_compare(const char *type, const cJSON *old, const cJSON *new,
    cJSON **changed, cJSON **removed, struct fault *f)
{
	struct shape s = shape_root(type);
	struct compare at = { cJSON_CreateObject(), cJSON_CreateObject() };
	int r = -1;

	*changed = *removed = NULL;
	if (at.changed != NULL && at.removed != NULL)
		r = compare_members(&at, &s, old != NULL ? old : &nothing, new);
	if (r == 0)
		r = fields_sort(at.changed) | fields_sort(at.removed);
	if (r != 0) {
		cJSON_Delete(at.changed);
		cJSON_Delete(at.removed);
		return fault_nomem(f);
	}
	*changed = root_set(at.changed);
	*removed = root_set(at.removed);
	return 0;
}

static int remove_below(const struct shape *s, cJSON *v, const cJSON *set);

static int
is_member(const cJSON *node)
{
	return node->child == NULL || strcmp(node->child->string, ".") == 0;
}

/* What the set says about one value: takes it out of parent, or descends. */
static int
remove_one(const struct shape *s, cJSON *parent, cJSON *v, const cJSON *node)
{
	int had = v->child != NULL;

	if (node == NULL)
		return 0;
	if (!is_member(node)) {
		if (remove_below(s, v, node) != 0)
			return -1;
		if (!had || v->child != NULL)
			return 0;
	}
	cJSON_Delete(cJSON_DetachItemViaPointer(parent, v));
	return 0;
}

static int
remove_below(const struct shape *s, cJSON *v, const cJSON *set)
{
	struct shape m = shape_item(s);
	struct items items;
	struct buf name;
	cJSON *c, *next;
	size_t i;
	int r = 0;

	if (shape_leaf(s, v))
		return 0;
	if (cJSON_IsArray(v)) {
		r = items_init(&items, s, v, 0, NULL);
		for (i = 0; r == 0 && i < items.n; i++)
			r = remove_one(&m, v, (cJSON *)items.v[i].value,
			    cJSON_GetObjectItemCaseSensitive(
				set, items.v[i].name));
		items_release(&items);
		return r;
	}
	buf_init(&name, 1 << 20);
	for (c = v->child; r == 0 && c != NULL; c = next) {
		next = c->next;
		m = shape_member(s, c->string);
		r = member_element(&name, c->string) == NULL ?
			-1 :
			remove_one(&m, v, c,
			    cJSON_GetObjectItemCaseSensitive(set, name.data));
	}
	buf_release(&name);
	return r;
}

int
fields_remove(const char *type, cJSON *object, const cJSON *set)
{
	struct shape s = shape_root(type);

	return set == NULL ? 0 : remove_below(&s, object, set);
}

/* node: a copy of a set's node, whose structures become members. */
static int
add_parents(const struct shape *s, cJSON *node)
{
	struct shape m;
	cJSON *c, *dot;

	cJSON_ArrayForEach(c, node) {
		if (strcmp(c->string, ".") == 0)
			continue;
		m = c->string[0] == 'f' ? shape_member(s, c->string + 2) :
					  shape_item(s);
		if (add_parents(&m, c) != 0)
			return -1;
		if (!m.named || is_member(c))
			continue;
		dot = cJSON_AddObjectToObject(c, ".");
		if (dot == NULL || fields_sort(c) != 0)
			return -1;
	}
	return 0;
}

int
fields_with_parents(const char *type, const cJSON *set, cJSON **out)
{
	struct shape s = shape_root(type);

	*out = NULL;
	if (set == NULL)
		return 0;
	*out = cJSON_Duplicate(set, 1);
	if (*out != NULL && add_parents(&s, *out) == 0)
		return 0;
	cJSON_Delete(*out);
	*out = NULL;
	return -1;
}
