/*
 * Port-forward at the node: see portforward.h and lib/portforward.h.  What one
 * side does not take is kept up to a limit, and then no more is read from the
 * other.  The protocol cannot say "no more from me": a port is over when its
 * server has finished, and all of them when the client leaves.
 */
#include "k8s-noded/portforward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "k8s-noded/pod.h"
#include "k8s-noded/pods.h"
#include "lib/portforward.h"
#include "lib/ws.h"

#define CHUNK (32 << 10)  /* bytes of one message */
#define HIGH (128 << 10)  /* queued: nothing more is read */
#define LINGER_MS 30000.0 /* for a server to take a left client's bytes */

struct forward;

struct channel {
	struct forward *f;
	int fd; /* -1 when it is over */
	int connected;
	int v6;            /* 127.0.0.1 has refused */
	int finished;      /* the server has: ends when to_pod is written */
	int deaf;          /* the server takes no more */
	struct buf to_pod; /* at most HIGH and one piece */
};

struct forward {
	struct node *node;
	struct httpd_req *rq;
	struct ws *ws;            /* NULL before it is open and after its end */
	struct loop_timer *timer; /* after the client has left */
	struct portforward ports;
	struct channel *channels; /* one for each port */
	size_t open;              /* of them */
	struct channel *current;  /* where the message that arrives goes */
	char *ns, *pod, *uid;
};

static void watch(struct channel *c);

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

static size_t
channel_index(const struct channel *c)
{
	return (size_t)(c - c->f->channels);
}

/* A message on a port's data (0) or error (1) channel. */
static int
say(struct channel *c, int error, const void *p, size_t n)
{
	unsigned char message[1 + CHUNK];

	message[0] = (unsigned char)(2 * channel_index(c) + (size_t)error);
	memcpy(message + 1, p, n);
	return ws_send(c->f->ws, message, n + 1);
}

/* One channel that is behind stops all: messages come in one line. */
static void
set_pause(struct forward *f)
{
	int paused = 0;
	size_t i;

	if (f->ws == NULL)
		return;
	for (i = 0; i < f->ports.n; i++)
		paused |= f->channels[i].to_pod.len >= HIGH;
	ws_pause(f->ws, paused);
}

/* The last one says goodbye, or (the client has left) ends it all. */
static void
channel_end(struct channel *c)
{
	struct forward *f = c->f;

	if (c->fd != -1) {
		loop_fd_drop(f->node->loop, c->fd);
		close(c->fd);
	}
	c->fd = -1;
	buf_release(&c->to_pod);
	if (f->current == c)
		f->current = NULL;
	if (--f->open > 0)
		set_pause(f);
	else if (f->ws != NULL) {
		set_pause(f);
		ws_finish(f->ws);
	} else {
		loop_timer_cancel(f->node->loop, &f->timer);
		httpd_close(f->rq);
	}
}

/* The words are containerd's, more or less. */
static void __attribute__((format(printf, 2, 3)))
fail(struct channel *c, const char *fmt, ...)
{
	uint16_t port = c->f->ports.port[channel_index(c)];
	char why[512], text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	n = snprintf(text, sizeof(text),
	    "error forwarding port %d to pod %s, uid %s: %s", port, c->f->pod,
	    c->f->uid, why);
	if (c->f->ws != NULL)
		say(c, 1, text, (size_t)n);
	channel_end(c);
}

/* ---- the pod's side ---- */

/* A socket belongs to the namespace in which it was made. */
static int
pod_socket(struct forward *f, int family, struct fault *e)
{
	struct pod *p = pods_find(f->node->pods, f->ns, f->pod);
	int fd = -1;

	if (p == NULL || strcmp(p->uid, f->uid) != 0 || p->net.net == -1)
		return fault_set(e, FAULT_UNSURE, "the pod is gone");
	if (net_enter(&p->net, e) == 0) {
		fd = socket(
		    family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd == -1)
			fault_sys(e, FAULT_UNSURE, errno, "socket");
	}
	net_leave(f->node->net);
	return fd;
}

