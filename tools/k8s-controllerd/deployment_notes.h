/*
 * The annotations of Deployments and their ReplicaSets, as kubectl rollout
 * reads them.
 */
#ifndef DEPLOYMENT_NOTES_H
#define DEPLOYMENT_NOTES_H

#include "k8s-controllerd/act.h"

#define REVISION "deployment.kubernetes.io/revision"
#define HISTORY "deployment.kubernetes.io/revision-history"
#define DESIRED "deployment.kubernetes.io/desired-replicas"
#define MAXIMUM "deployment.kubernetes.io/max-replicas"

/*
 * Copies into notes what set (NULL: a new one) lacks of the Deployment's
 * annotations, such as kubernetes.io/change-cause: how many that are.
 */
size_t
deployment_notes_copy(const cJSON *deployment, const cJSON *set, cJSON *notes);

/* Writes them to the present ReplicaSet (or NULL: nothing is done). */
void deployment_notes_keep(struct control *c, struct work *w,
    const cJSON *deployment, const cJSON *set);

#endif
