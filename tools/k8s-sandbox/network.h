/*
 * The sandbox's network: loopback, the pods' bridge, the services' range.
 */
#ifndef NETWORK_H
#define NETWORK_H

#include "lib/fault.h"

/* Sets up the network namespace of this process through ip(8).  0 or -1. */
int network_set_up(struct fault *f);

/*
 * A listening socket on 127.0.0.1:port of this network namespace, the same
 * port as outside, so that one kubeconfig serves both sides.  -1 with f.
 */
int network_listen(int port, struct fault *f);

#endif
