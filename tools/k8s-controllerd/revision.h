/*
 * ControllerRevisions: the pod templates that a StatefulSet has had.
 */
#ifndef REVISION_H
#define REVISION_H

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/template.h"

/* The name of the revision of set's present template, into out. */
char *revision_name(const cJSON *set, char *out);

/*
 * Makes the revision of that name unless it is there, and deletes the oldest
 * beyond revisionHistoryLimit that are not keep1 or keep2.
 */
void revision_keep(struct control *c, struct work *w, const cJSON *set,
    const char *name, const char *keep2);

/* The template of a revision, borrowed; NULL when it is not there. */
const cJSON *
revision_template(struct control *c, const cJSON *set, const char *name);

#endif
