/*
 * Service account tokens of pods, asked of the API (TokenRequest) once per
 * pod and audience, and again before they expire.
 */
#ifndef NODED_TOKEN_H
#define NODED_TOKEN_H

#include "k8s-noded/pod.h"

/*
 * The token of the pod's service account for an audience ("": the API
 * server's own): 1 and *value (borrowed until the next step), 0 while it is
 * under way (the pod is kicked when it is there), -1 when the API refused:
 * asking again starts a new request.
 */
int token_get(struct pod *p, const char *audience, double seconds,
    const char **value, struct fault *f);

/* Cancels requests and frees the tokens of a pod. */
void tokens_free(struct pod *p);

#endif
