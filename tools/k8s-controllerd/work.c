/*
 * The work queue: see work.h.
 */
#include "k8s-controllerd/work.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/meta.h"
#include "lib/clock.h"
#include "tool.h"

#define SLOTS 1024
#define RETRY_MS 20.0 /* after the first failure; doubles */
#define RETRY_MAX_MS 30000.0
#define WAIT_MAX_MS 5000.0 /* caches lag less than that, or never show it */

/* What a key waits for; see work_wait. */
struct wait {
	struct work *w;
	enum resource resource;
	char *ns, *name;
	unsigned long long version;
	struct wait *next;
};

struct works {
	int open;
	struct work *slots[SLOTS];
	struct work *head, **tail; /* the queue */
	struct loop_timer *timer;  /* drains the queue at the next turn */
	struct wait *waits;
};

/* What a key's timer needs to know. */
struct later {
	struct control *c;
	struct work *w;
};

int
work_init(struct control *c)
{
	c->works = calloc(1, sizeof *c->works);
	if (c->works == NULL)
		return -1;
	c->works->tail = &c->works->head;
	return 0;
}

static void
wait_free(struct wait *t)
{
	free(t->ns);
	free(t->name);
	free(t);
}

static void
work_free(struct work *w)
{
	free(w->ns);
	free(w->name);
	free(w->later);
	free(w);
}

void
work_release(struct control *c)
{
	struct work *w, *next;
	struct wait *t;
	size_t i;

	if (c->works == NULL)
		return;
	loop_timer_cancel(c->loop, &c->works->timer);
	for (i = 0; i < SLOTS; i++)
		for (w = c->works->slots[i]; w != NULL; w = next) {
			next = w->next_in_slot;
			loop_timer_cancel(c->loop, &w->timer);
			work_free(w);
		}
	while ((t = c->works->waits) != NULL) {
		c->works->waits = t->next;
		wait_free(t);
	}
	free(c->works);
	c->works = NULL;
}

static size_t
slot_of(const struct controller *who, const char *ns, const char *name)
{
	uint32_t h = (uint32_t)(uintptr_t)who;

	while (*ns != '\0')
		h = (h ^ (unsigned char)*ns++) * 16777619u;
	h = (h ^ '/') * 16777619u;
	while (*name != '\0')
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h % SLOTS;
}

static struct work *
work_get(struct control *c, const struct controller *who,
    enum resource resource, const char *ns, const char *name)
{
	size_t slot = slot_of(who, ns, name);
	struct work *w;

	for (w = c->works->slots[slot]; w != NULL; w = w->next_in_slot)
		if (w->who == who && w->resource == resource &&
		    strcmp(w->name, name) == 0 && strcmp(w->ns, ns) == 0)
			return w;
	w = calloc(1, sizeof *w);
	if (w == NULL)
		return NULL;
	w->who = who;
	w->resource = resource;
	w->ns = strdup(ns);
	w->name = strdup(name);
	w->later = calloc(1, sizeof *w->later);
	if (w->ns == NULL || w->name == NULL || w->later == NULL) {
		work_free(w);
		return NULL;
	}
	w->later->c = c;
	w->later->w = w;
	w->next_in_slot = c->works->slots[slot];
	c->works->slots[slot] = w;
	return w;
}

/* Forgets a key that nothing is left of. */
static void
work_drop_idle(struct control *c, struct work *w)
{
	struct work **p = &c->works->slots[slot_of(w->who, w->ns, w->name)];

	if (w->queued || w->pending > 0 || w->waits > 0 || w->timer != NULL)
		return;
	while (*p != w)
		p = &(*p)->next_in_slot;
	*p = w->next_in_slot;
	work_free(w);
}

static void drain(void *arg);

static void
arm(struct control *c)
{
	if (c->works->open && c->works->timer == NULL && c->works->head != NULL)
		c->works->timer = loop_timer(c->loop, 0, drain, c, NULL);
}

static void
enqueue(struct control *c, struct work *w)
{
	if (!w->queued) {
		w->queued = 1;
		w->next_in_queue = NULL;
		*c->works->tail = w;
		c->works->tail = &w->next_in_queue;
	}
	arm(c);
}

/* Repeats what has failed, or forgets what went well. */
static void
settle(struct control *c, struct work *w)
{
	double ms = RETRY_MS;
	int i;

	if (w->failed) {
		for (i = 0; i < w->failures && ms < RETRY_MAX_MS; i++)
			ms *= 2;
		w->failures += !w->conflicted || w->failures < 3;
		work_later(c, w, ms);
		if (!w->conflicted)
			tool_warn("%s: %s%s%s: %s", w->who->name, w->ns,
			    w->ns[0] != '\0' ? "/" : "", w->name, w->trouble);
	} else {
		w->failures = w->refused = 0;
		w->trouble[0] = '\0';
	}
	w->failed = w->conflicted = 0;
}

