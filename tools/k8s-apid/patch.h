/*
 * The three patches that change an object without ownership: RFC 7396 merge
 * patch, RFC 6902 JSON patch, and Kubernetes' strategic merge patch.  Pure:
 * each makes a new value and leaves its arguments as they are.  Server-side
 * apply is in apply.h.
 */
#ifndef PATCH_H
#define PATCH_H

#include "lib/fault.h"
#include "lib/json.h"

#define PATCH_MAX_OPS 10000    /* operations of one JSON patch, as upstream */
#define PATCH_MAX_SIZE 1000000 /* values in what copies may make */

/*
 * RFC 7396.  target may be NULL.  The result is the caller's; NULL without
 * memory (FAULT_UNSURE).
 */
cJSON *patch_merge(const cJSON *target, const cJSON *patch, struct fault *f);

/*
 * RFC 6902.  NULL with FAULT_INPUT when the patch is malformed (HTTP 400) and
 * FAULT_NO when it does not fit the target: a path that is not there, a
 * failed test (HTTP 422).
 */
cJSON *patch_json(const cJSON *target, const cJSON *ops, struct fault *f);

/* 1 when strategic merge patches are known for a kind; else HTTP 415. */
int patch_has_strategy(const char *api_version, const char *kind);

/*
 * Strategic merge patch: lists merge by the keys of fields_schema.h;
 * $patch (replace, merge, delete), $deleteFromPrimitiveList,
 * $setElementOrder and $retainKeys are honoured.  NULL with FAULT_INPUT for a
 * malformed directive or a list item without its merge key.
 */
cJSON *patch_strategic(const char *api_version, const char *kind,
    const cJSON *target, const cJSON *patch, struct fault *f);

#endif
