/*
 * Watches: LIST, then WATCH from its resourceVersion with bookmarks; resumes
 * after a stream has ended, lists again on 410, backs off from 0.8 to 30 s
 * when refused.  What is deleted while the stream was down is told as deleted
 * after the relist.  (client-go's reflector is the model.)
 */
#ifndef KUBE_WATCH_H
#define KUBE_WATCH_H

#include "kube.h"

enum kube_event {
	KUBE_ADDED,
	KUBE_MODIFIED,
	KUBE_DELETED, /* object as last seen; after a relist only its metadata
		       */
	KUBE_SYNCED,  /* the first list has been told; object NULL */
	KUBE_BROKEN, /* cannot go on (403, 404 of the resource ...): object is a
			Status or NULL, the watch has ended */
};

/* at_ms: clock_ms when the event arrived.  object is borrowed. */
typedef void
kube_watch_fn(void *arg, enum kube_event ev, const cJSON *object, double at_ms);

struct kube_watch;

/*
 * Watches the collection at path ("/api/v1/namespaces/x/pods"); query is
 * NULL or selectors ("labelSelector=app%3Dx").  The callback may free the
 * watch.  NULL with f filled.
 */
struct kube_watch *kube_watch_new(struct kube *k, const char *path,
    const char *query, kube_watch_fn *fn, void *arg, struct fault *f);
void kube_watch_free(struct kube_watch *w);

/* Why the stream is down at present, for people, or NULL. */
const char *kube_watch_trouble(const struct kube_watch *w);

/*
 * A watch that keeps the objects: what controllers look things up in.
 */
struct kube_cache;

/*
 * Called after the cache has changed: with the object that is in it now (or
 * was, for KUBE_DELETED) and the one before (NULL for KUBE_ADDED); both
 * borrowed.
 */
typedef void kube_cache_fn(
    void *arg, enum kube_event ev, const cJSON *object, const cJSON *before);

struct kube_cache *kube_cache_new(struct kube *k, const char *path,
    const char *query, kube_cache_fn *fn, void *arg, struct fault *f);
void kube_cache_free(struct kube_cache *c);

/* As kube_watch_trouble. */
const char *kube_cache_trouble(const struct kube_cache *c);

/* 1 once the first list has arrived. */
int kube_cache_synced(const struct kube_cache *c);

/* The object, borrowed until the next event, or NULL.  ns "" for none. */
const cJSON *
kube_cache_get(const struct kube_cache *c, const char *ns, const char *name);

/* Walks all objects: fn returns non-zero to stop, which is returned. */
int kube_cache_each(const struct kube_cache *c,
    int (*fn)(void *arg, const cJSON *object), void *arg);

#endif
