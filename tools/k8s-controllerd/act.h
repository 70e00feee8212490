/*
 * What controllers do to objects: requests that belong to a key of the work
 * queue, a bounded number of them at a time, and the Event objects that tell
 * users about it.
 */
#ifndef ACT_H
#define ACT_H

#include "k8s-controllerd/work.h"

struct act {
	const char *method; /* POST, PUT, PATCH (merge patch), DELETE */
	enum resource resource;
	const char *ns, *name; /* name NULL for POST of a new object */
	const char *sub;       /* "status", "binding", ...; or NULL */
	const char *path;      /* instead of these: "/api/..."; or NULL */
	const cJSON *body;     /* borrowed during the call; or NULL */
	int unseen;            /* 1: the key does not wait for the change */
	/* An Event about an object once it has worked, if reason is given. */
	const cJSON *about; /* borrowed during the call */
	enum resource about_resource;
	const char *reason, *note; /* note: the message */
	/* Called with the answer, unless NULL; w is the key. */
	void (*then)(struct control *c, struct work *w, void *arg,
	    const struct kube_answer *a);
	void *arg;
};

int act_init(struct control *c);
void act_release(struct control *c);

/*
 * Starts a request for key w.  What is gone already counts as deleted; 409
 * and what else fails makes the key try again.  A failed POST tells of it in
 * an Event too (FailedCreate).
 */
void act(struct control *c, struct work *w, const struct act *a);

/*
 * Gives the object that status, which is taken (NULL: none could be made),
 * unless it has it already.
 */
void act_status(struct control *c, struct work *w, enum resource r,
    const cJSON *object, cJSON *status);

/* Shorthands: a new object, deletion by uid. */
void act_create(
    struct control *c, struct work *w, enum resource r, const cJSON *object);
void act_delete(
    struct control *c, struct work *w, enum resource r, const cJSON *object);

/*
 * Posts an Event about an object: type "Normal" or "Warning"; component
 * names the source.  Nothing waits for it.
 */
void act_event(struct control *c, enum resource r, const cJSON *about,
    const char *type, const char *reason, const char *note,
    const char *component);

#endif
