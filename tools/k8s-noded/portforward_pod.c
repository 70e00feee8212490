/*
 * Connections into a pod: see portforward_impl.h.  A socket belongs to the
 * network namespace in which it was made, so that one is entered for a moment.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "k8s-noded/pod.h"
#include "k8s-noded/pods.h"
#include "k8s-noded/portforward_impl.h"

#define CHUNK ((32 << 10) - 1) /* and its channel: two TLS records */

static size_t
channel_index(const struct channel *c)
{
	return (size_t)(c - c->f->channels);
}

/* A message on a port's data (0) or error (1) channel. */
int
channel_say(struct channel *c, int error, const void *p, size_t n)
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
		paused |= f->channels[i].to_pod.len >= FORWARD_HIGH;
	ws_pause(f->ws, paused);
}

/* The last one says goodbye, or (the client has left) ends it all. */
void
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
		channel_say(c, 1, text, (size_t)n);
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
			channel_watch(c);
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

	while (!c->finished && c->f->ws != NULL &&
	       ws_queued(c->f->ws) < FORWARD_HIGH) {
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
		else if (channel_say(c, 0, data, (size_t)n) != 0) {
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
		channel_watch(c);
}

void
channel_watch(struct channel *c)
{
	uint32_t events = 0;

	if (!c->connected || c->to_pod.len > 0)
		events |= EPOLLOUT;
	if (c->connected && !c->finished && c->f->ws != NULL &&
	    ws_queued(c->f->ws) < FORWARD_HIGH)
		events |= EPOLLIN;
	if (loop_fd(c->f->node->loop, c->fd, events, on_pod, c, NULL) != 0)
		fail(c, "out of memory");
}

void
channel_connect(struct channel *c)
{
	struct fault e;

	if (start_connect(c, &e) == 0)
		channel_watch(c);
	else
		refused(c, e.msg);
}

void
channel_put(struct channel *c, const unsigned char *p, size_t n)
{
	if (c->deaf || n == 0)
		return;
	if (buf_add(&c->to_pod, p, n) != 0) {
		fail(c, "out of memory");
		return;
	}
	flush_pod(c);
	set_pause(c->f);
	if (c->to_pod.len > 0)
		channel_watch(c);
}
