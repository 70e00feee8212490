/*
 * The list of managers: see apply_managed.h.  Its order and its entry for
 * changes that are too old to keep apart are those of apimachinery's
 * managedfields package, so that kubectl shows what it shows elsewhere.
 */
#include "apply_managed.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "lib/clock.h"

static void
owner_release(struct owner *o)
{
	free(o->manager);
	free(o->subresource);
	free(o->api_version);
	free(o->time);
	cJSON_Delete(o->set);
}

void
managed_release(struct managed *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		owner_release(&m->v[i]);
	free(m->v);
	memset(m, 0, sizeof *m);
}

struct owner *
managed_find(const struct managed *m, const char *manager, int applies,
    const char *api_version, const char *subresource)
{
	struct owner *o;
	size_t i;

	if (subresource == NULL)
		subresource = "";
	for (i = 0; i < m->n; i++) {
		o = &m->v[i];
		if (o->applies == applies && strcmp(o->manager, manager) == 0 &&
		    strcmp(o->subresource, subresource) == 0 &&
		    (applies || strcmp(o->api_version, api_version) == 0))
			return o;
	}
	return NULL;
}

struct owner *
managed_add(struct managed *m, const char *manager, int applies,
    const char *api_version, const char *subresource)
{
	struct owner *v = reallocarray(m->v, m->n + 1, sizeof *v), *o;

	if (v == NULL)
		return NULL;
	m->v = v;
	o = &v[m->n];
	memset(o, 0, sizeof *o);
	o->applies = applies;
	o->manager = strdup(manager);
	o->subresource = strdup(subresource != NULL ? subresource : "");
	o->api_version = strdup(api_version);
	if (o->manager == NULL || o->subresource == NULL ||
	    o->api_version == NULL) {
		owner_release(o);
		return NULL;
	}
	m->n++;
	return o;
}

void
owner_set(struct owner *o, cJSON *set)
{
	cJSON_Delete(o->set);
	o->set = set;
}

int
owner_touch(struct owner *o, const char *time)
{
	char *copy = strdup(time);

	if (copy == NULL)
		return -1;
	free(o->time);
	o->time = copy;
	return 0;
}

static int
read_entry(struct managed *m, const cJSON *e, struct fault *f)
{
	const char *manager = json_str(e, "manager", NULL);
	const char *operation = json_str(e, "operation", NULL);
	const char *version = json_str(e, "apiVersion", NULL);
	const char *subresource = json_str(e, "subresource", NULL);
	const char *time = json_str(e, "time", NULL);
	struct owner *o;
	cJSON *set, *sum;
	int err = 0;

	if (operation == NULL || version == NULL ||
	    (strcmp(operation, "Apply") != 0 &&
		strcmp(operation, "Update") != 0))
		return fault_set(f, FAULT_INPUT,
		    "metadata.managedFields: an entry needs operation and "
		    "apiVersion");
	if (fields_parse(json_at(e, "fieldsV1", NULL), &set, f) != 0)
		return -1;
	if (set == NULL)
		return 0;
	if (manager == NULL)
		manager = "";
	o = managed_find(m, manager, operation[0] == 'A', version, subresource);
	if (o == NULL)
		o = managed_add(
		    m, manager, operation[0] == 'A', version, subresource);
	if (o == NULL || (time != NULL && owner_touch(o, time) != 0)) {
		cJSON_Delete(set);
		return fault_nomem(f);
	}
	sum = fields_union(o->set, set, &err);
	cJSON_Delete(set);
	owner_set(o, sum);
	return err != 0 ? fault_nomem(f) : 0;
}

int
managed_read(struct managed *m, const cJSON *list, struct fault *f)
{
	const cJSON *e;

	memset(m, 0, sizeof *m);
	cJSON_ArrayForEach(e, list)
		if (read_entry(m, e, f) != 0)
			return -1;
	return 0;
}

