/*
 * Which proxy requests to an API server go through: the kubeconfig's
 * proxy-url, or what the environment says, read as Go programs such as kubectl
 * read it (golang.org/x/net/http/httpproxy), which differs from curl in
 * NO_PROXY's ports and in what a leading dot means.
 */
#ifndef KUBE_PROXY_H
#define KUBE_PROXY_H

#include "fault.h"

/*
 * The proxy for server (a URL), the caller's to free, in *out; NULL: none.
 * given is the kubeconfig's proxy-url, which NO_PROXY does not concern, or
 * NULL: then HTTPS_PROXY (HTTP_PROXY for http://) and NO_PROXY, or their names
 * in lower case, tell; localhost and loopback addresses are never proxied.
 * 0, or -1 without memory.
 */
int
kube_proxy(const char *server, const char *given, char **out, struct fault *f);

#endif
