/*
 * An HTTP server in a loop, over libmicrohttpd: see httpd.h.  The daemon's
 * epoll descriptor sits inside ours and MHD_run does what is due.  A request
 * without an answer yet and a stream without bytes are suspended, and cost
 * then neither time nor a timer; the price is that MHD does not see a peer
 * go while a connection is suspended, so the loop watches for that itself.
 */
#include "httpd_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_POOL 16384 /* bytes, for request line, headers, a block */
#define KEEP_PENDING 8192     /* bytes of buffer that an idle stream may keep */

/* ---- the loop's side ---- */

static void httpd_turn(struct httpd *d);

static void
on_timer(void *arg)
{
	struct httpd *d = arg;

	d->timer = NULL;
	httpd_turn(d);
}

static void
on_ready(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	httpd_turn(arg);
}

static void
set_timer(struct httpd *d, double ms)
{
	loop_timer_cancel(d->loop, &d->timer);
	/* without memory the next event on a descriptor does the work */
	d->timer = loop_timer(d->loop, ms, on_timer, d, NULL);
}

static void
httpd_turn(struct httpd *d)
{
	MHD_UNSIGNED_LONG_LONG ms;

	d->running = 1;
	do {
		d->again = 0;
		MHD_run(d->mhd);
	} while (d->again);
	d->running = 0;
	if (MHD_get_timeout(d->mhd, &ms) == MHD_YES)
		set_timer(d, (double)ms);
	else
		loop_timer_cancel(d->loop, &d->timer);
}

static void
suspend(struct httpd_req *rq)
{
	rq->suspended = 1;
	MHD_suspend_connection(rq->conn);
}

/* In external mode nothing but MHD_run makes MHD look at it again. */
void
httpd_resume(struct httpd_req *rq)
{
	struct httpd *d = rq->d;

	if (!rq->suspended)
		return;
	rq->suspended = 0;
	MHD_resume_connection(rq->conn);
	if (!d->again && !d->running)
		set_timer(d, 0);
	d->again = 1;
}

static void
unwatch(struct httpd_req *rq)
{
	if (rq->watched)
		loop_fd_drop(rq->d->loop, rq->fd);
	rq->watched = 0;
}

static void
stream_gone(struct httpd_req *rq)
{
	httpd_fn *gone = rq->gone;

	rq->state = REQ_DEAD;
	rq->gone = NULL;
	if (gone != NULL)
		gone(rq->gone_arg, rq);
}

/*
 * MHD forgets, until it times out, a connection whose reader reports an
 * error (CHUNKED_BODY_UNREADY in its connection.c); one that cannot be
 * written to it closes at once.  So the socket is shut down from our side too,
 * and the reader offers a byte.
 */
static void
on_hangup(void *arg, int fd, uint32_t events)
{
	struct httpd_req *rq = arg;

	(void)events;
	rq->shut = shutdown(fd, SHUT_RDWR) == 0 || errno == ENOTCONN;
	unwatch(rq);
	stream_gone(rq);
	httpd_resume(rq);
}

int
httpd_fd(const struct httpd_req *rq)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    rq->conn, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info != NULL ? info->connect_fd : -1;
}

void
httpd_watch_peer(struct httpd_req *rq)
{
	rq->fd = httpd_fd(rq);
	rq->watched = rq->fd != -1 && loop_fd(rq->d->loop, rq->fd, EPOLLRDHUP,
					  on_hangup, rq, NULL) == 0;
}

/* ---- MHD's side ---- */

static void *
on_uri(void *arg, const char *uri, struct MHD_Connection *conn)
{
	struct httpd *d = arg;
	struct httpd_req *rq = calloc(1, sizeof *rq);

	if (rq == NULL)
		return NULL;
	rq->d = d;
	rq->conn = conn;
	rq->target = strdup(uri);
	buf_init(&rq->body, d->max_body);
	buf_init(&rq->pending, HTTPD_MAX_PENDING);
	rq->next = d->requests;
	if (rq->next != NULL)
		rq->next->prev = rq;
	d->requests = rq;
	return rq;
}

