/*
 * The kinds that the server knows: one table, from which paths, discovery,
 * OpenAPI and storage follow.  A new kind is a new line in types.c.
 */
#ifndef TYPES_H
#define TYPES_H

#include <stddef.h>

enum type_sub {
	SUB_STATUS = 1 << 0,
	SUB_SCALE = 1 << 1,
	SUB_LOG = 1 << 2,
	SUB_BINDING = 1 << 3,
	SUB_FINALIZE = 1 << 4,
	SUB_TOKEN = 1 << 5,
	SUB_PROXY = 1 << 6,
	SUB_EVICTION = 1 << 7,
	SUB_PORTFORWARD = 1 << 8,
};

enum type_how {
	TYPE_STORED = 0,
	TYPE_REVIEW, /* create answers a question, nothing is stored */
	TYPE_EVENTS, /* another view on core events: stored there */
};

struct type {
	const char *group; /* "" is the core group */
	const char *version;
	const char *plural, *singular, *kind;
	const char *short_names; /* comma-separated, or "" */
	const char *categories;  /* comma-separated, or "" */
	int namespaced;
	unsigned subs; /* of enum type_sub */
	enum type_how how;
};

/* The table; ends with an entry whose plural is NULL. */
extern const struct type types[];

/* How many kinds there are. */
size_t types_count(void);

/* Index in the table. */
size_t type_index(const struct type *t);

/* The kind served at a path, or NULL. */
const struct type *
type_find(const char *group, const char *version, const char *plural);

/* The kind of a core group's or named group's plural, any version. */
const struct type *type_named(const char *group, const char *plural);

/* Where its objects are stored: t itself, but for views. */
const struct type *type_storage(const struct type *t);

/* 0 for namespaces, which only go one by one. */
int type_deletes_collections(const struct type *t);

/* "v1", "apps/v1": into out (size bytes), which is returned. */
const char *type_api_version(const struct type *t, char *out, size_t size);

/* "pods", "deployments.apps", as messages name it; into out. */
const char *type_resource(const struct type *t, char *out, size_t size);

/* "Pod", "Deployment.apps", as messages name it; into out. */
const char *type_group_kind(const struct type *t, char *out, size_t size);

/* The name of a subresource ("status"), and its bit by name (0: unknown). */
const char *type_sub_name(enum type_sub sub);
unsigned type_sub_bit(const char *name);

#endif
