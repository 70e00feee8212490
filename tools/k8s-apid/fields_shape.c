/*
 * Shapes and keyed lists: see fields_shape.h.
 */
#include "fields_shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shape
shape_root(const char *type)
{
	struct shape s = { .how = SCHEMA_PLAIN, .type = type, .named = 1 };

	if (strcmp(type, SCHEMA_UNKNOWN) == 0)
		s.how = SCHEMA_DICT;
	return s;
}

struct shape
shape_member(const struct shape *s, const char *name)
{
	const struct schema_row *row = schema_field(s->type, name);
	struct shape m = { .how = SCHEMA_PLAIN };

	if (row != NULL) {
		m.how = row->how;
		m.type = row->ref;
		m.keys = row->keys;
		m.named = 1;
		m.here = (row->flags & SCHEMA_HERE) != 0;
	} else if (s->how == SCHEMA_DICT && s->type != NULL) {
		m.how = SCHEMA_DICT;
		m.type = SCHEMA_ANY;
	} else
		m.named = s->how != SCHEMA_DICT;
	return m;
}

struct shape
shape_item(const struct shape *s)
{
	struct shape i = { .how = SCHEMA_PLAIN, .type = s->type };

	return i;
}

int
shape_leaf(const struct shape *s, const cJSON *v)
{
	if (cJSON_IsObject(v))
		return s->how == SCHEMA_ATOMIC;
	if (cJSON_IsArray(v))
		return s->how != SCHEMA_MAP && s->how != SCHEMA_SET;
	return 1;
}

/* Appends `"key":value,` of one key; value NULL: its default, if any. */
static void
add_key(struct buf *b, const char *key, size_t n, const cJSON *value,
    const char *otherwise, size_t otherwise_len)
{
	if (value == NULL && otherwise == NULL)
		return;
	json_write_string(b, key, n);
	buf_addc(b, ':');
	if (value != NULL)
		json_write(b, value);
	else
		json_write_string(b, otherwise, otherwise_len);
	buf_addc(b, ',');
}

/* Writes the path element of a list's item: 0, or -1 when it has none. */
static int
element(const struct shape *s, const cJSON *item, struct buf *b)
{
	const char *p = s->keys, *eq;
	char key[64];
	size_t n, k;

	if (s->how == SCHEMA_SET) {
		buf_adds(b, "v:");
		return json_write(b, item);
	}
	buf_adds(b, "k:{");
	for (; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		eq = memchr(p, '=', n);
		k = eq != NULL ? (size_t)(eq - p) : n;
		snprintf(key, sizeof key, "%.*s", (int)k, p);
		add_key(b, p, k, cJSON_GetObjectItemCaseSensitive(item, key),
		    eq != NULL ? eq + 1 : NULL, eq != NULL ? n - k - 1 : 0);
	}
	if (b->failed || b->data[b->len - 1] != ',')
		return -1;
	b->data[b->len - 1] = '}';
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct item *const *x = a, *const *y = b;
	int c = strcmp((*x)->name, (*y)->name);

	return c != 0 ? c : ((*x)->index > (*y)->index) * 2 - 1;
}

static int
no_key(const struct shape *s, size_t index, struct fault *f)
{
	return fault_set(f, FAULT_INPUT,
	    "element %zu: associative list with keys has an element that "
	    "omits all key fields (%s)",
	    index, s->keys != NULL ? s->keys : "value");
}

static int
name_item(const struct shape *s, struct item *it, int strict, struct fault *f)
{
	struct buf b;

	buf_init(&b, 64 << 10);
	if (element(s, it->value, &b) != 0) {
		if (strict && b.failed == 0) {
			buf_release(&b);
			return no_key(s, it->index, f);
		}
		buf_clear(&b);
		buf_addf(&b, "i:%zu", it->index);
	}
	it->name = buf_take(&b);
	buf_release(&b);
	return it->name == NULL ? fault_nomem(f) : 0;
}

int
items_init(struct items *items, const struct shape *s, const cJSON *list,
    int strict, struct fault *f)
{
	size_t i,
	    n = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
	const cJSON *v;

	memset(items, 0, sizeof *items);
	if (n == 0)
		return 0;
	items->v = calloc(n, sizeof *items->v);
	items->sorted = calloc(n, sizeof *items->sorted);
	if (items->v == NULL || items->sorted == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(v, list) {
		i = items->n;
		items->v[i].value = v;
		items->v[i].index = i;
		items->sorted[i] = &items->v[i];
		items->n++;
		if (name_item(s, &items->v[i], strict, f) != 0)
			return -1;
	}
	qsort(items->sorted, n, sizeof *items->sorted, by_name);
	for (i = 1; strict && i < n; i++)
		if (strcmp(items->sorted[i]->name,
			items->sorted[i - 1]->name) == 0)
			return fault_set(f, FAULT_INPUT,
			    "duplicate entries for key [%.200s]",
			    items->sorted[i]->name + 2);
	return 0;
}

void
items_release(struct items *items)
{
	size_t i;

	for (i = 0; i < items->n; i++)
		free(items->v[i].name);
	free(items->v);
	free(items->sorted);
	memset(items, 0, sizeof *items);
}

struct item *
items_find(const struct items *items, const char *name)
{
	size_t low = 0, high = items->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(items->sorted[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == items->n || strcmp(items->sorted[low]->name, name) != 0)
		return NULL;
	return items->sorted[low];
}
