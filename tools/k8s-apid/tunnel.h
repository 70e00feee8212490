/*
 * A tunnel: a client's connection that was handed over, and one to a node,
 * each of which gets the other's bytes.  portforward.c makes and opens it,
 * tunnel.c carries.
 */
#ifndef APID_TUNNEL_H
#define APID_TUNNEL_H

#include "k8s-apid/request.h"

#define TUNNEL_CHUNK (32 << 10) /* bytes of one read */

/* What one side has not taken yet: stays until all of it is gone. */
struct tunnel_bytes {
	struct buf buf;
	size_t sent;
};

struct tunnel {
	struct apid *a;
	struct request rq; /* only for answering */
	struct http_call *node;
	struct loop_timer *timer; /* for the answer, then for another turn */
	struct buf ask, head;     /* the handshake; both empty afterwards */
	struct tunnel_bytes to_client, to_node;
	int node_fd, fd;            /* -1: not there (yet) */
	struct loop_timer *late;    /* since the client has left */
	int node_over, client_over; /* all of it has been read */
	int node_left, client_left; /* its end was seen, perhaps unread */
};

/* Frees t and its end of either connection: for httpd_set. */
void tunnel_free(void *arg);

/*
 * An httpd_opened_fn (arg: the tunnel): carries from now on, first what is in
 * to_client, until one side has ended and the other has all of it.
 */
void tunnel_opened(void *arg, struct httpd_req *http, int fd);

#endif
