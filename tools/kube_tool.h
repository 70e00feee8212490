/*
 * What the mains of the cluster tools share: the options that name a cluster
 * and a namespace, and the client behind them.  For mains alone, as tool.h:
 * what fails here ends the tool.
 */
#ifndef KUBE_TOOL_H
#define KUBE_TOOL_H

#include "lib/kube.h"
#include "lib/loop.h"
#include "tool.h"

/* Ends a table of long options in TOOL_LONG's stead. */
#define KUBE_TOOL_CONTEXT 1100
#define KUBE_TOOL_KUBECONFIG 1101
#define KUBE_TOOL_LONG                                                       \
	{ "context", required_argument, NULL, KUBE_TOOL_CONTEXT },           \
	    { "kubeconfig", required_argument, NULL, KUBE_TOOL_KUBECONFIG }, \
	    { "namespace", required_argument, NULL, 'n' }, TOOL_LONG

/* As given; NULL what was not.  The strings are borrowed from argv. */
struct kube_tool {
	const char *kubeconfig, *context, *ns;
};

/*
 * Takes one answer of tool_getopt: -n, --context or --kubeconfig.  The short
 * options have to hold "n:".
 */
void kube_tool_option(struct kube_tool *t, int ch, const char *arg);

/*
 * Makes the loop and the client that the options name.  *ns becomes -n's, or
 * else the context's, borrowed from the client.  Dies when the kubeconfig
 * cannot be read or is of no use; it does not call the server, but warns when
 * whoever answers there will be believed (insecure-skip-tls-verify).  The loop
 * and the client are the caller's, for kube_tool_close.
 */
void kube_tool_open(const struct kube_tool *t, struct loop **loop,
    struct kube **kube, const char **ns);

/* Frees both; streams, watches and caches of the client are freed before. */
void kube_tool_close(struct loop *loop, struct kube *kube);

#endif
