/*
 * Merging one object over another: see fields_object.h.  Keyed lists keep the
 * order of the applied side, with the other side's own items left where
 * they stood between shared ones.
 */
#include <string.h>

#include "fields_object.h"
#include "fields_shape.h"

static cJSON *
merge(const struct shape *s, const cJSON *live, const cJSON *config);

static cJSON *
merge_members(const struct shape *s, const cJSON *live, const cJSON *config)
{
	cJSON *out = cJSON_CreateObject(), *v;
	const cJSON *c, *other;
	struct shape m;

	if (out == NULL)
		return NULL;
	cJSON_ArrayForEach(c, live) {
		other = cJSON_GetObjectItemCaseSensitive(config, c->string);
		m = shape_member(s, c->string);
		v = merge(&m, c, other);
		if (json_set(out, c->string, v) != 0)
			goto bad;
	}
	cJSON_ArrayForEach(c, config) {
		if (cJSON_GetObjectItemCaseSensitive(live, c->string) != NULL)
			continue;
		v = cJSON_Duplicate(c, 1);
		if (json_set(out, c->string, v) != 0)
			goto bad;
	}
	return out;
bad:
	cJSON_Delete(out);
	return NULL;
}

/* The next item of b behind from that a has as well, or NULL. */
static const struct item *
next_shared(const struct items *a, const struct items *b, size_t from)
{
	for (; from < b->n; from++)
		if (items_find(a, b->v[from].name) != NULL)
			return &b->v[from];
	return NULL;
}

struct interleave {
	struct shape item;
	struct items live, config;
	size_t l, c;               /* how far we are in either */
	const struct item *shared; /* the next of both, in config's order */
	cJSON *out;
};

/* Takes config's next item, merged over live's of the same name. */
static int
take_config(struct interleave *in)
{
	struct item *it = &in->config.v[in->c++];
	const struct item *under = items_find(&in->live, it->name);

	it->taken = 1;
	if (in->shared == it)
		in->shared = next_shared(&in->live, &in->config, in->c);
	return json_append(in->out,
	    merge(&in->item, under != NULL ? under->value : NULL, it->value));
}

/* One step: at least one side is not at its end. */
static int
step(struct interleave *in)
{
	const struct item *it = in->l < in->live.n ? &in->live.v[in->l] : NULL;
	const struct item *same =
	    it != NULL ? items_find(&in->config, it->name) : NULL;
	int more = in->c < in->config.n;

	if (it != NULL && same == NULL) {
		in->l++;
		return json_append(in->out, cJSON_Duplicate(it->value, 1));
	}
	if (it != NULL && more && same == &in->config.v[in->c]) {
		in->l++;
		return take_config(in);
	}
	/* shared, but taken already or not the one whose turn it is */
	if (it != NULL && (same->taken || !more ||
			      (in->shared != NULL &&
				  strcmp(in->shared->name, it->name) != 0))) {
		in->l++;
		return 0;
	}
	return take_config(in);
}

static cJSON *
merge_items(const struct shape *s, const cJSON *live, const cJSON *config)
{
	struct interleave in = { .item = shape_item(s) };
	int r;

	in.out = cJSON_CreateArray();
	r = items_init(&in.live, s, live, 0, NULL);
	if (items_init(&in.config, s, config, 0, NULL) != 0)
		r = -1;
	if (in.out == NULL)
		r = -1;
	if (r == 0)
		in.shared = next_shared(&in.live, &in.config, 0);
	while (r == 0 && (in.l < in.live.n || in.c < in.config.n))
		r = step(&in);
	items_release(&in.live);
	items_release(&in.config);
	if (r == 0)
		return in.out;
	cJSON_Delete(in.out);
	return NULL;
}

static cJSON *
merge(const struct shape *s, const cJSON *live, const cJSON *config)
{
	if (config == NULL)
		return cJSON_Duplicate(live, 1);
	if (live == NULL || shape_leaf(s, live))
		return cJSON_Duplicate(config, 1);
	if (cJSON_IsNull(config)) /* says nothing about what is in it */
		return cJSON_Duplicate(live, 1);
	if (shape_leaf(s, config) ||
	    cJSON_IsArray(live) != cJSON_IsArray(config))
		return cJSON_Duplicate(config, 1);
	return cJSON_IsArray(live) ? merge_items(s, live, config) :
				     merge_members(s, live, config);
}

cJSON *
fields_merge(
    const char *type, const cJSON *live, const cJSON *config, struct fault *f)
{
	struct shape s = shape_root(type);
	cJSON *out = merge(&s, live, config);

	if (out == NULL)
		fault_nomem(f);
	return out;
}
