/*
 * Requests that a node answers: logs and its proxy, passed on to the
 * kubelet's API as they stream.
 */
#ifndef KUBELET_H
#define KUBELET_H

#include "k8s-apid/request.h"

/* GET pods/NAME/log. */
void kubelet_log(struct request *rq);

/* GET nodes/NAME/proxy/... */
void kubelet_proxy(struct request *rq);

/*
 * Appends "https://ADDRESS:PORT" of a node to b.  0, or -1 with st filled: it
 * does not exist, or has no address.
 */
int
kubelet_url(struct apid *a, const char *name, struct buf *b, struct status *st);

#endif
