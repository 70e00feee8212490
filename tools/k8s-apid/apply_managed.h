/*
 * metadata.managedFields as a list of managers and what each owns: read,
 * changed and written by apply.c.
 */
#ifndef APPLY_MANAGED_H
#define APPLY_MANAGED_H

#include "lib/fault.h"
#include "lib/json.h"

struct owner {
	char *manager;
	char *subresource; /* "" for none */
	char *api_version;
	char *time;  /* RFC 3339, or NULL */
	int applies; /* operation: 1 Apply, 0 Update */
	cJSON *set;  /* what it owns (fields.h), never empty in between calls */
};

struct managed {
	struct owner *v;
	size_t n;
};

/*
 * Reads managedFields (NULL: none).  To be released in either case.  -1 with
 * FAULT_INPUT for an entry that is malformed.
 */
int managed_read(struct managed *m, const cJSON *list, struct fault *f);

void managed_release(struct managed *m);

/*
 * The owner of that identity (by api_version too when it does not apply), or
 * NULL.
 */
struct owner *managed_find(const struct managed *m, const char *manager,
    int applies, const char *api_version, const char *subresource);

/* Adds an owner of nothing; borrowed until the next one.  NULL: no memory. */
struct owner *managed_add(struct managed *m, const char *manager, int applies,
    const char *api_version, const char *subresource);

/* Gives an owner another set, which it takes. */
void owner_set(struct owner *o, cJSON *set);

/* Notes the time of a change: 0, or -1 without memory. */
int owner_touch(struct owner *o, const char *time);

/*
 * Takes the set from all owners but except (NULL: from all): 0, or -1
 * without memory.
 */
int
managed_take(struct managed *m, const struct owner *except, const cJSON *set);

/*
 * Writes metadata.managedFields of object: owners of nothing left out, those
 * that apply first, then by time and name; more than max Update entries
 * become one, "ancient-changes".  0, or -1 without memory.
 */
int managed_write(struct managed *m, size_t max, cJSON *object);

#endif
