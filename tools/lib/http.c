/*
 * The client: libcurl's multi handle driven by our loop through
 * curl_multi_socket_action, so that any number of requests wait in one epoll.
 * See http.h for the contract and http_impl.h for what keeps callbacks safe.
 * HTTP/2 is used where a server offers it over TLS; a request does not wait
 * for a connection that another is making unless it asks for that (join),
 * since that wait would count as its latency.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "http_impl.h"

#define HTTP_KEEP 256 /* idle connections kept at most */

int
http_init(struct fault *f)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	if (code != CURLE_OK)
		return fault_set(
		    f, FAULT_UNSURE, "libcurl: %s", curl_easy_strerror(code));
	return 0;
}

void
http_call_ready(struct http_call *c)
{
	if (c->queued || c->cancelled)
		return;
	c->queued = 1;
	c->next_ready = NULL;
	*c->h->ready_end = c;
	c->h->ready_end = &c->next_ready;
}

static void
ready_remove(struct http_call *c)
{
	struct http_call **p = &c->h->ready;

	if (!c->queued)
		return;
	while (*p != NULL && *p != c)
		p = &(*p)->next_ready;
	if (*p == NULL)
		return;
	*p = c->next_ready;
	if (*p == NULL)
		c->h->ready_end = p;
	c->queued = 0;
}

/* Takes a call from libcurl, the loop and the lists; it stays allocated. */
static void
call_detach(struct http_call *c)
{
	if (c->added)
		curl_multi_remove_handle(c->h->multi, c->easy);
	c->added = 0;
	loop_timer_cancel(c->h->loop, &c->idle);
	ready_remove(c);
	if (c->prevp != NULL) {
		*c->prevp = c->next;
		if (c->next != NULL)
			c->next->prevp = c->prevp;
		c->prevp = NULL;
	}
}

static void
call_free(struct http_call *c)
{
	if (c == NULL)
		return;
	call_detach(c);
	if (c->easy != NULL)
		curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->connect_to);
	buf_release(&c->body);
	buf_release(&c->response);
	free(c);
}

int
http_call_status(const struct http_call *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* Hands collected pieces to on_data.  -1: the reader wants no more. */
static int
tell_data(struct http_call *c)
{
	struct buf piece = c->body;
	int r;

	/* more may come while the callback turns the loop */
	buf_init(&c->body, piece.max);
	r = c->on_data(c->arg, http_call_status(c), piece.data, piece.len);
	if (c->body.data == NULL && !c->cancelled) {
		buf_clear(&piece);
		c->body = piece;
	} else {
		buf_release(&piece);
	}
	if (c->cancelled || r == 0)
		return 0;
	c->refused_data = 1;
	return -1;
}

/*
 * A raw connection stays with libcurl, which would close it otherwise, and c
 * is the caller's.
 */
static void
tell_connected(struct http_call *c)
{
	struct http_result r;

	c->over = 0;
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, 0L);
	http_call_result(c, &r);
	c->done(c->arg, &r);
}

static void
tell_done(struct http_call *c)
{
	struct http_result r;

	if (c->raw && c->code == CURLE_OK && c->done != NULL) {
		tell_connected(c);
		return;
	}
	call_detach(c);
	if (c->done == NULL)
		return;
	http_call_result(c, &r);
	c->done(c->arg, &r);
}

/* Tells one call's data, and its end when it has ended. */
static void
tell(struct http_call *c)
{
	struct http *h = c->h;

	c->busy = 1;
	h->telling++;
	while (!c->cancelled && c->on_data != NULL && c->body.len > 0)
		if (tell_data(c) != 0) {
			c->over = 1;
			c->code = CURLE_WRITE_ERROR;
			buf_clear(&c->body);
		}
	if (!c->cancelled && c->paused && !c->over) {
		c->paused = 0;
		curl_easy_pause(c->easy, CURLPAUSE_CONT);
	}
	if (!c->cancelled && c->over && c->body.len > 0 && c->on_data != NULL)
		http_call_ready(c); /* came with the end of the pause */
	else if (!c->cancelled && c->over)
		tell_done(c);
	h->telling--;
	c->busy = 0;
	if (c->cancelled || (c->over && !c->queued))
		call_free(c);
}

static void
client_free(struct http *h)
{
	struct http_call *c, *next;

	for (c = h->calls; c != NULL; c = next) {
		next = c->next;
		call_free(c);
	}
	loop_timer_cancel(h->loop, &h->timer);
	if (h->multi != NULL)
		curl_multi_cleanup(h->multi);
	free((char *)h->tls.ca_file);
	free((char *)h->tls.ca_data);
	free((char *)h->tls.cert_file);
	free((char *)h->tls.key_file);
	free((char *)h->tls.cert_data);
	if (h->tls.key_data != NULL)
		explicit_bzero(
		    (char *)h->tls.key_data, strlen(h->tls.key_data));
	free((char *)h->tls.key_data);
	free((char *)h->tls.server_name);
	free((char *)h->tls.proxy);
	free(h);
}

/* Notes what has ended, then tells everything; h may be gone afterwards. */
static void
settle(struct http *h)
{
	struct http_call *c;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		c->code = m->data.result;
		c->over = 1;
		http_call_ready(c);
	}
	/* a call that is being told further up the stack stays there */
	while (!h->doomed && (c = h->ready) != NULL) {
		ready_remove(c);
		if (!c->busy)
			tell(c);
	}
	if (h->doomed && h->telling == 0)
		client_free(h);
}

