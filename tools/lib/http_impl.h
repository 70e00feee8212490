/*
 * What http.c (the client in its loop) and http_request.c (one request's
 * options and outcome) share; for these two files only.
 *
 * The user's callbacks never run inside a callback of libcurl: data and ends
 * are queued and told once libcurl has returned.  So they may start and cancel
 * calls, free the client and turn the loop.
 */
#ifndef HTTP_IMPL_H
#define HTTP_IMPL_H

#include <curl/curl.h>

#include "http.h"

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer; /* libcurl's, or NULL */
	struct http_tls tls;      /* strings are our own */
	struct http_call *calls;  /* all, in no order */
	struct http_call *ready;  /* those with something to tell */
	struct http_call **ready_end;
	unsigned telling; /* depth of callbacks under way */
	int doomed;       /* http_free was called within one */
};

struct http_call {
	struct http *h;
	struct http_call *next, **prevp; /* in h->calls */
	struct http_call *next_ready;
	CURL *easy;
	struct curl_slist *headers, *connect_to;
	struct buf body;     /* collected, or waiting for on_data */
	struct buf response; /* headers */
	int complete;        /* the blank line behind them has come */
	http_data_fn *on_data;
	http_done_fn *done;
	void *arg;
	struct loop_timer *idle; /* or NULL */
	double idle_ms, last_ms; /* the limit; when something last came */
	double timeout_ms;
	size_t max_body, bytes, sent;
	int body_fd; /* or -1 */
	size_t body_len;
	int added; /* to the multi handle */
	int once, follow, resent;
	int no_socket;  /* errno of the last that could not be made, or 0 */
	unsigned sends; /* how often it was sent */
	int raw;        /* the connection outlives done */
	int queued, busy, cancelled, paused;
	int over, refused_data, too_large, idled; /* how it ended */
	CURLcode code;
	char error[CURL_ERROR_SIZE + 64];
};

/* Sets everything that rq asks for on c->easy; 0, or -1 with f filled. */
int http_call_set_up(
    struct http_call *c, const struct http_request *rq, struct fault *f);

/* Fills r from an ended call; what r points at belongs to c. */
void http_call_result(struct http_call *c, struct http_result *r);

/* Puts c into the queue of calls that have something to tell. */
void http_call_ready(struct http_call *c);

#endif
