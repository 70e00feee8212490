/*
 * A pod's network: a namespace of its own (network, IPC and host name, as
 * the containers of a pod share them), joined to the node's bridge by a veth
 * pair.  Nothing runs in it to hold it: the descriptors do.
 */
#ifndef NODED_NET_H
#define NODED_NET_H

#include <stdint.h>

#include "lib/fault.h"

#define NET_BRIDGE "cni0"
#define NET_IP_SIZE 16

struct net; /* the pods' network on this node */

struct net_pod {
	int net, ipc, uts; /* namespaces; -1: none */
	uint32_t host;     /* number within 10.244.0.0/16 */
	char ip[NET_IP_SIZE];
};

#define NET_POD_INIT              \
	{                         \
		-1, -1, -1, 0, "" \
	}

/*
 * The network whose bridge has the address gateway ("10.244.0.1", /16).
 * NULL with f filled.
 */
struct net *net_new(const char *gateway, struct fault *f);
void net_free(struct net *n);

/*
 * Makes the namespaces of a pod, with lo and eth0 up, an address, the
 * default route and the host name (cut at 63 bytes).  Takes some 5 ms.  -1:
 * nothing is left.
 */
int net_pod_make(
    struct net *n, struct net_pod *p, const char *hostname, struct fault *f);

/* Gives it all back; the kernel removes the veth pair with the last user. */
void net_pod_release(struct net *n, struct net_pod *p);

/*
 * Puts the calling thread into a pod's namespaces, and back: what is forked
 * in between starts there.  net_leave cannot fail but by a bug: it aborts
 * then, since nothing could be trusted any more.
 */
int net_enter(const struct net_pod *p, struct fault *f);
void net_leave(const struct net *n);

/*
 * The next free number after last in a /16, with used[] as bitmap of 65536
 * bits; 0 and 1 (the gateway) and 65535 are never given.  0: none is free.
 * In a circle, so that an address rests before it is used again.
 */
uint32_t net_next(const unsigned char *used, uint32_t last);

#endif
