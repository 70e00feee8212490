/*
 * Bytes through a tunnel: see tunnel.h.  Of each direction no more is kept
 * than one read, so whoever is slow slows the other side down.
 */
#include "k8s-apid/tunnel.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LEFT_MS 15000.0 /* for a node to take a left client's bytes */
#define TAKEN_MS 20.0   /* between looks whether it has */
#define ROUNDS 16       /* reads in a row before others have their turn */

static void turn(struct tunnel *t);

void
tunnel_free(void *arg)
{
	struct tunnel *t = arg;

	loop_timer_cancel(t->a->loop, &t->timer);
	loop_timer_cancel(t->a->loop, &t->late);
	if (t->fd != -1)
		loop_fd_drop(t->a->loop, t->fd);
	if (t->node_fd != -1)
		loop_fd_drop(t->a->loop, t->node_fd);
	if (t->node != NULL)
		http_cancel(t->a->kubelet, t->node);
	if (t->ask.data != NULL) /* has the token */
		explicit_bzero(t->ask.data, t->ask.len);
	buf_release(&t->ask);
	buf_release(&t->head);
	buf_release(&t->to_client.buf);
	buf_release(&t->to_node.buf);
	free(t);
}

/* Ends an open tunnel; all that was sent arrives. */
static void
tunnel_close(struct tunnel *t)
{
	loop_fd_drop(t->a->loop, t->fd);
	t->fd = -1;
	loop_fd_drop(t->a->loop, t->node_fd);
	t->node_fd = -1;
	http_cancel(t->a->kubelet, t->node);
	t->node = NULL;
	loop_timer_cancel(t->a->loop, &t->timer);
	loop_timer_cancel(t->a->loop, &t->late);
	httpd_close(t->rq.http);
}

static void
on_turn(void *arg)
{
	struct tunnel *t = arg;

	t->timer = NULL;
	turn(t);
}

/* A regular end would wait, behind what the node does not read, unseen. */
static void
on_late(void *arg)
{
	const struct linger now = { .l_onoff = 1 };
	struct tunnel *t = arg;

	t->late = NULL;
	setsockopt(t->node_fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	tunnel_close(t);
}

/*
 * A client that leaves may have sent more than its server takes: that has
 * some time for it.  A server's last words wait for the client.
 */
static void
on_fd(void *arg, int fd, uint32_t events)
{
	struct tunnel *t = arg;

	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		if (fd == t->node_fd)
			t->node_left = 1;
		else
			t->client_left = 1;
		if (t->client_left && t->late == NULL)
			t->late =
			    loop_timer(t->a->loop, LEFT_MS, on_late, t, NULL);
	}
	turn(t);
}

/* ---- bytes ---- */

static ssize_t
client_recv(struct tunnel *t, void *p, size_t n)
{
	return httpd_recv(t->rq.http, p, n);
}

static ssize_t
client_send(struct tunnel *t, const void *p, size_t n)
{
	return httpd_send(t->rq.http, p, n);
}

static ssize_t
node_recv(struct tunnel *t, void *p, size_t n)
{
	return http_raw_recv(t->node, p, n);
}

static ssize_t
node_send(struct tunnel *t, const void *p, size_t n)
{
	return http_raw_send(t->node, p, n);
}

typedef ssize_t recv_fn(struct tunnel *t, void *p, size_t n);
typedef ssize_t send_fn(struct tunnel *t, const void *p, size_t n);

/* Sends what is left: 1 when all is gone, 0 not, -1 when the way is lost. */
static int
give(struct tunnel *t, send_fn *to, struct tunnel_bytes *left)
{
	ssize_t n;

	while (left->sent < left->buf.len) {
		n = to(
		    t, left->buf.data + left->sent, left->buf.len - left->sent);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			return -1;
		left->sent += (size_t)n;
	}
	left->sent = 0;
	buf_clear(&left->buf);
	return 1;
}

/*
 * Reads in one direction what there is, up to a chunk, behind what is left of
 * the one before: 1 when there may be more, 0 when there is none now, -1 when
 * the way is lost.  TLS gives a record at a time, and frames have small ones:
 * they go on together.
 */
