/*
 * Connections that speak another protocol: see httpd.h.  They stay suspended,
 * so that MHD keeps its hands off them, and we speak over its TLS session.
 * MHD's own way (MHD_create_response_for_upgrade) goes through a socket pair,
 * does not tell of a peer that has left, and in 0.9.75 moves four bytes at a
 * time, as the answer's header has used up the memory for its buffers.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "httpd_impl.h"

#define CLOSE_MS 2000.0 /* for a peer to close, too */

/* NULL without TLS. */
static gnutls_session_t
session(const struct httpd_req *rq)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    rq->conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	return info != NULL ? info->tls_session : NULL;
}

static ssize_t
outcome(ssize_t n)
{
	if (n >= 0)
		return n;
	if (n == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	errno = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED ? EAGAIN : EIO;
	return -1;
}

ssize_t
httpd_recv(struct httpd_req *rq, void *p, size_t n)
{
	gnutls_session_t tls = session(rq);

	return tls != NULL ? outcome(gnutls_record_recv(tls, p, n)) :
			     recv(rq->fd, p, n, MSG_DONTWAIT);
}

/* GnuTLS keeps a record that it could not send, and wants no new one then. */
ssize_t
httpd_send(struct httpd_req *rq, const void *p, size_t n)
{
	gnutls_session_t tls = session(rq);
	ssize_t sent;

	if (tls == NULL)
		return send(rq->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	sent = outcome(rq->blocked ? gnutls_record_send(tls, NULL, 0) :
				     gnutls_record_send(tls, p, n));
	rq->blocked = sent == -1 && errno == EAGAIN;
	return sent;
}

static void
drop(struct httpd_req *rq)
{
	if (rq->watched)
		loop_fd_drop(rq->d->loop, rq->fd);
	rq->watched = 0;
	loop_timer_cancel(rq->d->loop, &rq->timer);
}

static void
die(struct httpd_req *rq)
{
	drop(rq);
	rq->state = REQ_DEAD;
	httpd_resume(rq);
}

static void
wait_for(struct httpd_req *rq, uint32_t events, loop_fd_fn *fn)
{
	rq->watched = loop_fd(rq->d->loop, rq->fd, events, fn, rq, NULL) == 0;
	if (!rq->watched)
		die(rq);
}

/* ---- the beginning ---- */

static void
greet(struct httpd_req *rq)
{
	ssize_t n;

	while (rq->taken < rq->pending.len) {
		n = httpd_send(rq, rq->pending.data + rq->taken,
		    rq->pending.len - rq->taken);
		if (n <= 0)
			break;
		rq->taken += (size_t)n;
	}
	if (rq->taken == rq->pending.len) {
		drop(rq);
		buf_release(&rq->pending);
		rq->opened(rq->opened_arg, rq, rq->fd);
	} else if (errno != EAGAIN && errno != EINTR)
		die(rq);
}

static void
on_writable(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	greet(arg);
}

/* By now MHD has suspended it.  What comes in small pieces is to go at once. */
static void
on_begin(void *arg)
{
	struct httpd_req *rq = arg;
	int on = 1;

	rq->timer = NULL;
	setsockopt(rq->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(rq->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	wait_for(rq, EPOLLOUT, on_writable);
}

int
httpd_upgrade(struct httpd_req *rq, const char *protocol,
    httpd_opened_fn *opened, void *arg)
{
	size_t i;

	if (rq->state != REQ_HANDLED)
		return -1;
	rq->fd = httpd_fd(rq);
	rq->opened = opened;
	rq->opened_arg = arg;
	buf_addf(&rq->pending,
	    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
	    "Upgrade: %s\r\n",
	    protocol);
	for (i = 0; i < rq->headers; i++)
		buf_addf(
		    &rq->pending, "%s: %s\r\n", rq->names[i], rq->values[i]);
	buf_adds(&rq->pending, "\r\n");
	rq->timer = loop_timer(rq->d->loop, 0, on_begin, rq, NULL);
	if (rq->fd == -1 || rq->timer == NULL || rq->pending.failed)
		return httpd_kill(rq);
	rq->state = REQ_UPGRADED;
	return 0;
}

/* ---- the end ---- */

static void
on_late(void *arg)
{
	struct httpd_req *rq = arg;

	rq->timer = NULL;
	die(rq);
}

/*
 * A descriptor that is closed while something unread has come makes the
 * kernel reset the connection, and drop what the peer has not read.
 */
static void
on_rest(void *arg, int fd, uint32_t events)
{
	struct httpd_req *rq = arg;
	char junk[4096];
	ssize_t n;

	(void)events;
	while ((n = recv(fd, junk, sizeof(junk), MSG_DONTWAIT)) > 0)
		continue;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		die(rq);
}

void
httpd_close(struct httpd_req *rq)
{
	gnutls_session_t tls = session(rq);

	if (rq->state != REQ_UPGRADED || rq->closing)
		return;
	rq->closing = 1;
	if (tls != NULL)
		gnutls_bye(tls, GNUTLS_SHUT_WR);
	shutdown(rq->fd, SHUT_WR);
	rq->timer = loop_timer(rq->d->loop, CLOSE_MS, on_late, rq, NULL);
	if (rq->timer != NULL)
		wait_for(rq, EPOLLIN, on_rest);
	else
		die(rq);
}