static void
run(struct control *c, struct work *w)
{
	if (w->pending > 0 || w->waits > 0) {
		w->again = 1;
		return;
	}
	loop_timer_cancel(c->loop, &w->timer);
	w->again = 0;
	w->pending++; /* so that it stays while it is worked on */
	w->who->reconcile(c, w);
	work_end(c, w);
}

static void
drain(void *arg)
{
	struct control *c = arg;
	struct work *w;

	c->works->timer = NULL;
	while ((w = c->works->head) != NULL) {
		c->works->head = w->next_in_queue;
		if (c->works->head == NULL)
			c->works->tail = &c->works->head;
		w->queued = 0;
		run(c, w);
	}
}

void
work_open(struct control *c)
{
	c->works->open = 1;
	arm(c);
}

void
work_add(struct control *c, const struct controller *who,
    enum resource resource, const char *ns, const char *name)
{
	struct work *w = work_get(c, who, resource, ns, name);

	if (w != NULL)
		enqueue(c, w);
}

void
work_add_object(struct control *c, const struct controller *who,
    enum resource resource, const cJSON *object)
{
	work_add(c, who, resource, meta_ns(object), meta_name(object));
}

void
work_add_owner(struct control *c, const struct controller *who,
    enum resource resource, const cJSON *object)
{
	const cJSON *ref = meta_controller(object);
	const char *kind = json_str(ref, "kind", NULL);
	const char *name = json_str(ref, "name", NULL);

	if (kind != NULL && name != NULL &&
	    strcmp(kind, resources[resource].kind) == 0)
		work_add(c, who, resource, meta_ns(object), name);
}

/* Takes *p out of the list of waits. */
static void
wait_over(struct control *c, struct wait **p)
{
	struct wait *t = *p;
	struct work *w = t->w;

	*p = t->next;
	wait_free(t);
	if (--w->waits == 0 && w->pending == 0)
		enqueue(c, w);
	else if (w->waits == 0)
		w->again = 1;
}

static void
on_later(void *arg)
{
	struct later *l = arg;
	struct wait **p = &l->c->works->waits;

	l->w->timer = NULL;
	while (*p != NULL) {
		if ((*p)->w == l->w)
			wait_over(l->c, p);
		else
			p = &(*p)->next;
	}
	enqueue(l->c, l->w);
}

void
work_later(struct control *c, struct work *w, double ms)
{
	double due = clock_ms() + ms;

	if (w->timer != NULL && w->due <= due)
		return;
	loop_timer_cancel(c->loop, &w->timer);
	w->due = due;
	w->timer = loop_timer(c->loop, ms, on_later, w->later, NULL);
}

void
work_fail(struct work *w, const struct fault *f)
{
	w->failed = 1;
	snprintf(w->trouble, sizeof w->trouble, "%.500s", f->msg);
}

void
work_begin(struct work *w)
{
	w->pending++;
}

void
work_end(struct control *c, struct work *w)
{
	if (--w->pending > 0)
		return;
	settle(c, w);
	if (w->again && w->waits == 0)
		enqueue(c, w);
	work_drop_idle(c, w);
}

/* The caches show it already. */
static int
is_seen(const struct control *c, enum resource r, const char *ns,
    const char *name, unsigned long long version)
{
	const cJSON *o = control_get(c, r, ns, name);

	if (version == 0)
		return o == NULL;
	return o != NULL && meta_version(o) >= version;
}

void
work_wait(struct control *c, struct work *w, enum resource resource,
    const char *ns, const char *name, unsigned long long version)
{
	struct wait *t;

	if (is_seen(c, resource, ns, name, version))
		return;
	t = calloc(1, sizeof *t);
	if (t == NULL)
		return; /* then it may do a thing twice, which is refused */
	t->w = w;
	t->resource = resource;
	t->version = version;
	t->ns = strdup(ns);
	t->name = strdup(name);
	if (t->ns == NULL || t->name == NULL) {
		wait_free(t);
		return;
	}
	t->next = c->works->waits;
	c->works->waits = t;
	if (w->waits++ == 0) {
		loop_timer_cancel(c->loop, &w->timer);
		work_later(c, w, WAIT_MAX_MS);
	}
}

void
work_seen(struct control *c, const struct change *ch)
{
	struct wait **p = &c->works->waits, *t;

	while ((t = *p) != NULL) {
		if (t->resource == ch->resource &&
		    strcmp(t->name, meta_name(ch->object)) == 0 &&
		    strcmp(t->ns, meta_ns(ch->object)) == 0 &&
		    (ch->event == KUBE_DELETED ||
			(t->version > 0 &&
			    meta_version(ch->object) >= t->version)))
			wait_over(c, p);
		else
			p = &t->next;
	}
}
