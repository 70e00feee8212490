/*
 * pods/NAME/portforward: the client's WebSocket, passed on to the kubelet's
 * API byte by byte.
 */
#ifndef APID_PORTFORWARD_H
#define APID_PORTFORWARD_H

#include "k8s-apid/request.h"

/*
 * GET or POST pods/NAME/portforward?ports=N,...: answers rq, or takes its
 * connection over until either side ends.
 */
void portforward(struct request *rq);

#endif
