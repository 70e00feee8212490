/*
 * What both ends of a port-forward's way through the sandbox agree on, as
 * kubelets have it: WebSockets with the subprotocol v4.channel.k8s.io, where
 * the first byte of a message is a channel, 2i for the data and 2i+1 for
 * errors of the request's i-th port, and each channel begins with a message
 * of the port's number in two bytes, little endian.
 */
#ifndef PORTFORWARD_H
#define PORTFORWARD_H

#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define PORTFORWARD_PROTOCOL "v4.channel.k8s.io"
#define PORTFORWARD_PORTS 127 /* two channels each, in one byte */

struct portforward {
	uint16_t port[PORTFORWARD_PORTS];
	size_t n;
};

/*
 * Appends a comma-separated list of ports: 0, or -1 with f filled
 * (FAULT_INPUT) for what is no port, for 0, and for too many.
 */
int portforward_add(struct portforward *p, const char *list, struct fault *f);

/* 1 when a header's comma-separated value has item; NULL has none. */
int portforward_has(const char *header, const char *item);

/*
 * Whether the subprotocols that a client offers (a header, or NULL) can be
 * served: 1, PORTFORWARD_PROTOCOL is among them; 0, none is offered, which is
 * served as if it were; -1, no.
 */
int portforward_choose(const char *offered);

#endif
