/*
 * What ws.c (frames, in the loop), ws_hello.c (the handshake) and ws_server.c
 * (the other side of both) share.
 */
#ifndef WS_IMPL_H
#define WS_IMPL_H

#include <wslay/wslay.h>

#include "buf.h"
#include "ws.h"

#define WS_HELLO_MAX (64 << 10) /* bytes of the server's answer */
#define WS_HEAD 14              /* a frame's header at most */
#define WS_KEY 25               /* base64 of 16 bytes, and the 0 */
#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

struct ws {
	struct loop *loop;
	struct http *http;
	struct http_call *call; /* NULL: a server */
	ssize_t (*recv)(void *io, void *p, size_t n);
	ssize_t (*send)(void *io, const void *p, size_t n);
	void *io; /* of recv and send: call, or a server's own */
	struct loop_timer *timer; /* for opening, then for a turn soon */
	struct loop_timer *left;  /* since the peer's end was seen in a pause */
	struct ws_request rq;     /* strings are our own */
	void (*on_piece)(void *, int, const unsigned char *, size_t);
	wslay_event_context_ptr frames;
	struct buf out, in; /* the handshake; in: what came behind it, too */
	char key[WS_KEY];
	int fd, open, paused, ended;
	int busy, doomed; /* in a turn; ws_close was called within */
	int lost;         /* recv has seen the end */
	int finishing;    /* ends when all is sent */
	int begins;       /* the next piece is the first of a message */
	int in_data;      /* the frame that comes is none of control */
	size_t queued;    /* payload bytes */
	unsigned char head[WS_HEAD]; /* of a frame, until its payload goes */
	size_t head_len;
};

/* Calls for a turn soon: 0, or -1 without memory. */
int ws_soon(struct ws *w);

/* The frames' end of the bytes: wslay's callbacks. */
ssize_t ws_take_bytes(
    wslay_event_context_ptr ctx, uint8_t *p, size_t n, int flags, void *arg);
ssize_t ws_give_bytes(wslay_event_context_ptr ctx, const uint8_t *p, size_t n,
    int flags, void *arg);

/* base64(SHA-1(key GUID)) into out: 0 or -1. */
int ws_accept_text(const char *key, char out[WS_ACCEPT]);

/*
 * Appends the request that asks for the upgrade; key (WS_KEY bytes) is made.
 */
int ws_hello(
    struct buf *out, const struct ws_request *rq, char *key, struct fault *f);

/*
 * Whether all of the answer is in: its head of n bytes, empty line included,
 * and when it is a refusal the body that its Content-Length announces.
 */
int ws_hello_whole(const struct buf *in, size_t n);

/*
 * Judges the answer, whose head is n bytes of in, empty line included: 0 when
 * the server has switched to the subprotocol that was asked for.  -1 with f,
 * and *status; a refusal's reason is the "message" of a JSON body, such as
 * Kubernetes' Status, where there is one.
 */
int ws_hello_check(const struct buf *in, size_t n, const char *key,
    const char *subprotocol, int *status, struct fault *f);

#endif
