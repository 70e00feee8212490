/*
 * Port-forward at the node: see portforward.h and lib/portforward.h.  What one
 * side does not take is kept up to a limit, and then no more is read from the
 * other.  The protocol cannot say "no more from me": a port is over when its
 * server has finished, and all of them when the client leaves.
 */
#include "k8s-noded/portforward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "k8s-noded/pod.h"
#include "k8s-noded/pods.h"
#include "k8s-noded/portforward_impl.h"

#define LINGER_MS 10000.0 /* for a server to take a left client's bytes */

static void
forward_free(void *arg)
{
	struct forward *f = arg;
	size_t i;

	loop_timer_cancel(f->node->loop, &f->timer);
	ws_close(f->ws);
	for (i = 0; f->channels != NULL && i < f->ports.n; i++) {
		buf_release(&f->channels[i].to_pod);
		if (f->channels[i].fd == -1)
			continue;
		loop_fd_drop(f->node->loop, f->channels[i].fd);
		close(f->channels[i].fd);
	}
	free(f->channels);
	free(f->ns);
	free(f->pod);
	free(f->uid);
	free(f);
}

/* ---- the client's side ---- */

static void
on_piece(void *arg, int begins, const unsigned char *p, size_t n)
{
	struct forward *f = arg;
	struct channel *c;

	if (begins) {
		c = p[0] / 2U < f->ports.n ? &f->channels[p[0] / 2] : NULL;
		f->current =
		    c != NULL && p[0] % 2 == 0 && c->fd != -1 ? c : NULL;
		p++;
		n--;
	}
	c = f->current;
	if (c != NULL)
		channel_put(c, p, n);
}

static void
on_room(void *arg)
{
	struct forward *f = arg;
	size_t i;

	for (i = 0; i < f->ports.n; i++)
		if (f->channels[i].fd != -1)
			channel_watch(&f->channels[i]);
}

static void
on_late(void *arg)
{
	struct forward *f = arg;

	f->timer = NULL;
	httpd_close(f->rq);
}

/* What the client has sent before it left still goes to the servers. */
static void
on_close(void *arg, int status, const char *why)
{
	struct forward *f = arg;
	size_t i, n = f->ports.n;

	(void)status;
	(void)why;
	ws_close(f->ws);
	f->ws = NULL;
	if (f->open == 0) {
		httpd_close(f->rq);
		return;
	}
	f->timer = loop_timer(f->node->loop, LINGER_MS, on_late, f, NULL);
	for (i = 0; i < n; i++) {
		struct channel *c = &f->channels[i];

		if (c->fd == -1)
			continue;
		if (c->to_pod.len == 0 || f->timer == NULL)
			channel_end(c);
		else
			channel_watch(c);
	}
}

static ssize_t
client_recv(void *io, void *p, size_t n)
{
	return httpd_recv(io, p, n);
}

static ssize_t
client_send(void *io, const void *p, size_t n)
{
	return httpd_send(io, p, n);
}

static void
on_opened(void *arg, struct httpd_req *rq, int fd)
{
	struct forward *f = arg;
	const struct ws_peer peer = { .fd = fd,
		.recv = client_recv,
		.send = client_send,
		.io = rq,
		.on_piece = on_piece,
		.on_room = on_room,
		.on_close = on_close,
		.arg = f };
	unsigned char port[2];
	struct fault e;
	size_t i;

	f->ws = ws_accept(f->node->loop, &peer, &e);
	if (f->ws == NULL) {
		httpd_close(rq);
		return;
	}
	for (i = 0; i < f->ports.n; i++) {
		port[0] = f->ports.port[i] & 0xff;
		port[1] = f->ports.port[i] >> 8;
		channel_say(&f->channels[i], 0, port, sizeof(port));
		channel_say(&f->channels[i], 1, port, sizeof(port));
	}
	for (i = 0; i < f->ports.n; i++)
		channel_connect(&f->channels[i]);
}

/* ---- the request ---- */

static void
refuse(struct httpd_req *rq, int status, const char *text)
{
	httpd_answer(
	    rq, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* The ports that are asked for: 0, or -1 (answered). */
static int
read_ports(struct httpd_req *rq, struct portforward *ports)
{
	const char *list;
	struct fault e;
	size_t i;

	for (i = 0; (list = httpd_query_nth(rq, "port", i)) != NULL; i++)
		if (portforward_add(ports, list, &e) != 0) {
			refuse(rq, 400, e.msg);
			return -1;
		}
	if (i > 0)
		return 0;
	refuse(rq, 400, "query parameter \"port\" is required");
	return -1;
}

/* Answers the handshake: 0, or -1 (refused). */
static int
shake_hands(struct httpd_req *rq)
{
	const char *key = httpd_header(rq, "Sec-WebSocket-Key");
	int protocol =
	    portforward_choose(httpd_header(rq, "Sec-WebSocket-Protocol"));
	char text[WS_ACCEPT];

	if (!portforward_has(httpd_header(rq, "Upgrade"), "websocket") ||
	    key == NULL || ws_accept_key(key, text) != 0) {
		refuse(rq, 400, "a WebSocket handshake is required");
		return -1;
	}
	if (protocol == -1) {
		refuse(rq, 403, "only " PORTFORWARD_PROTOCOL " is served");
		return -1;
	}
	if (httpd_add_header(rq, "Sec-WebSocket-Accept", text) == 0 &&
	    (protocol == 0 || httpd_add_header(rq, "Sec-WebSocket-Protocol",
				  PORTFORWARD_PROTOCOL) == 0))
		return 0;
	refuse(rq, 500, "out of memory");
	return -1;
}

static struct forward *
forward_new(struct node *n, struct httpd_req *rq, const struct pod *p,
    const struct portforward *ports)
{
	struct forward *f = calloc(1, sizeof(*f));
	size_t i;

	if (f == NULL)
		return NULL;
	f->node = n;
	f->rq = rq;
	f->ports = *ports;
	f->open = ports->n;
	f->channels = calloc(ports->n, sizeof(*f->channels));
	f->ns = strdup(p->ns);
	f->pod = strdup(p->name);
	f->uid = strdup(p->uid);
	if (f->channels == NULL || f->ns == NULL || f->pod == NULL ||
	    f->uid == NULL) {
		free(f->channels);
		f->channels = NULL;
		forward_free(f);
		return NULL;
	}
	for (i = 0; i < ports->n; i++) {
		f->channels[i].f = f;
		f->channels[i].fd = -1;
		buf_init(&f->channels[i].to_pod, 2 * FORWARD_HIGH);
	}
	return f;
}

void
portforward(
    struct node *n, struct httpd_req *rq, const char *ns, const char *pod)
{
	struct pod *p = pods_find(n->pods, ns, pod);
	struct portforward ports = { .n = 0 };
	struct forward *f;
	char text[600];

	if (read_ports(rq, &ports) != 0)
		return;
	if (p == NULL || p->state == POD_OVER || p->net.net == -1) {
		snprintf(
		    text, sizeof(text), "pod not found (\"%s_%s\")", pod, ns);
		refuse(rq, 500, text);
		return;
	}
	if (shake_hands(rq) != 0)
		return;
	f = forward_new(n, rq, p, &ports);
	if (f == NULL) {
		refuse(rq, 500, "out of memory");
		return;
	}
	httpd_set(rq, f, forward_free);
	httpd_upgrade(rq, "websocket", on_opened, f);
}
