/*
 * A watch in two rooms: kube_watch.c brings lists and events, kube_cache.c
 * holds what is known of the objects and tells the listener what has changed.
 * For these two files only.
 */
#ifndef KUBE_WATCH_IMPL_H
#define KUBE_WATCH_IMPL_H

#include "kube_impl.h"
#include "kube_map.h"
#include "kube_watch.h"

struct kube_watch {
	struct kube *k;
	char *path, *query;
	kube_watch_fn *fn;
	void *arg;
	kube_cache_fn *cache_fn; /* instead of fn */
	int keep;                /* the objects are kept */
	struct kube_map known;
	struct kube_call_state *call; /* the list or the stream, or NULL */
	struct loop_timer *timer;     /* the next attempt, or NULL */
	char *version;                /* resourceVersion to stream from */
	char *cont;                   /* of the next page, or NULL */
	unsigned long mark;           /* number of the present list */
	double delay;                 /* of the back-off */
	double since_ms;              /* when the stream was opened */
	struct buf rest;              /* of the stream: an unfinished line */
	size_t scanned;               /* of it, without a newline */
	int expired;                  /* the version is too old: list */
	unsigned refusals; /* versions refused since the last event */
	int synced, broken;
	char trouble[512]; /* what failed last, "" when all is well */
	int complained;    /* the present stream has told of an error */
	unsigned depth;    /* callbacks of the user under way */
	int doomed;        /* freed within one */
};

/* A cache is a watch that keeps the objects. */
struct kube_cache {
	struct kube_watch w;
};

/* Starts w (zeroed but for its callbacks); frees it on failure: -1. */
int kube_watch_start(struct kube_watch *w, struct kube *k, const char *path,
    const char *query, struct fault *f);

/* Replaces *to by a copy of from (may be NULL): 0, or -1 without memory. */
int kube_watch_string(char **to, const char *from);

/* Tells the listener, unless w was freed meanwhile. */
void kube_watch_tell(struct kube_watch *w, enum kube_event ev,
    const cJSON *object, const cJSON *before, double at_ms);

/*
 * An object as it is now, taken over: told as ADDED or MODIFIED, or not when
 * this version has been told.  Sets w->expired when memory runs out.
 */
void kube_watch_upsert(struct kube_watch *w, cJSON *object, double at_ms);

/* An object as it was last (borrowed): told as DELETED when it was known. */
void kube_watch_delete(struct kube_watch *w, const cJSON *object, double at_ms);

/* Tells those as deleted that the list of w->mark did not have. */
void kube_watch_sweep(struct kube_watch *w, const cJSON *list, double at_ms);

#endif
