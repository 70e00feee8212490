/*
 * Set algebra over FieldsV1: see fields.h.  Every operation is one walk over
 * two sorted member lists; a node's own membership is told by "." beside
 * children, or by having no children at all.
 */
#include "fields.h"

#include <stdlib.h>
#include <string.h>

enum op { UNION, MINUS, COMMON, MINUS_DEEP };

static int
member(const cJSON *node)
{
	return node != NULL &&
	       (node->child == NULL || strcmp(node->child->string, ".") == 0);
}

/* The first child that is an element, behind ".". */
static const cJSON *
elements(const cJSON *node)
{
	const cJSON *c = node != NULL ? node->child : NULL;

	return c != NULL && strcmp(c->string, ".") == 0 ? c->next : c;
}

static int
own_membership(enum op op, int a, int b)
{
	switch (op) {
	case UNION:
		return a || b;
	case COMMON:
		return a && b;
	case MINUS:
	case MINUS_DEEP:
		return a && !b;
	}
	return 0;
}

static int
adopt(cJSON *node, const char *element, cJSON *child)
{
	if (child != NULL && cJSON_AddItemToObject(node, element, child))
		return 0;
	cJSON_Delete(child);
	return -1;
}

static cJSON *
combine(enum op op, const cJSON *a, const cJSON *b, int is_member, int *err);

/* One element of both sides (one of them may be NULL) into node. */
static int
combine_element(enum op op, cJSON *node, const cJSON *a, const cJSON *b)
{
	int err = 0;
	cJSON *sub;

	if (op == MINUS_DEEP && member(b))
		return 0;
	if (b == NULL && op == COMMON)
		return 0;
	if (a == NULL && op != UNION)
		return 0;
	if (a == NULL || b == NULL) {
		sub = cJSON_Duplicate(a != NULL ? a : b, 1);
		return adopt(node, (a != NULL ? a : b)->string, sub);
	}
	sub = combine(op, a, b, own_membership(op, member(a), member(b)), &err);
	if (sub == NULL)
		return err;
	return adopt(node, a->string, sub);
}

/*
 * The node made of a and b: NULL when it is neither in the set nor has
 * elements, or when memory ran out (*err is -1 then).
 */
static cJSON *
combine(enum op op, const cJSON *a, const cJSON *b, int is_member, int *err)
{
	const cJSON *x = elements(a), *y = elements(b);
	cJSON *node = cJSON_CreateObject();
	int order, bad = node == NULL;

	if (!bad && is_member && (x != NULL || y != NULL))
		bad = adopt(node, ".", cJSON_CreateObject()) != 0;
	while (!bad && (x != NULL || y != NULL)) {
		order = x == NULL ? 1 :
			y == NULL ? -1 :
				    strcmp(x->string, y->string);
		bad = combine_element(op, node, order <= 0 ? x : NULL,
			  order >= 0 ? y : NULL) != 0;
		x = order <= 0 ? x->next : x;
		y = order >= 0 ? y->next : y;
	}
	if (bad) {
		*err = -1;
		cJSON_Delete(node);
		return NULL;
	}
	/* a lone "." is written as {} */
	if (is_member && node->child != NULL && node->child->next == NULL)
		cJSON_DeleteItemFromObjectCaseSensitive(node, ".");
	if (!is_member && node->child == NULL) {
		cJSON_Delete(node);
		return NULL;
	}
	return node;
}

cJSON *
fields_union(const cJSON *a, const cJSON *b, int *err)
{
	return combine(UNION, a, b, 0, err);
}

cJSON *
fields_minus(const cJSON *a, const cJSON *b, int *err)
{
	return combine(MINUS, a, b, 0, err);
}

cJSON *
fields_common(const cJSON *a, const cJSON *b, int *err)
{
	return combine(COMMON, a, b, 0, err);
}

cJSON *
fields_minus_deep(const cJSON *a, const cJSON *b, int *err)
{
	return combine(MINUS_DEEP, a, b, 0, err);
}

int
fields_equal(const cJSON *a, const cJSON *b)
{
	const cJSON *x = elements(a), *y = elements(b);

	for (; x != NULL && y != NULL; x = x->next, y = y->next)
		if (strcmp(x->string, y->string) != 0 ||
		    member(x) != member(y) || !fields_equal(x, y))
			return 0;
	return x == NULL && y == NULL;
}

int
fields_has(const cJSON *set, const char *const *path)
{
	const cJSON *node = set;

	for (; *path != NULL; path++) {
		node = cJSON_GetObjectItemCaseSensitive(node, *path);
		if (node == NULL)
			return 0;
	}
	return node != set && member(node);
}

int
fields_add(cJSON **set, const char *const *path)
{
	cJSON *one = cJSON_CreateObject(), *node = one, *sum;
	int err = 0;

	for (; node != NULL && *path != NULL; path++)
		node = cJSON_AddObjectToObject(node, *path);
	if (node == NULL) {
		cJSON_Delete(one);
		return -1;
	}
	sum = fields_union(*set, one, &err);
	cJSON_Delete(one);
	if (err != 0)
		return -1;
	cJSON_Delete(*set);
	*set = sum;
	return 0;
}

size_t
fields_count(const cJSON *set)
{
	const cJSON *c;
	size_t n = 0;

	for (c = elements(set); c != NULL; c = c->next)
		n += (size_t)member(c) + fields_count(c);
	return n;
}

static int
by_name(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;

	return strcmp((*x)->string, (*y)->string);
}

