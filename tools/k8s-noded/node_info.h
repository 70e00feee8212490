/*
 * What a Node says about its machine.
 */
#ifndef NODED_NODE_INFO_H
#define NODED_NODE_INFO_H

#include "k8s-noded/node.h"

/*
 * status.nodeInfo: kernel, system, and bubblewrap as the container runtime;
 * the caller's.  What cannot be found out is left "unknown".  Runs bwrap
 * --version, which takes some milliseconds.
 */
cJSON *node_info(const struct node *n);

/* The machine's architecture as images name it: "amd64", "arm64" ... */
const char *node_architecture(void);

#endif