static enum MHD_Result
queue(struct httpd_req *rq)
{
	enum MHD_Result r;
	size_t i;

	for (i = 0; i < rq->headers; i++)
		MHD_add_response_header(
		    rq->response, rq->names[i], rq->values[i]);
	rq->queued = 1;
	r = MHD_queue_response(rq->conn, (unsigned)rq->status, rq->response);
	MHD_destroy_response(rq->response);
	rq->response = NULL;
	return r;
}

int
httpd_set_answer(struct httpd_req *rq, int status, const char *type,
    const void *body, size_t len)
{
	rq->response = MHD_create_response_from_buffer(
	    len, len > 0 ? (void *)body : "", MHD_RESPMEM_MUST_COPY);
	if (rq->response == NULL)
		return -1;
	rq->status = status;
	if (type != NULL && MHD_add_response_header(
				rq->response, "Content-Type", type) != MHD_YES)
		return -1;
	return 0;
}

/* Bodies past the limit are read and dropped, up to four times that. */
static enum MHD_Result
on_body(struct httpd_req *rq, const char *p, size_t *n)
{
	if (!rq->too_large && buf_add(&rq->body, p, *n) != 0) {
		rq->too_large = 1;
		buf_release(&rq->body);
	}
	if (rq->too_large) {
		rq->taken += *n;
		if (rq->taken > 4 * rq->d->max_body)
			return MHD_NO;
	}
	*n = 0;
	return MHD_YES;
}

static enum MHD_Result
refuse(struct httpd_req *rq, int status, const char *text)
{
	rq->state = REQ_ANSWERED;
	if (httpd_set_answer(rq, status, "text/plain", text, strlen(text)) != 0)
		return MHD_NO;
	return queue(rq);
}

static enum MHD_Result
hand_over(struct httpd_req *rq, httpd_fn *handler)
{
	struct httpd *d = rq->d;

	rq->state = REQ_HANDLED;
	d->busy++;
	rq->counted = 1;
	rq->handling = 1;
	handler(d->arg, rq);
	rq->handling = 0;
	if (rq->response != NULL)
		return queue(rq);
	if (rq->state != REQ_HANDLED && rq->state != REQ_UPGRADED)
		return MHD_NO;
	suspend(rq);
	return MHD_YES;
}

static enum MHD_Result
too_large(struct httpd_req *rq)
{
	if (rq->d->too_large == NULL)
		return refuse(rq, 413, "request body too large\n");
	return hand_over(rq, rq->d->too_large);
}

static enum MHD_Result
handle(struct httpd_req *rq)
{
	if (rq->too_large)
		return too_large(rq);
	rq->taken = 0;
	return hand_over(rq, rq->d->handler);
}

/*
 * MHD calls this when the headers are there, with each piece of the body,
 * at its end, and again when a suspended request was resumed.
 */
static enum MHD_Result
on_access(void *arg, struct MHD_Connection *conn, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_size, void **con_cls)
{
	struct httpd *d = arg;
	struct httpd_req *rq = *con_cls;
	const char *len;

	(void)version;
	if (rq == NULL || rq->target == NULL || rq->state == REQ_DEAD)
		return MHD_NO;
	if (rq->method == NULL) {
		rq->method = method;
		rq->path = url;
		len = MHD_lookup_connection_value(
		    conn, MHD_HEADER_KIND, "Content-Length");
		if (len != NULL && strtoull(len, NULL, 10) > d->max_body)
			return too_large(rq);
		return MHD_YES;
	}
	if (*upload_size > 0)
		return on_body(rq, upload, upload_size);
	if (rq->state == REQ_READING)
		return handle(rq);
	return rq->response != NULL ? queue(rq) : MHD_NO;
}

/* Gives MHD what is pending, or suspends until there is something. */
ssize_t
httpd_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct httpd_req *rq = arg;
	size_t n = rq->pending.len - rq->taken;

	(void)pos;
	if (rq->state == REQ_DEAD && !rq->shut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (rq->state == REQ_DEAD) {
		out[0] = '\0';
		return 1;
	}
	if (n == 0) {
		if (rq->state == REQ_ENDING)
			return MHD_CONTENT_READER_END_OF_STREAM;
		suspend(rq);
		return 0;
	}
	if (n > max)
		n = max;
	memcpy(out, rq->pending.data + rq->taken, n);
	rq->taken += n;
	if (rq->taken == rq->pending.len) {
		if (rq->pending.cap > KEEP_PENDING)
			buf_release(&rq->pending);
		else
			buf_clear(&rq->pending);
		rq->taken = 0;
	}
	return (ssize_t)n;
}

