/*
 * The objects, in memory.  Each version of an object is immutable and
 * counted: the current one is in the store, older ones live as long as the
 * history of their kind, from which watches resume.  A version's JSON text is
 * made once, whoever asks; a version that is no longer current keeps only the
 * text, which is a tenth of the tree's size.
 */
#ifndef STORE_H
#define STORE_H

#include <stdint.h>

#include "lib/fault.h"
#include "lib/json.h"

#define STORE_HISTORY 1024 /* events kept per kind; older: 410 */

struct store;

struct object {
	unsigned refs;
	uint64_t rv;
	char *key;    /* "NAMESPACE/NAME", or "NAME" */
	cJSON *value; /* NULL when only the text is kept */
	char *text;   /* made by object_text */
	size_t len;
};

enum event_kind { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED };

struct event {
	enum event_kind kind;
	uint64_t rv;
	struct object *object; /* EVENT_DELETED: its last state, with rv */
	struct object *old;    /* NULL with EVENT_ADDED */
};

typedef void store_fn(void *arg, const struct event *e);
struct store_watch; /* a subscription */

/* A store for ntypes kinds, or NULL with f filled. */
struct store *store_new(size_t ntypes, struct fault *f);
void store_free(struct store *s);

/* The version of the last write. */
uint64_t store_version(const struct store *s);

/* "ns/name" or, with ns NULL, "name": into out.  0, or -1: too long. */
int store_key(const char *ns, const char *name, char *out, size_t size);

/* The current version, borrowed until the next write; or NULL. */
struct object *store_get(struct store *s, size_t type, const char *key);

/*
 * The current versions of a kind (ns NULL: all) in the order of their keys:
 * *v points to the first of those behind key after (NULL: all), returns how
 * many.  Borrowed until the next write.
 */
size_t store_list(struct store *s, size_t type, const char *ns,
    const char *after, struct object *const **v);

/*
 * Stores value (taken over in every case) under key, with a new
 * metadata.resourceVersion, and tells the watches.  The new version,
 * borrowed; NULL with f filled.
 */
struct object *store_put(struct store *s, size_t type, const char *key,
    cJSON *value, struct fault *f);

/*
 * Removes key; its last version (with the removal's resourceVersion) goes to
 * the watches and into *last, a reference for the caller to drop.  0 or -1.
 */
int store_delete(struct store *s, size_t type, const char *key,
    struct object **last, struct fault *f);

/* Calls fn with each change from now on.  NULL without memory. */
struct store_watch *
store_watch(struct store *s, size_t type, store_fn *fn, void *arg);
void store_unwatch(struct store *s, size_t type, struct store_watch *w);

/*
 * Calls fn with each change after version rv: 0, or -1 when the history does
 * not reach back that far.
 */
int store_replay(
    struct store *s, size_t type, uint64_t rv, store_fn *fn, void *arg);

/* The JSON text, or NULL without memory; as long as the object. */
const char *object_text(struct object *o);

/* The tree, parsed again when only the text is kept; NULL without memory. */
const cJSON *object_value(struct object *o);

/* References of one's own. */
struct object *object_hold(struct object *o);
void object_drop(struct object *o);

#endif
