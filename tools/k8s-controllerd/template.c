/*
 * Pod templates: see template.h.
 */
#include "k8s-controllerd/template.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "k8s-controllerd/meta.h"

/* No vowels and nothing that looks like one: no bad words by accident. */
static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

#define FNV_START 2166136261u

static uint32_t
fnv(uint32_t h, const void *p, size_t n)
{
	const unsigned char *s = p;

	while (n-- > 0)
		h = (h ^ *s++) * 16777619u;
	return h;
}

/* FNV of a member's name and value. */
static uint32_t hash_value(const cJSON *v);

static uint32_t
hash_members(const cJSON *v)
{
	uint32_t h = 0;
	const cJSON *c;

	/* a sum does not mind the order of members */
	cJSON_ArrayForEach(c, v) {
		uint32_t m = hash_value(c);

		if (cJSON_IsNull(c) ||
		    strcmp(c->string, TEMPLATE_HASH_LABEL) == 0)
			continue;
		h += fnv(fnv(FNV_START, c->string, strlen(c->string) + 1), &m,
		    sizeof m);
	}
	return h;
}

static uint32_t
hash_value(const cJSON *v)
{
	unsigned char type = (unsigned char)(v->type & 0xff);
	uint32_t h = fnv(FNV_START, &type, 1), m;
	const cJSON *c;

	if (cJSON_IsString(v))
		return fnv(h, v->valuestring, strlen(v->valuestring));
	if (cJSON_IsNumber(v))
		return fnv(h, &v->valuedouble, sizeof v->valuedouble);
	if (cJSON_IsArray(v)) {
		cJSON_ArrayForEach(c, v) {
			m = hash_value(c);
			h = fnv(h, &m, sizeof m);
		}
		return h;
	}
	m = hash_members(v);
	return fnv(h, &m, sizeof m);
}

char *
template_hash(const cJSON *template, long count, char *out)
{
	uint32_t h = template != NULL ? hash_value(template) : 0;
	size_t i;

	if (count > 0)
		h = fnv(h, &count, sizeof count);
	snprintf(out, TEMPLATE_HASH_SIZE, "%u", h);
	for (i = 0; out[i] != '\0'; i++)
		out[i] = letters[(unsigned char)out[i] % (sizeof letters - 1)];
	return out;
}

/* 1 when the same but for nulls, empty structures and the hash label. */
static int
same(const cJSON *a, const cJSON *b)
{
	const cJSON *c, *d;
	size_t n = 0, m = 0;

	if (!cJSON_IsObject(a) || !cJSON_IsObject(b))
		return json_equal(a, b);
	cJSON_ArrayForEach(c, a) {
		if (cJSON_IsNull(c) ||
		    strcmp(c->string, TEMPLATE_HASH_LABEL) == 0)
			continue;
		d = cJSON_GetObjectItemCaseSensitive(b, c->string);
		if (d == NULL || !same(c, d))
			return 0;
		n++;
	}
	cJSON_ArrayForEach(c, b)
		m += !cJSON_IsNull(c) &&
		     strcmp(c->string, TEMPLATE_HASH_LABEL) != 0;
	return n == m;
}

int
template_same(const cJSON *a, const cJSON *b)
{
	return a != NULL && b != NULL && same(a, b);
}

cJSON *
template_owner(
    const cJSON *owner, const char *owner_api, const char *owner_kind)
{
	cJSON *r = cJSON_CreateObject();

	if (r != NULL && json_set_str(r, "apiVersion", owner_api) == 0 &&
	    json_set_str(r, "kind", owner_kind) == 0 &&
	    json_set_str(r, "name", meta_name(owner)) == 0 &&
	    json_set_str(r, "uid", meta_uid(owner)) == 0 &&
	    json_set_bool(r, "controller", 1) == 0 &&
	    json_set_bool(r, "blockOwnerDeletion", 1) == 0)
		return r;
	cJSON_Delete(r);
	return NULL;
}

/* Copies a member of from, where it is there, into to: 0 or -1. */
static int
copy_member(const cJSON *from, cJSON *to, const char *key)
{
	const cJSON *v = cJSON_GetObjectItemCaseSensitive(from, key);

	return v == NULL ? 0 : json_set(to, key, cJSON_Duplicate(v, 1));
}

cJSON *
template_pod(const cJSON *template, const cJSON *owner, const char *owner_api,
    const char *owner_kind, const char *base, const char *name)
{
	const cJSON *from = json_at(template, "metadata", NULL);
	cJSON *pod = cJSON_CreateObject(), *meta, *owners, *ref;

	if (pod == NULL || json_set_str(pod, "apiVersion", "v1") != 0 ||
	    json_set_str(pod, "kind", "Pod") != 0)
		goto bad;
	meta = json_sub(pod, "metadata");
	if (meta == NULL || json_set_str(meta, "name", name) != 0 ||
	    json_set_str(meta, "generateName", base) != 0 ||
	    json_set_str(meta, "namespace", meta_ns(owner)) != 0 ||
	    copy_member(from, meta, "labels") != 0 ||
	    copy_member(from, meta, "annotations") != 0 ||
	    copy_member(from, meta, "finalizers") != 0 ||
	    copy_member(template, pod, "spec") != 0)
		goto bad;
	owners = cJSON_AddArrayToObject(meta, "ownerReferences");
	ref = template_owner(owner, owner_api, owner_kind);
	if (owners == NULL || ref == NULL ||
	    !cJSON_AddItemToArray(owners, ref)) {
		cJSON_Delete(ref);
		goto bad;
	}
	return pod;
bad:
	cJSON_Delete(pod);
	return NULL;
}

char *
template_name(const char *base, char *out)
{
	unsigned char r[5];
	char tail[6];
	size_t i;

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		memset(r, 0, sizeof r);
	for (i = 0; i < sizeof r; i++)
		tail[i] = letters[r[i] % (sizeof letters - 1)];
	tail[i] = '\0';
	snprintf(out, TEMPLATE_NAME_SIZE, "%.58s%s", base, tail);
	return out;
}
