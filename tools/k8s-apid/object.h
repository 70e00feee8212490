/*
 * What every object has: its metadata, and what the server does to it on
 * each write.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include "k8s-apid/request.h"

#define OBJECT_NAME_MAX 253 /* bytes */

/* Removes members that are null, at any depth, as typed decoding does. */
void object_strip_nulls(cJSON *v);

/*
 * Removes what metadata has of empty maps and lists: to Go's encoder they
 * are not there.
 */
void object_strip_empty(cJSON *v);

/*
 * Checks and completes apiVersion, kind, metadata.namespace and
 * metadata.name of an object that was sent (name NULL: a new one, whose name
 * may come from generateName).  0 or -1 (400).
 */
int object_identify(const struct type *t, const char *ns, const char *name,
    cJSON *v, struct status *st);

/* Sets uid, creationTimestamp, generation of a new object.  0 or -1. */
int object_born(const struct type *t, cJSON *v, struct status *st);

/*
 * Carries from old to v what a writer cannot change: uid, creation, deletion
 * and, by subresource, status or everything else; bumps generation.  -1: 409
 * when v's resourceVersion is set and another than old's, or its uid.
 */
int object_carry(const struct type *t, const char *sub, const cJSON *old,
    cJSON *v, struct status *st);

/* 1 when metadata.deletionTimestamp is set. */
int object_dying(const cJSON *v);

/* 1 when the kind counts metadata.generation. */
int object_counts_generation(const struct type *t);

#endif
