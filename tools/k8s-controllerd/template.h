/*
 * Pod templates: their hash, whether two are the same, and the pod that one
 * makes.  Pure but for the random part of pods' names.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stddef.h>

#include "lib/json.h"

#define TEMPLATE_HASH_LABEL "pod-template-hash"
#define TEMPLATE_HASH_SIZE 16 /* bytes that template_hash needs */
#define TEMPLATE_NAME_SIZE 256

/*
 * The hash of a template as ten or fewer letters and digits that cannot
 * make words: FNV-1a over its members in byte order.  count is the number
 * of collisions so far.  Returns out (TEMPLATE_HASH_SIZE).
 */
char *template_hash(const cJSON *template, long count, char *out);

/* 1 when two templates differ at most in the pod-template-hash label. */
int template_same(const cJSON *a, const cJSON *b);

/*
 * A pod of a template, named name, which starts with base, controlled by
 * owner, with the template's labels and annotations: the caller's, or NULL
 * without memory.
 */
cJSON *
template_pod(const cJSON *template, const cJSON *owner, const char *owner_api,
    const char *owner_kind, const char *base, const char *name);

/* An ownerReference to a controller; the caller's, NULL without memory. */
cJSON *template_owner(
    const cJSON *owner, const char *owner_api, const char *owner_kind);

/*
 * base, cut to 58 characters, and five random letters: into out
 * (TEMPLATE_NAME_SIZE); returns out.
 */
char *template_name(const char *base, char *out);

#endif
