/*
 * Metadata: see object.h.
 */
#include "k8s-apid/object.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/digest.h"

#define SUFFIX 5 /* random letters behind generateName */

/* A client's null means unset; kept, it would be owned and compared. */
void
object_strip_nulls(cJSON *v)
{
	cJSON *m, *next;

	for (m = v->child; m != NULL; m = next) {
		next = m->next;
		if (cJSON_IsNull(m) && cJSON_IsObject(v))
			cJSON_Delete(cJSON_DetachItemViaPointer(v, m));
		else
			object_strip_nulls(m);
	}
}

void
object_strip_empty(cJSON *v)
{
	static const char *const members[] = { "labels", "annotations",
		"finalizers", "ownerReferences" };
	cJSON *meta = json_at(v, "metadata", NULL), *m;
	size_t i;

	for (i = 0; i < sizeof members / sizeof members[0]; i++) {
		m = cJSON_GetObjectItemCaseSensitive(meta, members[i]);
		if (m != NULL && m->child == NULL &&
		    (cJSON_IsObject(m) || cJSON_IsArray(m)))
			cJSON_Delete(cJSON_DetachItemViaPointer(meta, m));
	}
}

int
object_dying(const cJSON *v)
{
	return json_at(v, "metadata", "deletionTimestamp", NULL) != NULL;
}

/* Other kinds have no controller that would report what it has seen. */
int
object_counts_generation(const struct type *t)
{
	return (strcmp(t->group, "apps") == 0 && t->subs != 0) ||
	       strcmp(t->group, "batch") == 0;
}

/* As apimachinery's names.SimpleNameGenerator: letters without vowels. */
static int
generate_name(cJSON *meta, struct status *st)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	const char *base = json_str(meta, "generateName", NULL);
	unsigned char r[SUFFIX];
	char name[OBJECT_NAME_MAX + 1];
	size_t n, i;
	struct fault f;

	n = strlen(base);
	if (n > 63 - SUFFIX)
		n = 63 - SUFFIX;
	if (digest_random(r, sizeof r, &f) != 0)
		return status_fault(st, &f);
	memcpy(name, base, n);
	for (i = 0; i < SUFFIX; i++)
		name[n + i] = letters[r[i] % (sizeof letters - 1)];
	name[n + SUFFIX] = '\0';
	return json_set_str(meta, "name", name) == 0 ? 0 : status_nomem(st);
}

/* Left out, apiVersion and kind follow from the URL. */
static int
same_or_set(cJSON *v, const char *key, const char *want, struct status *st)
{
	const char *is = json_str(v, key, NULL);

	if (is != NULL && is[0] != '\0' && strcmp(is, want) != 0)
		return status_bad_request(st,
		    "the %s in the data (%s) does not match the expected %s "
		    "(%s)",
		    key, is, key, want);
	return json_set_str(v, key, want) == 0 ? 0 : status_nomem(st);
}

/* A name in the URL rules; without one, the body must bring it. */
static int
identify_name(
    const struct type *t, const char *name, cJSON *meta, struct status *st)
{
	const char *is = json_str(meta, "name", NULL);
	const char *base = json_str(meta, "generateName", NULL);

	if (name != NULL) {
		if (is != NULL && is[0] != '\0' && strcmp(is, name) != 0)
			return status_bad_request(st,
			    "the name of the object (%s) does not match the "
			    "name on the URL (%s)",
			    is, name);
		return json_set_str(meta, "name", name) == 0 ? 0 :
							       status_nomem(st);
	}
	if (is != NULL && is[0] != '\0')
		return 0;
	if (base != NULL && base[0] != '\0')
		return generate_name(meta, st);
	if (json_at(meta, "name", NULL) == NULL || is != NULL) {
		struct causes c;

		causes_init(&c);
		cause_required(
		    &c, "metadata.name", "name or generateName is required");
		return status_invalid(st, t, "", &c);
	}
	return status_bad_request(st, "metadata.name must be a string");
}

int
object_identify(const struct type *t, const char *ns, const char *name,
    cJSON *v, struct status *st)
{
	char s[160];
	const char *is;
	cJSON *meta;

	if (!cJSON_IsObject(v))
		return status_bad_request(st, "the body is not an object");
	meta = cJSON_GetObjectItemCaseSensitive(v, "metadata");
	if (meta != NULL && !cJSON_IsObject(meta))
		return status_bad_request(st, "metadata is not an object");
	meta = json_sub(v, "metadata");
	if (meta == NULL)
		return status_nomem(st);
	if (same_or_set(
		v, "apiVersion", type_api_version(t, s, sizeof s), st) != 0 ||
	    same_or_set(v, "kind", t->kind, st) != 0)
		return -1;
	is = json_str(meta, "namespace", NULL);
	if (!t->namespaced)
		cJSON_DeleteItemFromObjectCaseSensitive(meta, "namespace");
	else if (is != NULL && is[0] != '\0' && strcmp(is, ns) != 0)
		return status_bad_request(st,
		    "the namespace of the provided object does not match the "
		    "namespace sent on the request");
	else if (json_set_str(meta, "namespace", ns) != 0)
		return status_nomem(st);
	return identify_name(t, name, meta, st);
}

