/*
 * What can be done with objects; each function answers its request, at once
 * or (watch, log) later.
 */
#ifndef VERBS_H
#define VERBS_H

#include "k8s-apid/request.h"

void verb_get(struct request *rq);
void verb_list(struct request *rq);
void verb_watch(struct request *rq);
void verb_create(struct request *rq);
void verb_update(struct request *rq);
void verb_patch(struct request *rq);
void verb_delete(struct request *rq);
void verb_delete_collection(struct request *rq);

/*
 * Deletes one object as DeleteOptions (or NULL) say; what an answer shows is
 * in *out, the caller's reference (NULL: dry run): 0, *gone 1 when it is
 * removed.  -1 with st filled.
 */
int delete_object(struct apid *a, const struct type *t, const char *key,
    const cJSON *options, struct object **out, int *gone, struct status *st);

#endif
