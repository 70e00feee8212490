/*
 * The store: see store.h.  A kind's objects are an array sorted by key:
 * listing, the most frequent request, is a walk; a write moves pointers,
 * which at the sizes of test clusters (thousands) costs microseconds.
 */
#include "k8s-apid/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (64U << 20) /* bytes of one object's JSON */

struct store_watch {
	struct store_watch *next;
	store_fn *fn; /* NULL: unsubscribed while events are delivered */
	void *arg;
};

struct kind {
	struct object **v; /* sorted by key */
	size_t n, cap;
	struct event *ring; /* STORE_HISTORY entries, once there is one */
	size_t head, used;
	uint64_t lost; /* version of the newest event that is forgotten */
	struct store_watch *watches;
	int delivering, dead;
};

struct store {
	struct kind *kinds;
	size_t nkinds;
	uint64_t rv;
};

struct store *
store_new(size_t ntypes, struct fault *f)
{
	struct store *s = calloc(1, sizeof *s);

	if (s != NULL)
		s->kinds = calloc(ntypes, sizeof *s->kinds);
	if (s == NULL || s->kinds == NULL) {
		free(s);
		fault_nomem(f);
		return NULL;
	}
	s->nkinds = ntypes;
	return s;
}

static void
event_release(struct event *e)
{
	object_drop(e->object);
	object_drop(e->old);
}

/* Watches still there belong to requests that ended before. */
void
store_free(struct store *s)
{
	struct store_watch *w;
	struct kind *k;
	size_t i, j;

	if (s == NULL)
		return;
	for (i = 0; i < s->nkinds; i++) {
		k = &s->kinds[i];
		for (j = 0; j < k->n; j++)
			object_drop(k->v[j]);
		for (j = 0; j < k->used; j++)
			event_release(&k->ring[(k->head + j) % STORE_HISTORY]);
		while ((w = k->watches) != NULL) {
			k->watches = w->next;
			free(w);
		}
		free(k->v);
		free(k->ring);
	}
	free(s->kinds);
	free(s);
}

uint64_t
store_version(const struct store *s)
{
	return s->rv;
}

int
store_key(const char *ns, const char *name, char *out, size_t size)
{
	int n = snprintf(out, size, "%s%s%s", ns != NULL ? ns : "",
	    ns != NULL ? "/" : "", name);

	return n >= 0 && (size_t)n < size ? 0 : -1;
}

