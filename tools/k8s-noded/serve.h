/*
 * The kubelet's API, which the API server asks for logs: TLS on the node's
 * address, a bearer token for everything but /healthz.
 */
#ifndef NODED_SERVE_H
#define NODED_SERVE_H

#include "k8s-noded/node.h"

struct serve;

/*
 * Listens on n->address:NODE_PORT with the certificate and key in these
 * files; token_file holds the one token that is let in.  NULL with f filled.
 */
struct serve *serve_new(struct node *n, const char *cert_file,
    const char *key_file, const char *token_file, struct fault *f);
void serve_free(struct serve *s);

#endif
