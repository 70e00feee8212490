/*
 * What people are told when no answer came: the server that was asked, the
 * reason, and what is most likely to help.  The reason is libcurl's; what to do
 * depends on how far the connection got, and on the words of the verification.
 */
#include <stdio.h>
#include <string.h>

#include "kube_impl.h"

static const char *
certificate_hint(const char *error)
{
	if (strstr(error, "host name") != NULL ||
	    strstr(error, "alternative certificate subject") != NULL ||
	    strstr(error, "IP address") != NULL)
		return "check the server's address in the kubeconfig, or set "
		       "tls-server-name";
	if (strstr(error, "expired") != NULL ||
	    strstr(error, "not yet valid") != NULL)
		return "renew the server's certificate, or check this "
		       "machine's clock";
	return "is the certificate-authority in the kubeconfig this "
	       "cluster's?";
}

static const char *
hint(const struct kube *k, const struct http_result *r)
{
	switch (r->cause) {
	case HTTP_UNKNOWN_HOST:
	case HTTP_NOT_TLS:
		return "check the server's address in the kubeconfig";
	case HTTP_UNKNOWN_PROXY:
		return "check proxy-url in the kubeconfig, or HTTPS_PROXY";
	case HTTP_NO_CONNECTION:
		return k->proxy != NULL ?
			   "is the proxy running, and is this its address?" :
			   "is the cluster running, and is this its address?";
	case HTTP_BAD_PEER:
		return certificate_hint(r->error);
	case HTTP_BAD_AUTHORITY:
		return "check certificate-authority in the kubeconfig";
	case HTTP_BAD_CERTIFICATE:
		return "check client-certificate and client-key in the "
		       "kubeconfig";
	default:
		return strncmp(k->c.server, "http:", 5) == 0 ?
			   "does it want https?" :
			   NULL;
	}
}

void
kube_words(
    const struct kube *k, const struct http_result *r, char *out, size_t size)
{
	const char *more = hint(k, r), *proxy = k->proxy, *at;

	/* a proxy's user and password are nobody's business */
	if (proxy != NULL && (at = strrchr(proxy, '@')) != NULL)
		proxy = at + 1;
	snprintf(out, size, "%s%s%s: %s%s%s", k->c.server,
	    proxy != NULL ? " through " : "", proxy != NULL ? proxy : "",
	    r->error, more != NULL ? "; " : "", more != NULL ? more : "");
}
