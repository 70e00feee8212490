/*
 * Port-forward at the node: connections to localhost inside a pod's network
 * namespace, over a WebSocket.
 */
#ifndef NODED_PORTFORWARD_H
#define NODED_PORTFORWARD_H

#include "k8s-noded/node.h"
#include "lib/httpd.h"

/*
 * GET /portForward/NS/POD?port=N,...: answers rq, or takes its connection over
 * until either side ends.
 */
void portforward(
    struct node *n, struct httpd_req *rq, const char *ns, const char *pod);

#endif
