/*
 * WebSockets (RFC 6455) inside a loop: binary messages both ways.  A client's
 * connection is made by lib/http, so that TLS, proxies and certificates are
 * the same as for requests; a server has its descriptor from lib/httpd.
 * Framing is wslay's.
 */
#ifndef WS_H
#define WS_H

#include <stddef.h>

#include "fault.h"
#include "http.h"
#include "loop.h"

struct ws;

struct ws_request {
	const char *url;         /* http:// or https:// */
	const char *subprotocol; /* the one that is offered, or NULL */
	const char *bearer;      /* token, or NULL; never logged */
	double timeout_ms;       /* until it is open; 0: 30 s */
	size_t max_message;      /* bytes of one received; 0: 1 MiB */

	/*
	 * Callbacks; each may close the ws.  on_room (may be NULL): what was
	 * queued has been sent.  on_close comes once, when the connection
	 * has ended or could not be had: status is the HTTP status of a
	 * refusal (else 0), why is NULL for a regular end (a close frame; of a
	 * client that has left also none), else for people.  The ws is still
	 * to be closed then.
	 */
	void (*on_open)(void *arg);
	void (*on_message)(void *arg, const unsigned char *p, size_t n);
	void (*on_room)(void *arg);
	void (*on_close)(void *arg, int status, const char *why);
	void *arg;
};

/*
 * Connects with client h, which outlives the ws; rq and its strings may go
 * away.  NULL with f filled; then there are no callbacks.
 */
struct ws *ws_open(struct loop *l, struct http *h, const struct ws_request *rq,
    struct fault *f);

#define WS_ACCEPT 29 /* base64 of a SHA-1, and the 0 */

/*
 * What a server answers to a client's Sec-WebSocket-Key, into out: 0, or -1
 * when the key is none.
 */
int ws_accept_key(const char *key, char out[WS_ACCEPT]);

struct ws_peer {
	int fd; /* to watch; stays the caller's */
	/* bytes, as httpd_recv and httpd_send; io is their first argument */
	ssize_t (*recv)(void *io, void *p, size_t n);
	ssize_t (*send)(void *io, const void *p, size_t n);
	void *io;

	/*
	 * As those of ws_request, but that messages come in pieces as they
	 * arrive (begins: the first of one; n may be 0 then), so that their
	 * size needs no limit.
	 */
	void (*on_piece)(
	    void *arg, int begins, const unsigned char *p, size_t n);
	void (*on_room)(void *arg);
	void (*on_close)(void *arg, int status, const char *why);
	void *arg;
};

/*
 * The server's side of a WebSocket whose handshake is done.  Callbacks begin
 * at the loop's next turn.  NULL without memory.
 */
struct ws *
ws_accept(struct loop *l, const struct ws_peer *peer, struct fault *f);

/*
 * Says goodbye: on_close comes when what was queued and a close frame are
 * sent, or the connection is lost.
 */
void ws_finish(struct ws *w);

/* Queues a binary message (copied): 0, or -1 (closed, or out of memory). */
int ws_send(struct ws *w, const void *p, size_t n);

/* Bytes queued that the network has not taken; the caller keeps it small. */
size_t ws_queued(const struct ws *w);

/* Stops (1) or goes on with (0) reading, for a receiver that is behind. */
void ws_pause(struct ws *w, int paused);

/* Ends the connection, what is queued unsent, and frees w; NULL is fine. */
void ws_close(struct ws *w);

#endif
