/*
 * Bytes through a tunnel: see tunnel.h.  Of each direction no more is kept
 * than one read, so whoever is slow slows the other side down.
 */
#include "k8s-apid/tunnel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 16 /* reads in a row before others have their turn */

static void turn(struct tunnel *t);

void
tunnel_free(void *arg)
{
	struct tunnel *t = arg;

	loop_timer_cancel(t->a->loop, &t->timer);
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
	buf_release(&t->to_client);
	buf_release(&t->to_node);
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
	httpd_close(t->rq.http);
}

static void
on_turn(void *arg)
{
	struct tunnel *t = arg;

	t->timer = NULL;
	turn(t);
}

static void
on_fd(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	turn(arg);
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

/* Sends n bytes: how many were taken, or -1 when the way is lost. */
static ssize_t
give(struct tunnel *t, send_fn *to, const char *p, size_t n)
{
	size_t done = 0;
	ssize_t got;

	while (done < n) {
		got = to(t, p + done, n - done);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 && errno == EAGAIN)
			break;
		if (got <= 0)
			return -1;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/*
 * One read in one direction and what is left of the one before: 1 when there
 * may be more, 0 when there is none now, -1 when the way is lost.
 */
static int
carry(struct tunnel *t, recv_fn *from, send_fn *to, struct buf *left, int *over)
{
	char data[TUNNEL_CHUNK];
	ssize_t n, done;

	if (left->len > 0) {
		done = give(t, to, left->data, left->len);
		if (done == -1)
			return -1;
		buf_eat(left, (size_t)done);
		if (left->len > 0)
			return 0;
		buf_release(left); /* an idle tunnel keeps nothing */
	}
	if (*over)
		return 0;
	n = from(t, data, sizeof(data));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (n <= 0) {
		*over = 1;
		return 0;
	}
	done = give(t, to, data, (size_t)n);
	if (done == -1 ||
	    buf_add(left, data + done, (size_t)n - (size_t)done) != 0)
		return -1;
	return left->len == 0;
}

/* Either end ends the other, once it has what was on its way. */
static int
is_over(const struct tunnel *t)
{
	return (t->node_over && t->to_client.len == 0) ||
	       (t->client_over && t->to_node.len == 0);
}

static int
wait_for(struct tunnel *t)
{
	uint32_t client = 0, node = 0;

	if (t->to_client.len > 0)
		client |= EPOLLOUT;
	else if (!t->node_over)
		node |= EPOLLIN;
	if (t->to_node.len > 0)
		node |= EPOLLOUT;
	else if (!t->client_over)
		client |= EPOLLIN;
	if (loop_fd(t->a->loop, t->fd, client, on_fd, t, NULL) != 0)
		return -1;
	return loop_fd(t->a->loop, t->node_fd, node, on_fd, t, NULL);
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
		down = up == -1 ? -1 :
				  carry(t, node_recv, client_send,
				      &t->to_client, &t->node_over);
		if (up == -1 || down == -1 || is_over(t)) {
			tunnel_close(t);
			return;
		}
	}
	if ((up > 0 || down > 0) && t->timer == NULL)
		t->timer = loop_timer(t->a->loop, 0, on_turn, t, NULL);
	if (wait_for(t) != 0)
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