int
fields_sort(cJSON *node)
{
	size_t i, n = (size_t)cJSON_GetArraySize(node);
	cJSON **v, *c;

	for (c = node->child; c != NULL && c->next != NULL; c = c->next)
		if (strcmp(c->string, c->next->string) >= 0)
			break;
	if (c == NULL || c->next == NULL)
		return 0;
	v = calloc(n, sizeof *v);
	if (v == NULL)
		return -1;
	for (c = node->child, i = 0; c != NULL; c = c->next)
		v[i++] = c;
	qsort(v, n, sizeof *v, by_name);
	for (i = 0; i < n; i++) {
		v[i]->next = i + 1 < n ? v[i + 1] : NULL;
		v[i]->prev = i > 0 ? v[i - 1] : v[n - 1];
	}
	node->child = v[0];
	free(v);
	return 0;
}

/*
 * Checks an element and writes it as we write it into out: keys and values
 * may come with blanks or members in any order.  0, or -1.
 */
static int
normalise(const char *element, struct buf *out)
{
	const char *rest = element + 2;
	size_t n = strlen(element);
	int bad = 0;
	cJSON *v;

	buf_clear(out);
	if (n < 2 || element[1] != ':' || strchr("fkvi", element[0]) == NULL)
		return -1;
	if (element[0] == 'f')
		return buf_adds(out, element);
	if (element[0] == 'i')
		return n > 2 && strspn(rest, "0123456789") == n - 2 ?
			   buf_adds(out, element) :
			   -1;
	v = json_parse(rest, n - 2, NULL);
	if (v == NULL || (element[0] == 'k' && !cJSON_IsObject(v)))
		bad = 1;
	if (!bad && element[0] == 'k')
		bad = fields_sort(v);
	if (!bad) {
		buf_add(out, element, 2);
		bad = json_write(out, v);
	}
	cJSON_Delete(v);
	return bad ? -1 : 0;
}

static cJSON *
parse_node(const cJSON *from, int is_root, struct fault *f)
{
	cJSON *node = cJSON_CreateObject(), *sub;
	struct buf name;
	const cJSON *c;

	buf_init(&name, 64 << 10);
	if (node == NULL)
		fault_nomem(f);
	cJSON_ArrayForEach(c, from) {
		if (node == NULL)
			break;
		if (strcmp(c->string, ".") == 0) {
			if (is_root || from->child->next == NULL)
				continue;
			buf_clear(&name);
			buf_adds(&name, ".");
			sub = cJSON_CreateObject();
		} else {
			if (normalise(c->string, &name) != 0 ||
			    !cJSON_IsObject(c)) {
				fault_set(f, FAULT_INPUT,
				    "fieldsV1: bad element \"%.100s\"",
				    c->string);
				goto bad;
			}
			sub = parse_node(c, 0, f);
		}
		if (sub == NULL || adopt(node, buf_str(&name), sub) != 0)
			goto bad;
	}
	if (node != NULL && fields_sort(node) != 0) {
		fault_nomem(f);
		goto bad;
	}
	buf_release(&name);
	return node;
bad:
	buf_release(&name);
	cJSON_Delete(node);
	return NULL;
}

int
fields_parse(const cJSON *fields_v1, cJSON **set, struct fault *f)
{
	*set = NULL;
	if (fields_v1 == NULL || fields_v1->child == NULL)
		return 0;
	if (!cJSON_IsObject(fields_v1))
		return fault_set(f, FAULT_INPUT, "fieldsV1: not an object");
	*set = parse_node(fields_v1, 1, f);
	if (*set == NULL)
		return -1;
	if ((*set)->child == NULL) {
		cJSON_Delete(*set);
		*set = NULL;
	}
	return 0;
}

/* `name="a",port=80` of the key object behind "k:". */
static void
print_key(struct buf *b, const char *json)
{
	cJSON *keys = json_parse(json, strlen(json), NULL);
	const cJSON *k;

	cJSON_ArrayForEach(k, keys) {
		if (k != keys->child)
			buf_addc(b, ',');
		buf_addf(b, "%s=", k->string);
		json_write(b, k);
	}
	cJSON_Delete(keys);
}

static void
print_element(struct buf *b, const char *element)
{
	const char *rest = element + 2;

	switch (element[0]) {
	case 'f':
		buf_addf(b, ".%s", rest);
		break;
	case 'k':
		buf_addc(b, '[');
		print_key(b, rest);
		buf_addc(b, ']');
		break;
	case 'v':
		buf_addf(b, "[=%s]", rest);
		break;
	default:
		buf_addf(b, "[%s]", rest);
	}
}

static int
each(const cJSON *node, struct buf *path,
    int (*fn)(void *arg, const char *path), void *arg)
{
	const cJSON *c;
	size_t len = path->len;
	int stop = 0;

	for (c = elements(node); c != NULL && stop == 0; c = c->next) {
		print_element(path, c->string);
		if (path->failed)
			return -1;
		if (member(c))
			stop = fn(arg, path->data);
		if (stop == 0)
			stop = each(c, path, fn, arg);
		path->len = len;
		path->data[len] = '\0';
	}
	return stop;
}

int
fields_each(const cJSON *set, int (*fn)(void *arg, const char *path), void *arg)
{
	struct buf path;
	int r;

	buf_init(&path, 1 << 20);
	r = each(set, &path, fn, arg);
	buf_release(&path);
	return r;
}
