/*
 * Names: hosts files made of the cluster's Services, one for each pod (its
 * own name and hostAliases, and the services as its namespace calls them) and
 * one for the command that the sandbox runs.  Written in place, since they
 * are linked and bound where they are read.
 */
#ifndef NODED_HOSTS_H
#define NODED_HOSTS_H

#include "k8s-noded/node.h"
#include "k8s-noded/pod.h"

/*
 * Watches services and endpoints (n->services, n->endpoints).  file (or
 * NULL) is the command's: what it holds now stays at its top.
 */
struct hosts *hosts_new(struct node *n, const char *file, struct fault *f);
void hosts_free(struct hosts *h);

/* 1 once the services have been listed. */
int hosts_synced(const struct hosts *h);

/* Writes a pod's file: ROOT/pods/UID/.hosts. */
void hosts_write_pod(struct hosts *h, struct pod *p);

/*
 * Appends the lines of one service: its cluster IP, or the addresses in
 * endpoints (may be NULL) when it is headless, with the hosts' own names.
 * ns is the namespace of the reader ("" for none): only there the bare name
 * is known.  Pure.
 */
void hosts_service(struct buf *out, const cJSON *service,
    const cJSON *endpoints, const char *ns);

#endif
