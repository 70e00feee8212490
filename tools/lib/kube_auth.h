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
 * see kube_auth_limit) when there are no credentials or they have expired.  -1
 * when there are none to be had (FAULT_UNSURE).
 */
int kube_auth_token(struct kube_auth *a, const char **token, struct fault *f);

/*
 * The client certificate to use now, PEM or NULL, borrowed; *serial changes
 * whenever they do.
 */
void kube_auth_cert(const struct kube_auth *a, const char **cert,
    const char **key, unsigned *serial);

/*
 * Which credentials these are: a number that changes whenever a token file
 * was reread or the plugin has run.
 */
unsigned kube_auth_turn(const struct kube_auth *a);

/*
 * The server has answered 401 to the credentials of that turn: forgets them
 * when they can be had anew.  1 when there are such, so that the request may
 * be made once more, else 0.  Of many requests that were refused together only
 * the first has the plugin run.
 */
int kube_auth_refused(struct kube_auth *a, unsigned turn);

/* How long the plugin may run: ms, but at least 5 s and at most 60 s. */
void kube_auth_limit(struct kube_auth *a, double ms);

#endif
