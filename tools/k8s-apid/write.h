/*
 * The one way into the store: an object that was sent, patched or made by
 * the server itself gets its defaults, is validated, and is stored.
 */
#ifndef WRITE_H
#define WRITE_H

#include "k8s-apid/request.h"

struct write {
	struct apid *a;
	const struct type *type;      /* as stored */
	const char *sub;              /* "" or "status", ... */
	const char *manager;          /* fieldManager, or NULL */
	const char *user_agent;       /* or NULL */
	const struct auth_user *user; /* who writes; NULL: the server itself */
	int dry_run;
	int applied; /* server-side apply: ownership is set already */
};

/* From a request: field manager, dry run and subresource. */
void write_init(struct write *w, const struct request *rq);

/*
 * Stores v (taken over in every case; identified, see object_identify) as a
 * new object.  *out is a reference for the caller to drop; with dry_run it
 * has no place in the store.  0, or -1 with st filled.
 */
int
write_create(struct write *w, cJSON *v, struct object **out, struct status *st);

/*
 * Stores v (taken over in every case) over old.  As write_create; when
 * nothing changes, nothing is stored and *out is the old version; when v is
 * dying and its last finalizer goes, the object is removed.
 */
int write_update(struct write *w, struct object *old, cJSON *v,
    struct object **out, struct status *st);

/*
 * Stores what the server itself brings: text is its JSON, ns its namespace or
 * NULL.  0, or -1 with st filled.
 */
int write_own(struct apid *a, const struct type *t, const char *ns,
    const char *text, struct status *st);

#endif
