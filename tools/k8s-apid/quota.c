/*
 * Resource quotas: see quota.h.
 */
#include "k8s-apid/quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/write.h"
#include "lib/quantity.h"

#define LIST_MAX 1500 /* bytes of a list in a message */

/* ---- what is used ---- */

/* All objects of a namespace together. */
static struct amount
used(struct apid *a, const cJSON *quota, const char *ns, const char *name)
{
	struct amount sum = { 0, 0 }, one;
	const struct type *t;
	struct object *const *v;
	size_t n, i;

	for (t = types; t->plural != NULL; t++) {
		if (!t->namespaced || t->how != TYPE_STORED ||
		    strcmp(t->kind, "Event") == 0)
			continue;
		n = store_list(a->store, type_index(t), ns, NULL, &v);
		for (i = 0; i < n; i++) {
			if (!quota_in_scope(quota, t, object_value(v[i])))
				continue;
			one = quota_usage(t, object_value(v[i]), name);
			sum.n += one.n;
			sum.binary |= one.binary;
		}
	}
	return sum;
}

/* ---- admission ---- */

/* One resource of which there is not enough. */
struct excess {
	const char *name;
	struct amount asked, used;
	const char *limit;
};

struct check {
	struct excess v[64];
	size_t n;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct excess *)a)->name, ((const struct excess *)b)->name);
}

/* A shrinking object is never too much, whatever there is. */
static void
check_hard(struct apid *a, struct check *c, const cJSON *quota,
    const struct type *t, const cJSON *old, const cJSON *v)
{
	const char *ns = json_str(v, "metadata", "namespace", NULL);
	const cJSON *hard;
	struct excess e;
	double limit;

	cJSON_ArrayForEach(hard, json_at(quota, "spec", "hard", NULL)) {
		e = (struct excess){ .name = hard->string };
		e.asked = quota_usage(t, v, hard->string);
		if (old != NULL && quota_in_scope(quota, t, old))
			e.asked.n -= quota_usage(t, old, hard->string).n;
		if (e.asked.n <= 0 || quantity_json(hard, &limit) != 0)
			continue;
		e.used = used(a, quota, ns, hard->string);
		e.limit = hard->valuestring;
		if (e.used.n + e.asked.n <= limit * (1 + 1e-12) ||
		    c->n == sizeof c->v / sizeof c->v[0])
			continue;
		if (e.used.n == 0)
			e.used.binary = e.asked.binary;
		c->v[c->n++] = e;
	}
}

/* "pods=1,secrets=2": one of the three lists of the message. */
static void
add_list(struct buf *b, const struct check *c, const char *title, int which)
{
	char text[64];
	size_t i;

	buf_addf(b, ", %s: ", title);
	for (i = 0; i < c->n; i++) {
		const struct excess *e = &c->v[i];

		buf_addf(b, "%s%s=%s", i > 0 ? "," : "", e->name,
		    which == 0 ? quota_show(e->asked, text, sizeof text) :
		    which == 1 ? quota_show(e->used, text, sizeof text) :
				 e->limit);
	}
}

static int
refuse_excess(struct check *c, const cJSON *quota, const struct type *t,
    const cJSON *v, struct status *st)
{
	struct buf b;

	qsort(c->v, c->n, sizeof c->v[0], by_name);
	buf_init(&b, 4 * LIST_MAX);
	buf_addf(&b, "exceeded quota: %s",
	    json_str(quota, "metadata", "name", NULL));
	add_list(&b, c, "requested", 0);
	add_list(&b, c, "used", 1);
	add_list(&b, c, "limited", 2);
	status_forbidden(
	    st, t, json_str(v, "metadata", "name", NULL), buf_str(&b));
	buf_release(&b);
	return -1;
}

/* The containers of one list that do not say how much they want. */
static void
add_silent(struct buf *b, const cJSON *pod, const char *list, const char *name)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(pod, "spec", list, NULL))
		if (!quota_specifies(c, name))
			buf_addf(b, "%s%s", b->len > 0 ? "," : "",
			    json_str(c, "name", NULL));
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* With a quota on cpu, a pod must say how much of it it takes. */
static int
check_specified(
    const cJSON *quota, const struct type *t, const cJSON *v, struct status *st)
{
	const char *names[64];
	struct buf all, one;
	const cJSON *hard;
	size_t n = 0, i;
	int rc = 0;

	buf_init(&all, LIST_MAX);
	buf_init(&one, LIST_MAX);
	cJSON_ArrayForEach(hard, json_at(quota, "spec", "hard", NULL))
		if (quota_is_compute(hard->string) && n < 64)
			names[n++] = hard->string;
	if (n > 1)
		qsort(names, n, sizeof names[0], by_text);
	for (i = 0; i < n; i++) {
		buf_clear(&one);
		add_silent(&one, v, "initContainers", names[i]);
		add_silent(&one, v, "containers", names[i]);
		if (one.len > 0)
			buf_addf(&all, "%s%s for: %s", all.len > 0 ? "; " : "",
			    names[i], one.data);
	}
	if (all.len > 0) {
		buf_clear(&one);
		buf_addf(&one, "failed quota: %s: must specify %s",
		    json_str(quota, "metadata", "name", NULL), all.data);
		rc = status_forbidden(st, t,
		    json_str(v, "metadata", "name", NULL), buf_str(&one));
	}
	buf_release(&all);
	buf_release(&one);
	return rc;
}

