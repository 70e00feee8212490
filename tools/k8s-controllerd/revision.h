/*
 * ControllerRevisions: the pod templates that a StatefulSet or DaemonSet has
 * had, numbered by when each was last the present one.
 */
#ifndef REVISION_H
#define REVISION_H

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/template.h"

/* The name of the revision of set's present template, into out. */
char *revision_name(const cJSON *set, char *out);

/*
 * Makes the revision of that name unless it is there, gives it the highest
 * number, and deletes the oldest beyond revisionHistoryLimit that are not
 * name or keep2.  The set is of the key's resource.
 */
void revision_keep(struct control *c, struct work *w, const cJSON *set,
    const char *name, const char *keep2);

/* The template of a revision, borrowed; NULL when it is not there. */
const cJSON *
revision_template(struct control *c, const cJSON *set, const char *name);

#endif
