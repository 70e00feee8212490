/*
 * The volumes of a pod, as folders below its own on the node's tmpfs.
 */
#ifndef NODED_VOLUME_H
#define NODED_VOLUME_H

#include "k8s-noded/pod.h"

/*
 * Makes or refreshes all volumes of the pod: 1 when they are there, 0 when
 * a token is still under way (the pod is kicked when it arrives), -1 with the
 * kubelet's FailedMount message: an object is missing, or a kind of volume
 * that a sandbox does not have.
 */
int volumes_set_up(struct pod *p, struct fault *f);

/*
 * The folder of a volume of the pod into out (PATH_MAX bytes), and whether
 * it is always read-only.  -1: it has none of that name.
 */
int
volume_path(const struct pod *p, const char *name, char *out, int *read_only);

/* The name of the volume that holds the service account's token. */
#define VOLUME_TOKEN ".token" /* no volume of a manifest can be named so */
#define VOLUME_TOKEN_PATH "/var/run/secrets/kubernetes.io/serviceaccount"

/* 1 when container c gets the token volume without asking for it. */
int volume_wants_token(const struct pod *p, const cJSON *container);

#endif
