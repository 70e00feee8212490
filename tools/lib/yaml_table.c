/*
 * Names to items: see yaml_table.h.
 */
#include "yaml_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t
hash(const char *s)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

/* Where name is or would go; size is not 0. */
static struct yaml_slot *
place(const struct yaml_table *t, const char *name)
{
	size_t i = hash(name) & (t->size - 1);

	while (t->v[i].name != NULL && strcmp(t->v[i].name, name) != 0)
		i = (i + 1) & (t->size - 1);
	return &t->v[i];
}

struct yaml_slot *
yaml_table_find(const struct yaml_table *t, const char *name)
{
	struct yaml_slot *s;

	if (t->size == 0)
		return NULL;
	s = place(t, name);
	return s->name != NULL ? s : NULL;
}

struct yaml_slot *
yaml_table_slot(struct yaml_table *t, const char *name)
{
	struct yaml_table bigger = { .used = t->used,
		.size = t->size > 0 ? t->size * 2 : 8 };
	struct yaml_slot *s;
	size_t i;

	if (t->used * 2 >= t->size) {
		bigger.v = calloc(bigger.size, sizeof *bigger.v);
		if (bigger.v == NULL)
			return NULL;
		for (i = 0; i < t->size; i++)
			if (t->v[i].name != NULL)
				*place(&bigger, t->v[i].name) = t->v[i];
		free(t->v);
		*t = bigger;
	}
	s = place(t, name);
	t->used += s->name == NULL;
	return s;
}
