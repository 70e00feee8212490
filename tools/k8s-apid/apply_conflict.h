/*
 * Who else owns what an apply changes; and kubectl's annotation of the last
 * client-side apply, which decides whether kubectl may take fields over.
 */
#ifndef APPLY_CONFLICT_H
#define APPLY_CONFLICT_H

#include "apply_managed.h"
#include "lib/fault.h"
#include "lib/json.h"

/*
 * Looks for owners other than me of what changed, allowed aside.  0 when
 * there are none; -1 with FAULT_NO and *causes (the caller's array of
 * StatusCauses; causes may be NULL) when there are, FAULT_UNSURE without
 * memory.
 */
int conflicts_find(const struct managed *m, const struct owner *me,
    const cJSON *changed, const cJSON *allowed, cJSON **causes,
    struct fault *f);

/*
 * The fields that the manager "kubectl" applied to live from the client's
 * side and that still are as it left them: *allowed, the caller's, NULL for
 * none.  -1 without memory.
 */
int annotation_allows(
    const char *manager, const char *type, const cJSON *live, cJSON **allowed);

/*
 * Where object bears that annotation and "kubectl" applies: sets it to
 * config.  0, or -1 without memory or past 256 KiB.
 */
int annotation_update(const char *manager, const cJSON *config, cJSON *object);

#endif