/* Times have whole seconds, as clients compare them as text. */
int
object_born(const struct type *t, cJSON *v, struct status *st)
{
	static const char *const not_yours[] = { "resourceVersion", "selfLink",
		"deletionTimestamp", "deletionGracePeriodSeconds",
		"generation" };
	cJSON *meta = json_sub(v, "metadata");
	char uid[37], ts[CLOCK_TS_SIZE];
	struct timespec now;
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof not_yours / sizeof not_yours[0]; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(meta, not_yours[i]);
	if (digest_uuid(uid, &f) != 0)
		return status_fault(st, &f);
	clock_gettime(CLOCK_REALTIME, &now);
	if (json_set_str(meta, "uid", uid) != 0 ||
	    json_set_str(
		meta, "creationTimestamp", clock_format(ts, &now, 1)) != 0 ||
	    (object_counts_generation(t) &&
		json_set_num(meta, "generation", 1) != 0))
		return status_nomem(st);
	return 0;
}

/* Makes member key of to what it is in from: absent, or a copy. */
static int
carry(const cJSON *from, cJSON *to, const char *key)
{
	const cJSON *is = cJSON_GetObjectItemCaseSensitive(from, key);

	if (is != NULL)
		return json_set(to, key, cJSON_Duplicate(is, 1));
	cJSON_DeleteItemFromObjectCaseSensitive(to, key);
	return 0;
}

/* Optimistic concurrency: no version means that any will do. */
static int
check_preconditions(const struct type *t, const cJSON *old_meta,
    const cJSON *meta, struct status *st)
{
	const char *is = json_str(meta, "resourceVersion", NULL);
	const char *uid = json_str(meta, "uid", NULL);
	const char *was = json_str(old_meta, "uid", NULL);
	const char *name = json_str(old_meta, "name", NULL);
	char why[256];

	if (is != NULL && is[0] != '\0' &&
	    strcmp(is, json_str(old_meta, "resourceVersion", NULL)) != 0)
		return status_conflict(st, t, name, NULL);
	if (uid == NULL || uid[0] == '\0' || strcmp(uid, was) == 0)
		return 0;
	snprintf(why, sizeof why,
	    "Precondition failed: UID in precondition: %s, UID in object "
	    "meta: %s",
	    uid, was);
	return status_conflict(st, t, name, why);
}

/*
 * What a status write leaves of metadata as it was, as the kinds' strategies
 * have it; the rest is the writer's.  So a Deployment's revision is written:
 * by this door an annotation is no new generation.
 */
static int
carry_metadata(const struct type *t, const cJSON *old, cJSON *meta)
{
	old = json_at(old, "metadata", NULL);
	if (strcmp(t->kind, "Deployment") == 0)
		return carry(old, meta, "labels");
	if (strcmp(t->kind, "Pod") == 0)
		return carry(old, meta, "ownerReferences");
	return 0;
}

/* A status write changes no spec or data, any other write no status. */
static int
carry_parts(const struct type *t, const char *sub, const cJSON *old, cJSON *v)
{
	const cJSON *m;
	cJSON *own, *next;
	int rc = 0;

	if (sub[0] == '\0')
		return t->subs & SUB_STATUS ? carry(old, v, "status") : 0;
	if (strcmp(sub, "status") != 0)
		return 0; /* made from old by the server itself */
	for (own = v->child; own != NULL; own = next) {
		next = own->next;
		if (strcmp(own->string, "status") != 0 &&
		    strcmp(own->string, "metadata") != 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(v, own));
	}
	cJSON_ArrayForEach(m, old) {
		if (strcmp(m->string, "status") != 0 &&
		    strcmp(m->string, "metadata") != 0)
			rc |= carry(old, v, m->string);
	}
	return rc | carry_metadata(t, old, json_sub(v, "metadata"));
}

/* A Deployment's annotations count too, as in its registry's strategy. */
static int
is_new_generation(const struct type *t, const cJSON *old, const cJSON *v)
{
	if (!json_equal(json_at(old, "spec", NULL), json_at(v, "spec", NULL)) &&
	    (json_at(old, "spec", NULL) != NULL ||
		json_at(v, "spec", NULL) != NULL))
		return 1;
	if (strcmp(t->plural, "deployments") != 0)
		return 0;
	old = json_at(old, "metadata", "annotations", NULL);
	v = json_at(v, "metadata", "annotations", NULL);
	return (old != NULL || v != NULL) && !json_equal(old, v);
}

/* Deletion, once begun, cannot be taken back by a write. */
int
object_carry(const struct type *t, const char *sub, const cJSON *old, cJSON *v,
    struct status *st)
{
	static const char *const kept[] = { "uid", "creationTimestamp",
		"deletionTimestamp", "deletionGracePeriodSeconds", "generation",
		"generateName", "resourceVersion" };
	const cJSON *old_meta = json_at(old, "metadata", NULL);
	cJSON *meta = json_sub(v, "metadata");
	size_t i;

	if (meta == NULL)
		return status_nomem(st);
	if (check_preconditions(t, old_meta, meta, st) != 0)
		return -1;
	if (carry_parts(t, sub, old, v) != 0)
		return status_nomem(st);
	meta = json_sub(v, "metadata");
	for (i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (carry(old_meta, meta, kept[i]) != 0)
			return status_nomem(st);
	if (strcmp(sub, "status") != 0 && object_counts_generation(t) &&
	    is_new_generation(t, old, v) &&
	    json_set_num(meta, "generation",
		json_num(old_meta, "generation", 0) + 1) != 0)
		return status_nomem(st);
	return 0;
}
