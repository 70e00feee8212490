/*
 * The pods bound to this node: what the API says, made so.
 */
#ifndef NODED_PODS_H
#define NODED_PODS_H

#include "k8s-noded/node.h"
#include "k8s-noded/pod.h"

/*
 * Watches the node's pods, and the ConfigMaps and Secrets that they may
 * need (n->config_maps, n->secrets); a pod is begun once those and the
 * services were listed.  NULL with f filled.
 */
struct pods *pods_new(struct node *n, struct fault *f);

/* Kills everything and frees. */
void pods_free(struct pods *ps);

/* Calls fn for each pod. */
void
pods_each(struct pods *ps, void (*fn)(void *arg, struct pod *p), void *arg);

/* A pod by name, or NULL. */
struct pod *pods_find(struct pods *ps, const char *ns, const char *name);

/* What is to be looked at again after the services were listed. */
void pods_kick(struct pods *ps);

#endif