static int
carry(struct tunnel *t, recv_fn *from, send_fn *to, struct tunnel_bytes *left,
    int *over)
{
	struct buf *b = &left->buf;
	int r = give(t, to, left);
	ssize_t n;

	if (r != 1 || *over)
		return r == -1 ? -1 : 0;
	if (buf_reserve(b, TUNNEL_CHUNK) != 0)
		return -1;
	do {
		n = from(t, b->data + b->len, TUNNEL_CHUNK - b->len);
		if (n > 0)
			b->len += (size_t)n;
	} while (n > 0 ? b->len < TUNNEL_CHUNK : n == -1 && errno == EINTR);
	*over = n == 0 || (n == -1 && errno != EAGAIN);
	r = give(t, to, left);
	return r == 1 ? n > 0 : r;
}

/*
 * A client that leaves has said its last; what the node has not taken of it
 * keeps the node's end open, as a FIN would wait behind that and not be seen.
 */
static int
is_taken(const struct tunnel *t)
{
	int n;

	return t->to_node.buf.len == 0 &&
	       (ioctl(t->node_fd, SIOCOUTQ, &n) != 0 || n == 0);
}

/* Either end ends the other, once it has what was on its way. */
static int
is_over(const struct tunnel *t)
{
	return (t->node_over && t->to_client.buf.len == 0) ||
	       (t->client_over && is_taken(t));
}

/*
 * Waits for what a side can do next.  The end of one that is not read now is
 * asked for, once: it would be told without end.
 */
static int
wait_for(struct tunnel *t, int fd, int out, int in, const int *left)
{
	uint32_t events = (out ? EPOLLOUT : 0U) | (in ? EPOLLIN : 0U);

	if (!in && !*left)
		events |= EPOLLRDHUP;
	if (events != 0)
		return loop_fd(t->a->loop, fd, events, on_fd, t, NULL);
	loop_fd_drop(t->a->loop, fd);
	return 0;
}

static int
wait_for_both(struct tunnel *t)
{
	int gone = t->client_over; /* nothing is carried to it any more */
	int to_client = t->to_client.buf.len > 0 && !gone;
	int to_node = t->to_node.buf.len > 0;

	if (wait_for(t, t->fd, to_client, !to_node && !gone, &t->client_left) !=
	    0)
		return -1;
	return wait_for(t, t->node_fd, to_node,
	    !to_client && !t->node_over && !gone, &t->node_left);
}

/* TLS may hold bytes that no descriptor tells of: reads until there are none.
 */
static void
turn(struct tunnel *t)
{
	int i, up = 1, down = 1;

	for (i = 0; i < ROUNDS && (up > 0 || down > 0); i++) {
		up = carry(
		    t, client_recv, node_send, &t->to_node, &t->client_over);
		down = t->client_over ? 0 :
		       up == -1       ? -1 :
					carry(t, node_recv, client_send,
					    &t->to_client, &t->node_over);
		if (up == -1 || down == -1 || is_over(t)) {
			tunnel_close(t);
			return;
		}
	}
	if (t->client_over && t->late == NULL)
		t->late = loop_timer(t->a->loop, LEFT_MS, on_late, t, NULL);
	if (t->client_over && t->timer == NULL)
		t->timer = loop_timer(t->a->loop, TAKEN_MS, on_turn, t, NULL);
	if ((up > 0 || down > 0) && t->timer == NULL)
		t->timer = loop_timer(t->a->loop, 0, on_turn, t, NULL);
	/* an idle one keeps nothing */
	if (t->to_client.buf.len == 0)
		buf_release(&t->to_client.buf);
	if (t->to_node.buf.len == 0)
		buf_release(&t->to_node.buf);
	if (wait_for_both(t) != 0)
		tunnel_close(t);
}

void
tunnel_opened(void *arg, struct httpd_req *http, int fd)
{
	struct tunnel *t = arg;

	(void)http;
	t->fd = fd;
	t->timer = loop_timer(t->a->loop, 0, on_turn, t, NULL);
	if (t->timer == NULL)
		tunnel_close(t);
}
