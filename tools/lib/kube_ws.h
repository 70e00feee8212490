/*
 * WebSockets to the API server (port-forward, attach): lib/ws with the
 * server, credentials and TLS of a kube client.
 */
#ifndef KUBE_WS_H
#define KUBE_WS_H

#include "kube.h"
#include "ws.h"

/*
 * As ws_open for path ("/api/v1/...?query"): rq's url and bearer are filled in
 * here.
 */
struct ws *kube_ws_open(struct kube *k, const char *path,
    const struct ws_request *rq, struct fault *f);

/*
 * To be called from on_close with its status: after a 401 credentials are had
 * anew for the next one.
 */
void kube_ws_refused(struct kube *k, int status);

#endif
