/*
 * HTTP requests over libcurl's multi interface, inside a loop.  Connections
 * are kept and shared per client; requests start at once (whoever needs a
 * queue keeps it outside, so that waiting in it never counts as latency).
 */
#ifndef HTTP_H
#define HTTP_H

#include <stddef.h>
#include <sys/types.h>

#include "buf.h"
#include "fault.h"
#include "loop.h"

struct http;      /* a client: connection cache, TLS settings */
struct http_call; /* one request under way */

struct http_tls {
	const char *ca_file;              /* NULL: the system's */
	const char *ca_data;              /* PEM, instead of ca_file; or NULL */
	const char *cert_file, *key_file; /* client certificate, or NULL */
	const char *cert_data, *key_data; /* PEM, instead of the files */
	const char *server_name; /* name to verify instead of the URL's host */
	int insecure;            /* 1: nothing is verified */
	const char *proxy;       /* proxy URL, or NULL: none */
};

/* A client in loop l; tls (may be NULL) is copied.  NULL with f filled. */
struct http *
http_new(struct loop *l, const struct http_tls *tls, struct fault *f);

/*
 * Does beforehand, once, what would make the first TLS connections seem slow:
 * turns the loop for some 25 ms.  To be called before anything is started;
 * what fails in it will fail in the first call.
 */
void http_warm(struct http *h);

/* Cancels what is under way (no callback is called) and frees the client. */
void http_free(struct http *h);

struct http_timing { /* milliseconds from the start of this request */
	double dns, connect, tls, ttfb, total; /* durations of phases: dns, TCP
	    connect, TLS handshake; 0 when the connection was reused; ttfb and
	    total are from the request's start */
};

/* How far a call without an answer came, for those who say what to do. */
enum http_cause {
	HTTP_OTHER,
	HTTP_UNKNOWN_HOST,
	HTTP_UNKNOWN_PROXY,
	HTTP_NO_CONNECTION,
	HTTP_NOT_TLS,         /* the peer speaks something else */
	HTTP_BAD_PEER,        /* its certificate could not be verified */
	HTTP_BAD_AUTHORITY,   /* our authorities' certificates are of no use */
	HTTP_BAD_CERTIFICATE, /* our own certificate or key is of no use */
};

struct http_result {
	int status;                /* 0: no response, error tells why */
	const struct buf *body;    /* collected body; empty with on_data */
	const struct buf *headers; /* "name: value\n" lines, names in lower
				      case, of the final response */
	struct http_timing timing;
	size_t bytes;      /* of the body */
	const char *error; /* NULL, or what went wrong, for people; status may
			      be set all the same (a body cut short) */
	int refused;       /* 1: connection refused, reset or closed: may be
			      tried again as nothing was answered */
	int unsent; /* 1: there was no connection to send it over, so that it
		       was surely not carried out */
	int resent; /* 1: was sent again, or would have been but for once, as
		       a kept connection was closed: it may have been carried
		       out twice */
	int timed_out;
	enum http_cause cause; /* of error */
	int shared; /* 1: over HTTP/2: further requests take no connections */
};

/* Called once, when the call has ended; r is valid during the call only. */
typedef void http_done_fn(void *arg, const struct http_result *r);

/*
 * Called with each piece of a body.  Return 0, or -1 to end the call (its
 * done callback then comes with an error).
 */
typedef int http_data_fn(void *arg, int status, const char *p, size_t n);

struct http_request {
	const char *method; /* NULL: GET */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-ended, or NULL; the
				       User-Agent is TOOL/VERSION without one */
	const void *body;           /* copied; or NULL */
	size_t body_len;
	int body_fd;       /* when body is NULL and > 0: body_len bytes are read
			      with pread from offset 0; the caller keeps it open */
	double timeout_ms; /* whole call; 0: none */
	double connect_timeout_ms; /* 0: 10 s */
	double
	    idle_timeout_ms; /* nothing received for so long ends it; 0: none */
	size_t max_body; /* collected at most; 0: 16 MiB; more is an error */
	int follow;      /* redirects to follow at most; 0: none */
	int fresh;       /* 1: a connection of its own */
	int join;        /* 1: rather waits for a connection that another call
			    is making, to share it if it is HTTP/2, than make
			    one beside it (the wait counts as its time) */
	int raw;         /* 1: only connects, see http_raw_fd */
	int once;        /* 1: when a kept connection turns out to be closed
			    the request fails, instead of being sent again */
	const char *userpwd_bearer; /* bearer token, or NULL; never logged */
	http_data_fn *on_data;      /* or NULL: the body is collected */
	http_done_fn *done;
	void *arg;
};

/*
 * Starts a request.  rq and its strings may go away when it returns.
 * Returns the call (for http_cancel only; gone once done was called), or
 * NULL with f filled; then done is not called.
 */
struct http_call *
http_start(struct http *h, const struct http_request *rq, struct fault *f);

/*
 * A call with raw sends nothing: when its done callback comes without an error
 * the connection (TLS and proxy done) is the caller's to speak on, until
 * http_cancel ends it.  Its descriptor, to watch in the loop (and to drop from
 * there before http_cancel); read until http_raw_recv says EAGAIN, as TLS may
 * hold more than the descriptor tells.
 */
int http_raw_fd(const struct http_call *c);

/*
 * Receive and send at most n bytes: how many (receiving, 0 is the end), or -1
 * with errno: EAGAIN (not now), EIO (the connection is lost).  After EAGAIN the
 * next to be sent is the same again.
 */
ssize_t http_raw_recv(struct http_call *c, void *p, size_t n);
ssize_t http_raw_send(struct http_call *c, const void *p, size_t n);

/* The status of the answer so far: 0 before its head has come. */
int http_call_status(const struct http_call *c);

/* Ends a call without its callback. */
void http_cancel(struct http *h, struct http_call *c);

/*
 * The value of a header (name in lower case) in r->headers, *len bytes: the
 * first, or the one behind after, which is a value of it.  NULL: no more.
 */
const char *http_header_next(const struct http_result *r, const char *name,
    const char *after, size_t *len);

/* The first value of a header copied into out (size bytes, cut): 1, or 0. */
int http_header(
    const struct http_result *r, const char *name, char *out, size_t size);

/*
 * Appends n bytes of s, percent-escaped but for A-Za-z0-9-_.~ and, when
 * slashes is 1, '/'.  0, or -1 (the buffer has failed).
 */
int http_escape(struct buf *b, const char *s, size_t n, int slashes);

/* To be called once in main before threads: 0 or -1. */
int http_init(struct fault *f);

#endif
