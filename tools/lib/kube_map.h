/*
 * Objects by namespace and name: a hash table with chains, for kube_watch.c.
 * An entry keeps its address until it is removed.
 */
#ifndef KUBE_MAP_H
#define KUBE_MAP_H

#include "json.h"

struct kube_entry {
	char *key; /* "namespace/name" */
	char *uid;
	char *version;      /* metadata.resourceVersion */
	cJSON *object;      /* owned; NULL when only names are kept */
	unsigned long mark; /* of the list that it was last seen in */
	struct kube_entry *next;
};

struct kube_map {
	struct kube_entry **slot;
	size_t slots, n;
};

/* Zero-initialise a map; this frees what it holds. */
void kube_map_release(struct kube_map *m);

/* The entry of a key, or NULL. */
struct kube_entry *
kube_map_get(const struct kube_map *m, const char *ns, const char *name);

/* The entry of a key, made (empty but for its key) when missing; NULL without
 * memory. */
struct kube_entry *
kube_map_put(struct kube_map *m, const char *ns, const char *name);

/* Takes an entry out and frees it and what it holds. */
void kube_map_remove(struct kube_map *m, struct kube_entry *e);

/* Takes an entry out; the caller frees it with kube_entry_free. */
void kube_map_take(struct kube_map *m, struct kube_entry *e);
void kube_entry_free(struct kube_entry *e);

#endif