static int
start_connect(struct channel *c, struct fault *e)
{
	uint16_t port = htons(c->f->ports.port[channel_index(c)]);
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = port,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int on = 1, r;

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = pod_socket(c->f, c->v6 ? AF_INET6 : AF_INET, e);
	if (c->fd == -1)
		return -1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	r = c->v6 ? connect(c->fd, (struct sockaddr *)&v6, sizeof(v6)) :
		    connect(c->fd, (struct sockaddr *)&v4, sizeof(v4));
	if (r == 0 || errno == EINPROGRESS)
		return 0;
	fault_sys(e, FAULT_UNSURE, errno, "localhost");
	close(c->fd);
	c->fd = -1;
	return -1;
}

/* As containerd: IPv4 first; what that says is told when IPv6 fails too. */
static void
refused(struct channel *c, const char *why)
{
	uint16_t port = c->f->ports.port[channel_index(c)];
	struct fault e;

	if (c->fd != -1) {
		loop_fd_drop(c->f->node->loop, c->fd);
		close(c->fd);
		c->fd = -1;
	}
	if (!c->v6) {
		c->v6 = 1;
		if (start_connect(c, &e) == 0) {
			watch(c);
			return;
		}
	}
	fail(c, "failed to connect to localhost:%d inside the pod: %s", port,
	    why);
}

/* Writes what there is; what a server does not take any more is dropped. */
static void
flush_pod(struct channel *c)
{
	ssize_t n;

	while (c->to_pod.len > 0 && c->connected) {
		n = send(c->fd, c->to_pod.data, c->to_pod.len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return;
		if (n == -1) {
			c->deaf = 1;
			buf_release(&c->to_pod);
			return;
		}
		buf_eat(&c->to_pod, (size_t)n);
	}
}

/* Reads and sends on: 1 when the channel is over. */
static int
read_pod(struct channel *c)
{
	unsigned char data[CHUNK];
	ssize_t n;

	while (!c->finished && c->f->ws != NULL && ws_queued(c->f->ws) < HIGH) {
		n = recv(c->fd, data, sizeof(data), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == -1) {
			fail(c, "read: %s", strerror(errno));
			return 1;
		}
		if (n == 0)
			c->finished = 1;
		else if (say(c, 0, data, (size_t)n) != 0) {
			fail(c, "out of memory");
			return 1;
		}
	}
	return 0;
}

static void
on_pod(void *arg, int fd, uint32_t events)
{
	struct channel *c = arg;
	socklen_t len = sizeof(int);
	int err = 0;

	if (!c->connected) {
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
			err = errno;
		if (err != 0) {
			refused(c, strerror(err));
			return;
		}
		c->connected = 1;
	}
	flush_pod(c);
	set_pause(c->f);
	if (read_pod(c))
		return;
	if (c->to_pod.len == 0 && (c->finished || c->f->ws == NULL))
		channel_end(c);
	else if (events & (EPOLLHUP | EPOLLERR))
		/* nothing can be read now: on_room looks again */
		loop_fd_drop(c->f->node->loop, fd);
	else
		watch(c);
}

static void
watch(struct channel *c)
{
	uint32_t events = 0;

	if (!c->connected || c->to_pod.len > 0)
		events |= EPOLLOUT;
	if (c->connected && !c->finished && c->f->ws != NULL &&
	    ws_queued(c->f->ws) < HIGH)
		events |= EPOLLIN;
	if (loop_fd(c->f->node->loop, c->fd, events, on_pod, c, NULL) != 0)
		fail(c, "out of memory");
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
	if (c == NULL || c->deaf || n == 0)
		return;
	if (buf_add(&c->to_pod, p, n) != 0) {
		fail(c, "out of memory");
		return;
	}
	flush_pod(c);
	set_pause(f);
	if (c->to_pod.len > 0)
		watch(c);
}

static void
on_room(void *arg)
{
	struct forward *f = arg;
	size_t i;

	for (i = 0; i < f->ports.n; i++)
		if (f->channels[i].fd != -1)
			watch(&f->channels[i]);
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
			watch(c);
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
		say(&f->channels[i], 0, port, sizeof(port));
		say(&f->channels[i], 1, port, sizeof(port));
	}
	for (i = 0; i < f->ports.n; i++)
		if (start_connect(&f->channels[i], &e) == 0)
			watch(&f->channels[i]);
		else
			refused(&f->channels[i], e.msg);
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
		buf_init(&f->channels[i].to_pod, 2 * HIGH);
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