static void
on_completed(void *arg, struct MHD_Connection *conn, void **con_cls,
    enum MHD_RequestTerminationCode code)
{
	struct httpd *d = arg;
	struct httpd_req *rq = *con_cls;
	size_t i;

	(void)conn;
	(void)code;
	if (rq == NULL)
		return;
	*con_cls = NULL;
	unwatch(rq);
	loop_timer_cancel(d->loop, &rq->timer);
	if (rq->state == REQ_STREAM)
		stream_gone(rq);
	if (rq->counted)
		d->busy--;
	if (rq->data_free != NULL)
		rq->data_free(rq->data);
	if (rq->response != NULL)
		MHD_destroy_response(rq->response);
	if (rq->prev != NULL)
		rq->prev->next = rq->next;
	else
		d->requests = rq->next;
	if (rq->next != NULL)
		rq->next->prev = rq->prev;
	for (i = 0; i < rq->headers; i++) {
		free(rq->names[i]);
		free(rq->values[i]);
	}
	buf_release(&rq->body);
	buf_release(&rq->pending);
	free(rq->target);
	free(rq);
}

/*
 * At its limit, or without descriptors, MHD takes the listening socket out of
 * its epoll set, and puts it back when it is run after a connection has ended:
 * with nothing else to do nobody would run it.
 */
static void
on_connection(void *arg, struct MHD_Connection *conn, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct httpd *d = arg;

	(void)conn;
	(void)context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		d->again = 1;
}

/* ---- starting and ending ---- */

struct httpd *
httpd_new(struct loop *l, const struct httpd_spec *spec, struct fault *f)
{
	struct httpd *d = calloc(1, sizeof *d);
	const union MHD_DaemonInfo *info;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)spec->cert_pem },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)spec->key_pem },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (d == NULL) {
		fault_nomem(f);
		return NULL;
	}
	d->loop = l;
	d->handler = spec->handler;
	d->too_large = spec->too_large;
	d->arg = spec->arg;
	d->max_body = spec->max_body;
	if (spec->cert_pem == NULL)
		tls[0] = tls[2];
	else
		flags |= MHD_USE_TLS;
	d->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_access, d,
	    MHD_OPTION_LISTEN_SOCKET, spec->listen_fd,
	    MHD_OPTION_CONNECTION_LIMIT, spec->max_connections,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_POOL,
	    MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)((spec->idle_ms + 999) / 1000),
	    MHD_OPTION_URI_LOG_CALLBACK, on_uri, d, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, d, MHD_OPTION_NOTIFY_CONNECTION, on_connection, d,
	    MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (d->mhd == NULL) {
		fault_set(f, FAULT_UNSURE, "http server: cannot start%s",
		    spec->cert_pem != NULL ? " (certificate and key?)" : "");
		free(d);
		return NULL;
	}
	info = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	d->epoll_fd = info != NULL ? info->epoll_fd : -1;
	if (loop_fd(l, d->epoll_fd, EPOLLIN, on_ready, d, f) != 0) {
		MHD_stop_daemon(d->mhd);
		free(d);
		return NULL;
	}
	return d;
}

void
httpd_quiesce(struct httpd *d)
{
	MHD_socket fd = MHD_quiesce_daemon(d->mhd);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

unsigned
httpd_busy(const struct httpd *d)
{
	return d->busy;
}

void
httpd_free(struct httpd *d)
{
	struct httpd_req *rq;

	if (d == NULL)
		return;
	loop_timer_cancel(d->loop, &d->timer);
	loop_fd_drop(d->loop, d->epoll_fd);
	/* MHD wants nothing suspended when it stops */
	d->running = 1;
	for (rq = d->requests; rq != NULL; rq = rq->next) {
		unwatch(rq);
		if (rq->state == REQ_STREAM)
			stream_gone(rq);
		rq->state = REQ_DEAD;
		httpd_resume(rq);
	}
	MHD_run(d->mhd);
	MHD_stop_daemon(d->mhd);
	free(d);
}
