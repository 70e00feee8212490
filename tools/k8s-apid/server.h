/*
 * From a request to the room that answers it.
 */
#ifndef SERVER_H
#define SERVER_H

#include "k8s-apid/request.h"

/* An httpd_fn; arg is the struct apid. */
void server_handle(void *arg, struct httpd_req *http);

/*
 * Makes what every cluster has: the namespaces default and kube-system, and
 * the Service kubernetes with its Endpoints.  0, or -1 with st filled.
 */
int server_boot(struct apid *a, struct status *st);

#endif
