/*
 * What httpd.c (connections), httpd_req.c (requests and answers) and
 * httpd_upgrade.c (connections that are handed over) share.
 */
#ifndef HTTPD_IMPL_H
#define HTTPD_IMPL_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "httpd.h"

#define HTTPD_MAX_PENDING (16U << 20) /* bytes queued on one stream */
#define HTTPD_MAX_HEADERS 16          /* response headers of one request */
#define HTTPD_BLOCK                                          \
	1024 /* bytes that MHD asks a stream for that is not \
		chunked; kept for each stream that is open */

struct httpd {
	struct loop *loop;
	struct MHD_Daemon *mhd;
	struct loop_timer *timer;
	struct httpd_req *requests; /* all that have not ended */
	httpd_fn *handler, *too_large;
	void *arg;
	size_t max_body;
	unsigned busy;
	int epoll_fd;
	int running; /* inside MHD_run */
	int again;   /* something was resumed meanwhile */
};

enum req_state {
	REQ_READING,  /* its body is still coming */
	REQ_HANDLED,  /* the handler has it */
	REQ_ANSWERED, /* response is set, to be queued */
	REQ_STREAM,   /* a stream is open */
	REQ_ENDING,   /* what is pending is still to be sent */
	REQ_UPGRADED, /* suspended until its end: MHD does not touch it */
	REQ_DEAD      /* to be closed as soon as MHD asks */
};

struct httpd_req {
	struct httpd *d;
	struct httpd_req *prev, *next;
	struct MHD_Connection *conn;
	struct MHD_Response *response;
	enum req_state state;
	int status;
	int handling;  /* inside the handler */
	int suspended; /* MHD does not look at it */
	int queued;    /* MHD has the response */
	int too_large;
	int counted; /* in busy */
	int shut;    /* nothing that is written arrives any more */
	int watched; /* fd is in the loop: for its end, or upgraded */
	int fd;
	char *target;
	const char *method, *path; /* MHD's, as long as the request */
	struct buf body;
	struct buf pending; /* of a stream */
	size_t taken;       /* bytes of pending that MHD has */
	httpd_fn *gone;
	void *gone_arg;
	struct loop_timer *timer; /* of httpd_upgrade.c */
	int blocked; /* GnuTLS has a record that is to be sent again */
	int closing; /* the handler has finished with it */
	httpd_opened_fn *opened;
	void *opened_arg;
	void *data;
	void (*data_free)(void *);
	char peer[INET6_ADDRSTRLEN + 8];
	char *names[HTTPD_MAX_HEADERS], *values[HTTPD_MAX_HEADERS];
	size_t headers;
};

/* Makes MHD look at a suspended request again. */
void httpd_resume(struct httpd_req *rq);

/* Closes a connection whose answer cannot be made.  -1. */
int httpd_kill(struct httpd_req *rq);

/* A response with a copy of body, not yet queued.  0 or -1. */
int httpd_set_answer(struct httpd_req *rq, int status, const char *type,
    const void *body, size_t len);

/* An MHD_ContentReaderCallback over the pending bytes of a request. */
ssize_t httpd_read(void *arg, uint64_t pos, char *out, size_t max);

/* The connection's descriptor, or -1. */
int httpd_fd(const struct httpd_req *rq);

/* Has the loop tell when the peer of a stream goes. */
void httpd_watch_peer(struct httpd_req *rq);

#endif
