/*
 * See kube_ws.h.
 */
#include "kube_ws.h"

#include <stdio.h>
#include <stdlib.h>

#include "kube_auth.h"
#include "kube_impl.h"

struct ws *
kube_ws_open(struct kube *k, const char *path, const struct ws_request *rq,
    struct fault *f)
{
	struct ws_request full = *rq;
	struct ws *w = NULL;
	char *url;

	if (kube_auth_token(k->auth, &full.bearer, f) != 0 ||
	    kube_check_client(k, f) != 0)
		return NULL;
	if (asprintf(&url, "%s%s", k->c.server, path) == -1) {
		fault_nomem(f);
		return NULL;
	}
	full.url = url;
	w = ws_open(k->loop, k->http, &full, f);
	free(url);
	return w;
}

void
kube_ws_refused(struct kube *k, int status)
{
	if (status == 401)
		kube_auth_refused(k->auth, kube_auth_turn(k->auth));
}
