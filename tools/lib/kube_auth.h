/*
 * As whom requests are made: a fixed token, a token file that is reread (a
 * pod's token is replaced by its kubelet), or an exec plugin whose credentials
 * expire.  For kube.c.
 */
#ifndef KUBE_AUTH_H
#define KUBE_AUTH_H

#include "kube_config.h"

struct kube_auth;

/* A source of credentials for c, which is borrowed and must outlive it. */
struct kube_auth *kube_auth_new(const struct kube_config *c, struct fault *f);
void kube_auth_free(struct kube_auth *a);

/*
 * The bearer token to use now (NULL: none), borrowed until the next call.
 * Rereads a token file after a minute and runs the exec plugin (which blocks,
 * 60 s at most) when there are no credentials or they have expired.  -1 when
 * there are none to be had (FAULT_UNSURE).
 */
int kube_auth_token(struct kube_auth *a, const char **token, struct fault *f);

/*
 * The client certificate to use now, PEM or NULL, borrowed; *serial changes
 * whenever they do.
 */
void kube_auth_cert(const struct kube_auth *a, const char **cert,
    const char **key, unsigned *serial);

/*
 * The server has answered 401: forgets credentials that can be had anew.  1
 * when there are such, so that the request may be made once more, else 0.
 */
int kube_auth_refused(struct kube_auth *a);

#endif
