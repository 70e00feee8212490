/*
 * What portforward.c (the request, the client's side) and
 * portforward_pod.c (connections into the pod) share.
 */
#ifndef NODED_PORTFORWARD_IMPL_H
#define NODED_PORTFORWARD_IMPL_H

#include "k8s-noded/node.h"
#include "lib/httpd.h"
#include "lib/portforward.h"
#include "lib/ws.h"

#define FORWARD_HIGH (128 << 10) /* bytes queued: nothing more is read */

struct forward;

struct channel {
	struct forward *f;
	int fd; /* -1 when it is over */
	int connected;
	int v6;            /* 127.0.0.1 has refused */
	int finished;      /* the server has: ends when to_pod is written */
	int deaf;          /* the server takes no more */
	struct buf to_pod; /* at most FORWARD_HIGH and one piece */
};

struct forward {
	struct node *node;
	struct httpd_req *rq;
	struct ws *ws;            /* NULL before it is open and after its end */
	struct loop_timer *timer; /* after the client has left */
	struct portforward ports;
	struct channel *channels; /* one for each port */
	size_t open;              /* of them */
	struct channel *current;  /* where the message that arrives goes */
	char *ns, *pod, *uid;
};

/* A message on a port's data (0) or error (1) channel: 0, or -1. */
int channel_say(struct channel *c, int error, const void *p, size_t n);

/* Begins to connect; what cannot be is told on the error channel. */
void channel_connect(struct channel *c);

/* Bytes for the server: sent at once or kept. */
void channel_put(struct channel *c, const unsigned char *p, size_t n);

/* Waits for what can happen next. */
void channel_watch(struct channel *c);

/*
 * Ends it; the last one says goodbye to the client or, when that has left,
 * ends f (which lives on until its request is freed).
 */
void channel_end(struct channel *c);

#endif