/* Index of the first object whose key is not before key. */
static size_t
lower_bound(const struct kind *k, const char *key)
{
	size_t lo = 0, hi = k->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strcmp(k->v[mid]->key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct object *
store_get(struct store *s, size_t type, const char *key)
{
	struct kind *k = &s->kinds[type];
	size_t i = lower_bound(k, key);

	return i < k->n && strcmp(k->v[i]->key, key) == 0 ? k->v[i] : NULL;
}

size_t
store_list(struct store *s, size_t type, const char *ns, const char *after,
    struct object *const **v)
{
	struct kind *k = &s->kinds[type];
	size_t from = 0, to = k->n, i;
	char key[600];

	if (ns != NULL) {
		/* '0' is the byte behind '/' */
		snprintf(key, sizeof key, "%s/", ns);
		from = lower_bound(k, key);
		snprintf(key, sizeof key, "%s0", ns);
		to = lower_bound(k, key);
	}
	if (after != NULL) {
		i = lower_bound(k, after);
		if (i < k->n && strcmp(k->v[i]->key, after) == 0)
			i++;
		if (i > from)
			from = i < to ? i : to;
	}
	*v = k->v + from;
	return to - from;
}

/* ---- versions ---- */

struct object *
object_hold(struct object *o)
{
	o->refs++;
	return o;
}

void
object_drop(struct object *o)
{
	if (o == NULL || --o->refs > 0)
		return;
	cJSON_Delete(o->value);
	free(o->text);
	free(o->key);
	free(o);
}

const char *
object_text(struct object *o)
{
	struct buf b;

	if (o->text != NULL)
		return o->text;
	buf_init(&b, TEXT_MAX);
	if (json_write(&b, o->value) == 0) {
		o->len = b.len;
		o->text = buf_take(&b);
	}
	buf_release(&b);
	return o->text;
}

/* Parsed again for the rare watch with a selector that starts in the past. */
const cJSON *
object_value(struct object *o)
{
	if (o->value == NULL && o->text != NULL)
		o->value = json_parse(o->text, o->len, NULL);
	return o->value;
}

/* What is no longer current keeps its text alone. */
static void
object_shrink(struct object *o)
{
	if (object_text(o) == NULL)
		return;
	cJSON_Delete(o->value);
	o->value = NULL;
}

/* Takes value over in every case. */
static struct object *
object_new(const char *key, cJSON *value, uint64_t rv)
{
	struct object *o = calloc(1, sizeof *o);
	cJSON *meta = json_sub(value, "metadata");
	char s[24];

	snprintf(s, sizeof s, "%" PRIu64, rv);
	if (o == NULL || meta == NULL || (o->key = strdup(key)) == NULL ||
	    json_set_str(meta, "resourceVersion", s) != 0) {
		if (o != NULL)
			free(o->key);
		free(o);
		cJSON_Delete(value);
		return NULL;
	}
	o->refs = 1;
	o->rv = rv;
	o->value = value;
	return o;
}

/* ---- events ---- */

/*
 * A watch that ends while events go out is unlinked afterwards: the list is
 * not changed under the walk.
 */
static void
deliver(struct kind *k, const struct event *e)
{
	struct store_watch *w, **p;

	k->delivering++;
	for (w = k->watches; w != NULL; w = w->next)
		if (w->fn != NULL)
			w->fn(w->arg, e);
	if (--k->delivering > 0 || !k->dead)
		return;
	k->dead = 0;
	for (p = &k->watches; (w = *p) != NULL;)
		if (w->fn == NULL) {
			*p = w->next;
			free(w);
		} else
			p = &w->next;
}

/*
 * Remembers and tells.  Without memory for the ring the history starts
 * anew, and resuming watches get a 410.
 */
static void
happened(struct kind *k, const struct event *e)
{
	struct event *slot;

	if (k->ring == NULL)
		k->ring = calloc(STORE_HISTORY, sizeof *k->ring);
	if (k->ring == NULL)
		k->lost = e->rv;
	else {
		if (k->used == STORE_HISTORY) {
			slot = &k->ring[k->head];
			k->lost = slot->rv;
			event_release(slot);
			k->head = (k->head + 1) % STORE_HISTORY;
			k->used--;
		}
		slot = &k->ring[(k->head + k->used++) % STORE_HISTORY];
		*slot = *e;
		object_hold(slot->object);
		if (slot->old != NULL)
			object_hold(slot->old);
	}
	deliver(k, e);
	if (e->old != NULL)
		object_shrink(e->old);
	if (e->kind == EVENT_DELETED)
		object_shrink(e->object);
}

int
store_replay(struct store *s, size_t type, uint64_t rv, store_fn *fn, void *arg)
{
	struct kind *k = &s->kinds[type];
	const struct event *e;
	size_t i;

	if (rv < k->lost)
		return -1;
	for (i = 0; i < k->used; i++) {
		e = &k->ring[(k->head + i) % STORE_HISTORY];
		if (e->rv > rv)
			fn(arg, e);
	}
	return 0;
}

struct store_watch *
store_watch(struct store *s, size_t type, store_fn *fn, void *arg)
{
	struct kind *k = &s->kinds[type];
	struct store_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->fn = fn;
	w->arg = arg;
	w->next = k->watches;
	k->watches = w;
	return w;
}

/* Called by watches themselves, perhaps within an event. */
void
store_unwatch(struct store *s, size_t type, struct store_watch *w)
{
	struct kind *k = &s->kinds[type];
	struct store_watch **p;

	if (k->delivering) {
		w->fn = NULL;
		k->dead = 1;
		return;
	}
	for (p = &k->watches; *p != NULL; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			free(w);
			return;
		}
}

/* ---- writes ---- */

/* Before anything is changed, so that a failure leaves the store whole. */
static int
make_room(struct kind *k)
{
	size_t cap = k->cap != 0 ? 2 * k->cap : 16;
	struct object **v;

	if (k->n < k->cap)
		return 0;
	v = reallocarray(k->v, cap, sizeof *v);
	if (v == NULL)
		return -1;
	k->v = v;
	k->cap = cap;
	return 0;
}

/* Watches hear of it before the caller does. */
struct object *
store_put(struct store *s, size_t type, const char *key, cJSON *value,
    struct fault *f)
{
	struct kind *k = &s->kinds[type];
	struct event e = { .kind = EVENT_ADDED, .rv = s->rv + 1 };
	size_t i = lower_bound(k, key);

	if (i < k->n && strcmp(k->v[i]->key, key) == 0)
		e.old = k->v[i];
	else if (make_room(k) != 0) {
		cJSON_Delete(value);
		fault_nomem(f);
		return NULL;
	}
	e.object = object_new(key, value, e.rv);
	if (e.object == NULL) {
		fault_nomem(f);
		return NULL;
	}
	s->rv = e.rv;
	if (e.old != NULL)
		e.kind = EVENT_MODIFIED;
	else {
		memmove(k->v + i + 1, k->v + i, (k->n - i) * sizeof *k->v);
		k->n++;
	}
	k->v[i] = e.object;
	happened(k, &e);
	object_drop(e.old);
	return e.object;
}

int
store_delete(struct store *s, size_t type, const char *key,
    struct object **last, struct fault *f)
{
	struct kind *k = &s->kinds[type];
	struct event e = { .kind = EVENT_DELETED, .rv = s->rv + 1 };
	size_t i = lower_bound(k, key);
	cJSON *value;

	if (i >= k->n || strcmp(k->v[i]->key, key) != 0)
		return fault_set(f, FAULT_NO, "%s: not there", key);
	e.old = k->v[i];
	value = cJSON_Duplicate(object_value(e.old), 1);
	e.object = value != NULL ? object_new(key, value, e.rv) : NULL;
	if (e.object == NULL)
		return fault_nomem(f);
	s->rv = e.rv;
	k->n--;
	memmove(k->v + i, k->v + i + 1, (k->n - i) * sizeof *k->v);
	happened(k, &e);
	object_drop(e.old);
	if (last != NULL)
		*last = e.object;
	else
		object_drop(e.object);
	return 0;
}