int
quota_admit(struct apid *a, const struct type *t, const cJSON *old,
    const cJSON *v, struct status *st)
{
	const struct type *quota_type = type_named("", "resourcequotas");
	const char *ns = json_str(v, "metadata", "namespace", NULL);
	struct object *const *list;
	const cJSON *quota;
	struct check c;
	size_t n, i;

	if (!t->namespaced || strcmp(t->kind, "Event") == 0)
		return 0;
	n = store_list(a->store, type_index(quota_type), ns, NULL, &list);
	for (i = 0; i < n; i++) {
		quota = object_value(list[i]);
		if (!quota_in_scope(quota, t, v))
			continue;
		if (old == NULL && strcmp(t->kind, "Pod") == 0 &&
		    check_specified(quota, t, v, st) != 0)
			return -1;
		c.n = 0;
		check_hard(a, &c, quota, t, old, v);
		if (c.n > 0)
			return refuse_excess(&c, quota, t, v, st);
	}
	return 0;
}

/* ---- status ---- */

struct quotas {
	struct apid *a;
	struct store_watch **watches; /* one for each kind */
	struct loop_timer *timer;
};

/* status as it should be; the caller's, NULL without memory. */
static cJSON *
status_of(struct apid *a, const cJSON *quota)
{
	const cJSON *hard = json_at(quota, "spec", "hard", NULL), *m;
	const char *ns = json_str(quota, "metadata", "namespace", NULL);
	cJSON *status = cJSON_CreateObject(), *sum;
	struct amount n;
	char text[64];
	int bad = 0;

	if (hard == NULL)
		return status;
	bad |= json_set(status, "hard", cJSON_Duplicate(hard, 1));
	sum = json_sub(status, "used");
	cJSON_ArrayForEach(m, hard) {
		n = used(a, quota, ns, m->string);
		bad |= json_set_str(
		    sum, m->string, quota_show(n, text, sizeof text));
	}
	if (!bad)
		return status;
	cJSON_Delete(status);
	return NULL;
}

static void
refresh_one(struct apid *a, struct object *o)
{
	struct write w = { .a = a,
		.type = type_named("", "resourcequotas"),
		.sub = "status",
		.manager = "k8s-apid" };
	cJSON *status = status_of(a, object_value(o)), *v;
	struct object *out;
	struct status st = { 0 };

	if (status == NULL ||
	    json_equal(status, json_at(object_value(o), "status", NULL))) {
		cJSON_Delete(status);
		return;
	}
	v = cJSON_Duplicate(object_value(o), 1);
	if (json_set(v, "status", status) == 0 &&
	    write_update(&w, o, v, &out, &st) == 0)
		object_drop(out);
	status_release(&st);
}

/* A write makes the list of the store void: its objects are held. */
static void
refresh(void *arg)
{
	struct quotas *q = arg;
	size_t type = type_index(type_named("", "resourcequotas")), n, i;
	struct object *const *list;
	struct object **held;

	q->timer = NULL;
	n = store_list(q->a->store, type, NULL, NULL, &list);
	held = calloc(n + 1, sizeof(*held));
	for (i = 0; held != NULL && i < n; i++)
		held[i] = object_hold(list[i]);
	for (i = 0; held != NULL && i < n; i++) {
		if (store_get(q->a->store, type, held[i]->key) == held[i])
			refresh_one(q->a, held[i]);
		object_drop(held[i]);
	}
	free(held);
}

/* Many changes at once are one count, and without quotas there is none. */
static void
changed(void *arg, const struct event *e)
{
	struct quotas *q = arg;
	struct object *const *list;
	size_t type = type_index(type_named("", "resourcequotas"));

	(void)e;
	if (q->timer == NULL &&
	    store_list(q->a->store, type, NULL, NULL, &list) > 0)
		q->timer = loop_timer(q->a->loop, 0, refresh, q, NULL);
}

struct quotas *
quotas_new(struct apid *a, struct fault *f)
{
	struct quotas *q = calloc(1, sizeof *q);
	size_t i;

	if (q == NULL) {
		fault_nomem(f);
		return NULL;
	}
	q->a = a;
	q->watches = calloc(types_count(), sizeof(*q->watches));
	for (i = 0; q->watches != NULL && i < types_count(); i++) {
		if (!types[i].namespaced || types[i].how != TYPE_STORED ||
		    strcmp(types[i].kind, "Event") == 0)
			continue;
		q->watches[i] = store_watch(a->store, i, changed, q);
		if (q->watches[i] == NULL)
			break;
	}
	if (q->watches != NULL && i == types_count())
		return q;
	quotas_free(q);
	fault_nomem(f);
	return NULL;
}

void
quotas_free(struct quotas *q)
{
	size_t i;

	if (q == NULL)
		return;
	for (i = 0; q->watches != NULL && i < types_count(); i++)
		if (q->watches[i] != NULL)
			store_unwatch(q->a->store, i, q->watches[i]);
	loop_timer_cancel(q->a->loop, &q->timer);
	free(q->watches);
	free(q);
}
