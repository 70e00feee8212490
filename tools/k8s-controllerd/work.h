/*
 * The work queue: keys (an object of a controller) that want reconciling.
 * A key is reconciled by one at a time, never while its requests are under
 * way, and not before the caches show what they did: so a controller may
 * take what it finds in the caches as true and never does a thing twice.
 * What fails is tried again, later each time.
 */
#ifndef WORK_H
#define WORK_H

#include "k8s-controllerd/control.h"

struct work {
	const struct controller *who;
	enum resource resource; /* of the key's object */
	char *ns, *name;        /* ns "" for none */
	char trouble[512]; /* why the last attempt failed, "" when it did not */
	int failures;      /* attempts in a row that failed */
	int refused;       /* an object of its was refused, last time */

	/* for work.c and act.c */
	unsigned pending; /* requests under way */
	unsigned waits;   /* changes that the caches have to show first */
	int queued, again, failed, conflicted;
	struct loop_timer *timer; /* reconciles it again at due (clock_ms) */
	double due;
	struct later *later; /* that timer's argument */
	struct work *next_in_queue, *next_in_slot;
};

int work_init(struct control *c);
void work_release(struct control *c);

/* From now on keys are reconciled; until then they are collected. */
void work_open(struct control *c);

/* Enqueues a key; nothing happens when it is queued already. */
void work_add(struct control *c, const struct controller *who,
    enum resource resource, const char *ns, const char *name);

/* Enqueues the key of an object. */
void work_add_object(struct control *c, const struct controller *who,
    enum resource resource, const cJSON *object);

/* Enqueues the key of an object's controller, if that is of the resource. */
void work_add_owner(struct control *c, const struct controller *who,
    enum resource resource, const cJSON *object);

/* Enqueues the key again in ms milliseconds; the soonest call counts. */
void work_later(struct control *c, struct work *w, double ms);

/* Notes that the attempt has failed: it is repeated after a while. */
void work_fail(struct work *w, const struct fault *f);

/* For act.c: requests of a key begin and end. */
void work_begin(struct work *w);
void work_end(struct control *c, struct work *w);

/*
 * For act.c: the key rests until the cache of a resource shows the object
 * at that version or later (0: shows it deleted), or some seconds are over.
 */
void work_wait(struct control *c, struct work *w, enum resource resource,
    const char *ns, const char *name, unsigned long long version);

/* A change has come into a cache: ends waits for it. */
void work_seen(struct control *c, const struct change *ch);

#endif
