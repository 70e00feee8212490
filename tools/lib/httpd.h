/*
 * An HTTP server in a loop: the door to libmicrohttpd, in external epoll
 * mode.  A request is handed over when its body is complete; it is answered
 * at once, later, or as a stream that is written to while there is something
 * to say and costs nothing while there is not; or its connection is handed
 * over, to speak another protocol.
 */
#ifndef HTTPD_H
#define HTTPD_H

#include <stddef.h>
#include <sys/types.h>

#include "buf.h"
#include "fault.h"
#include "loop.h"

struct httpd;
struct httpd_req; /* one request, until it is answered or its peer is gone */

typedef void httpd_fn(void *arg, struct httpd_req *rq);

struct httpd_spec {
	int listen_fd; /* bound and listening; the server owns it then */
	const char *cert_pem, *key_pem; /* TLS, or both NULL */
	size_t max_body;                /* larger: 413, not for handler */
	double idle_ms; /* a connection silent for so long is closed */
	unsigned max_connections;
	httpd_fn *handler;
	httpd_fn *too_large; /* answers that 413 itself; NULL: a plain text */
	void *arg;
};

/* Starts to serve in l.  NULL with f filled. */
struct httpd *
httpd_new(struct loop *l, const struct httpd_spec *spec, struct fault *f);

/* Stops accepting; open requests go on until httpd_free. */
void httpd_quiesce(struct httpd *d);

/* The number of requests not yet answered. */
unsigned httpd_busy(const struct httpd *d);

/* Ends all connections and frees the server. */
void httpd_free(struct httpd *d);

/* What was asked; all borrowed until the request ends. */
const char *httpd_method(const struct httpd_req *rq);
const char *
httpd_path(const struct httpd_req *rq); /* without query, escapes undone */
const char *httpd_target(const struct httpd_req *rq); /* as it was sent */
const char *
httpd_query(const struct httpd_req *rq, const char *name); /* or NULL */
const char *httpd_query_nth(
    const struct httpd_req *rq, const char *name, size_t i); /* or NULL */
const char *
httpd_header(const struct httpd_req *rq, const char *name); /* or NULL */
const char *httpd_header_nth(
    const struct httpd_req *rq, const char *name, size_t i); /* or NULL */
const struct buf *httpd_body(const struct httpd_req *rq);
const char *httpd_peer(const struct httpd_req *rq); /* "127.0.0.1:4711" */

/*
 * 1 when the peer has closed its side and waits for nothing any more (or only
 * reads, which is rare enough for who is waiting long).
 */
int httpd_peer_left(const struct httpd_req *rq);

/* A place for the handler's own data; free_fn (or NULL) runs when rq ends. */
void httpd_set(struct httpd_req *rq, void *data, void (*free_fn)(void *));
void *httpd_get(const struct httpd_req *rq);

/* Adds a response header, before the answer.  0 or -1. */
int httpd_add_header(struct httpd_req *rq, const char *name, const char *value);

/*
 * Answers with a whole body (copied) and ends the request; may be called
 * within the handler or any time later.  0, or -1 (then the connection is
 * closed).  rq is not to be used afterwards.
 */
int httpd_answer(struct httpd_req *rq, int status, const char *content_type,
    const void *body, size_t len);

/*
 * Answers with a stream: chunks written by httpd_write until httpd_end.
 * gone is called once when the peer went away or the server stops (not
 * after httpd_end); rq is not to be used after that.
 */
int httpd_stream(struct httpd_req *rq, int status, const char *content_type,
    httpd_fn *gone, void *arg);

/*
 * Queues bytes on a stream: 0; -1 when more than max_pending (16 MiB) are
 * waiting for a peer that does not read, or without memory.
 */
int httpd_write(struct httpd_req *rq, const void *p, size_t n);
void httpd_end(struct httpd_req *rq);

/*
 * Answers 101 with the headers that were added and hands the connection over,
 * to be spoken on in protocol ("websocket"); what a client sends before it has
 * that answer, against RFC 9110, is lost.  opened comes later, with a
 * descriptor to watch alone: bytes go through httpd_recv and httpd_send.  It
 * lives until httpd_close or, when the server ends or the peer leaves before
 * opened, the free function of httpd_set; it is to be dropped from the loop
 * there.
 */
typedef void httpd_opened_fn(void *arg, struct httpd_req *rq, int fd);
int httpd_upgrade(struct httpd_req *rq, const char *protocol,
    httpd_opened_fn *opened, void *arg);

/*
 * Receive and send at most n bytes: how many (receiving, 0 is the end), or -1
 * with errno: EAGAIN (not now), EIO (the connection is lost).  To be received
 * until EAGAIN, as TLS may hold more than the descriptor tells; after EAGAIN
 * the next to be sent is the same again.
 */
ssize_t httpd_recv(struct httpd_req *rq, void *p, size_t n);
ssize_t httpd_send(struct httpd_req *rq, const void *p, size_t n);

/*
 * Ends such a connection, so that all that was sent arrives; rq is not to be
 * used afterwards.
 */
void httpd_close(struct httpd_req *rq);

#endif