int
managed_take(struct managed *m, const struct owner *except, const cJSON *set)
{
	size_t i;
	int err = 0;

	for (i = 0; set != NULL && i < m->n; i++)
		if (&m->v[i] != except)
			owner_set(
			    &m->v[i], fields_minus(m->v[i].set, set, &err));
	return err;
}

static long long
seconds(const struct owner *o)
{
	struct timespec ts;

	if (o->time == NULL || clock_parse(o->time, &ts) != 0)
		return 0;
	return (long long)ts.tv_sec;
}

static int
by_order(const void *a, const void *b)
{
	const struct owner *x = a, *y = b;
	long long s = seconds(x), t = seconds(y);
	int c;

	if (x->applies != y->applies)
		return y->applies - x->applies;
	if (s != t)
		return s < t ? -1 : 1;
	c = strcmp(x->manager, y->manager);
	if (c == 0)
		c = strcmp(x->api_version, y->api_version);
	return c != 0 ? c : strcmp(x->subresource, y->subresource);
}

/* Drops owners of nothing and sorts the rest. */
static void
tidy(struct managed *m)
{
	size_t i, kept = 0;

	for (i = 0; i < m->n; i++) {
		if (m->v[i].set == NULL)
			owner_release(&m->v[i]);
		else
			m->v[kept++] = m->v[i];
	}
	m->n = kept;
	if (kept > 1)
		qsort(m->v, kept, sizeof *m->v, by_order);
}

/* Merges the oldest Update entries into one until at most max are left. */
static int
cap(struct managed *m, size_t max)
{
	static const char ancient[] = "ancient-changes";
	size_t i, updates = 0, over;
	struct owner *into, *o;
	int err = 0;

	for (i = 0; i < m->n; i++)
		updates += !m->v[i].applies;
	if (updates <= max)
		return 0;
	over = updates - max + 1;
	for (i = 0; over > 0 && i < m->n; i++) {
		if (m->v[i].applies || strcmp(m->v[i].manager, ancient) == 0)
			continue;
		into = managed_find(m, ancient, 0, m->v[i].api_version, "");
		if (into == NULL)
			into =
			    managed_add(m, ancient, 0, m->v[i].api_version, "");
		if (into == NULL)
			return -1;
		o = &m->v[i];
		owner_set(into, fields_union(into->set, o->set, &err));
		if (err != 0 ||
		    (o->time != NULL && owner_touch(into, o->time) != 0))
			return -1;
		owner_set(o, NULL);
		over--;
	}
	tidy(m);
	return 0;
}

static cJSON *
write_entry(const struct owner *o)
{
	cJSON *e = cJSON_CreateObject();
	int bad = 0;

	if (e == NULL)
		return NULL;
	bad |= json_set_str(e, "manager", o->manager);
	bad |= json_set_str(e, "operation", o->applies ? "Apply" : "Update");
	bad |= json_set_str(e, "apiVersion", o->api_version);
	if (o->time != NULL)
		bad |= json_set_str(e, "time", o->time);
	bad |= json_set_str(e, "fieldsType", "FieldsV1");
	bad |= json_set(e, "fieldsV1", cJSON_Duplicate(o->set, 1));
	if (o->subresource[0] != '\0')
		bad |= json_set_str(e, "subresource", o->subresource);
	if (bad == 0)
		return e;
	cJSON_Delete(e);
	return NULL;
}

int
managed_write(struct managed *m, size_t max, cJSON *object)
{
	cJSON *meta = json_sub(object, "metadata"), *list, *e;
	size_t i;

	tidy(m);
	if (meta == NULL || cap(m, max) != 0)
		return -1;
	if (m->n == 0) {
		cJSON_DeleteItemFromObjectCaseSensitive(meta, "managedFields");
		return 0;
	}
	list = cJSON_CreateArray();
	for (i = 0; list != NULL && i < m->n; i++) {
		e = write_entry(&m->v[i]);
		if (e == NULL || !cJSON_AddItemToArray(list, e)) {
			cJSON_Delete(e);
			cJSON_Delete(list);
			return -1;
		}
	}
	return json_set(meta, "managedFields", list);
}