/*
 * Lets libcurl act.  When a callback of its has failed, for want of memory, it
 * never acts again, and says nothing of those under way: they end here.
 */
static void
act(struct http *h, curl_socket_t fd, int mask)
{
	struct http_call *c;
	int running;

	if (curl_multi_socket_action(h->multi, fd, mask, &running) ==
	    CURLM_ABORTED_BY_CALLBACK)
		for (c = h->calls; c != NULL; c = c->next)
			if (c->added && !c->over) {
				c->code = CURLE_OUT_OF_MEMORY;
				c->over = 1;
				http_call_ready(c);
			}
	settle(h);
}

static void
on_timer(void *arg)
{
	struct http *h = arg;

	h->timer = NULL;
	act(h, CURL_SOCKET_TIMEOUT, 0);
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	loop_timer_cancel(h->loop, &h->timer);
	if (ms < 0)
		return 0;
	h->timer = loop_timer(h->loop, (double)ms, on_timer, h, NULL);
	return h->timer != NULL ? 0 : -1;
}

static void
on_socket(void *arg, int fd, uint32_t events)
{
	struct http *h = arg;
	int mask = 0;

	if (events & (EPOLLIN | EPOLLHUP))
		mask |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		mask |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		mask |= CURL_CSELECT_ERR;
	act(h, fd, mask);
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http *h = arg;
	uint32_t events = 0;

	(void)easy;
	(void)socket_arg;
	if (what == CURL_POLL_REMOVE) {
		loop_fd_drop(h->loop, fd);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	return loop_fd(h->loop, fd, events, on_socket, h, NULL);
}

static int
copy_string(const char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from != NULL && *to == NULL ? -1 : 0;
}

static int
copy_tls(struct http_tls *to, const struct http_tls *from)
{
	if (from == NULL)
		return 0;
	to->insecure = from->insecure;
	if (copy_string(&to->ca_file, from->ca_file) != 0 ||
	    copy_string(&to->ca_data, from->ca_data) != 0 ||
	    copy_string(&to->cert_file, from->cert_file) != 0 ||
	    copy_string(&to->key_file, from->key_file) != 0 ||
	    copy_string(&to->cert_data, from->cert_data) != 0 ||
	    copy_string(&to->key_data, from->key_data) != 0 ||
	    copy_string(&to->server_name, from->server_name) != 0 ||
	    copy_string(&to->proxy, from->proxy) != 0)
		return -1;
	return 0;
}

struct http *
http_new(struct loop *l, const struct http_tls *tls, struct fault *f)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		fault_nomem(f);
		return NULL;
	}
	h->loop = l;
	h->ready_end = &h->ready;
	h->multi = curl_multi_init();
	if (h->multi == NULL || copy_tls(&h->tls, tls) != 0) {
		client_free(h);
		fault_nomem(f);
		return NULL;
	}
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_KEEP);
	return h;
}

void
http_free(struct http *h)
{
	struct http_call *c, *next;

	if (h == NULL)
		return;
	if (h->telling == 0) {
		client_free(h);
		return;
	}
	/* within a callback: cancel now, free when it has returned */
	h->doomed = 1;
	for (c = h->calls; c != NULL; c = next) {
		next = c->next;
		http_cancel(h, c);
	}
}

/* The idle limit is checked when it could have passed, not on each piece. */
static void
on_idle(void *arg)
{
	struct http_call *c = arg;
	struct http *h = c->h;
	double left = c->last_ms + c->idle_ms - clock_ms();

	c->idle = NULL;
	if (left > 0) {
		c->idle = loop_timer(h->loop, left, on_idle, c, NULL);
		if (c->idle != NULL)
			return;
	}
	c->idled = 1;
	c->over = 1;
	c->code = CURLE_OPERATION_TIMEDOUT;
	http_call_ready(c);
	settle(h);
}

struct http_call *
http_start(struct http *h, const struct http_request *rq, struct fault *f)
{
	struct http_call *c = calloc(1, sizeof(*c));
	CURLMcode code;

	if (c == NULL) {
		fault_nomem(f);
		return NULL;
	}
	c->h = h;
	c->next = h->calls;
	c->prevp = &h->calls;
	if (c->next != NULL)
		c->next->prevp = &c->next;
	h->calls = c;
	if (http_call_set_up(c, rq, f) != 0)
		goto fail;
	if (c->idle_ms > 0) {
		c->last_ms = clock_ms();
		c->idle = loop_timer(h->loop, c->idle_ms, on_idle, c, f);
		if (c->idle == NULL)
			goto fail;
	}
	code = curl_multi_add_handle(h->multi, c->easy);
	if (code != CURLM_OK) {
		fault_set(
		    f, FAULT_UNSURE, "libcurl: %s", curl_multi_strerror(code));
		goto fail;
	}
	c->added = 1;
	return c;
fail:
	call_free(c);
	return NULL;
}

void
http_cancel(struct http *h, struct http_call *c)
{
	(void)h;
	if (c == NULL)
		return;
	if (!c->busy) {
		call_free(c);
		return;
	}
	c->cancelled = 1; /* tell frees it */
	call_detach(c);
}
