/*
 * One connection: bytes between a local socket and channel 0 of a WebSocket
 * (v4.channel.k8s.io: the first byte of a message is its channel, 1 is for
 * errors, and each channel begins with a message that holds the port).  The
 * local side is not read before the other is open, so that until then any pod
 * may be tried.  That protocol cannot say "no more from me": after the local
 * end has finished, the other may still answer for a while.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forward.h"
#include "lib/clock.h"
#include "tool.h"

#define PROTOCOL "v4.channel.k8s.io"
#define CHUNK (32 << 10) /* bytes of one message */
#define HIGH (256 << 10) /* queued: nothing more is read */
#define LINGER_MS 2000.0 /* silence after the local end, then it is over */
#define AGAIN_MS 100.0   /* after a pod that could not be reached */

enum { CHANNEL_DATA, CHANNEL_ERROR, CHANNELS };

struct link {
	struct target *t;
	struct link *next, **self;
	int fd;
	struct ws *ws;
	struct loop_timer *timer; /* to try again, or to end */
	double give_up;           /* clock_ms until which a pod is sought */
	struct buf to_local;      /* what fd has not taken */
	int open;                 /* the WebSocket is */
	int begun[CHANNELS];      /* the message with the port has come */
	int done;                 /* the local end has finished */
	int over;                 /* the other has: ends when all is written */
	int carried;              /* bytes have gone: no second try */
};

static void attempt(void *arg);
static void watch(struct link *k);

void
link_free(struct link *k)
{
	loop_fd_drop(k->t->fw->loop, k->fd);
	close(k->fd);
	ws_close(k->ws);
	loop_timer_cancel(k->t->fw->loop, &k->timer);
	buf_release(&k->to_local);
	*k->self = k->next;
	if (k->next != NULL)
		k->next->self = k->self;
	k->t->fw->nlinks--;
	free(k);
}

/* Ends k so that its client sees a reset rather than a regular end. */
static void
cut(struct link *k, const char *why)
{
	const struct linger now = { .l_onoff = 1 };

	if (why != NULL)
		tool_warn("%s: %s", k->t->text, why);
	setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	link_free(k);
}

static void
on_end(void *arg)
{
	struct link *k = arg;

	k->timer = NULL;
	link_free(k);
}

/* After the local end: over when nothing comes for a while. */
static void
linger(struct link *k)
{
	loop_timer_cancel(k->t->fw->loop, &k->timer);
	k->timer = loop_timer(k->t->fw->loop, LINGER_MS, on_end, k, NULL);
}

/* Writes what is there: 1 when k is gone. */
static int
flush_local(struct link *k)
{
	ssize_t n;

	while (k->to_local.len > 0) {
		n = send(
		    k->fd, k->to_local.data, k->to_local.len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			break;
		if (n == -1) {
			link_free(k);
			return 1;
		}
		buf_eat(&k->to_local, (size_t)n);
	}
	if (k->over && k->to_local.len == 0) {
		link_free(k);
		return 1;
	}
	if (k->ws != NULL && !k->over)
		ws_pause(k->ws, k->to_local.len > HIGH);
	return 0;
}

/* Reads and sends on: 1 when k is gone. */
static int
read_local(struct link *k)
{
	unsigned char message[1 + CHUNK];
	ssize_t n;

	while (!k->done && ws_queued(k->ws) < HIGH) {
		n = recv(k->fd, message + 1, CHUNK, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n == -1) {
			link_free(k);
			return 1;
		}
		if (n == 0) {
			k->done = 1;
			linger(k);
			return 0;
		}
		message[0] = CHANNEL_DATA;
		k->carried = 1;
		if (ws_send(k->ws, message, (size_t)n + 1) != 0) {
			cut(k, "connection lost");
			return 1;
		}
	}
	return 0;
}

static void
on_local(void *arg, int fd, uint32_t events)
{
	struct link *k = arg;

	(void)fd;
	if (events & EPOLLERR) {
		link_free(k);
		return;
	}
	if (flush_local(k))
		return;
	if (k->open && !k->over && read_local(k))
		return;
	watch(k);
}

static void
watch(struct link *k)
{
	uint32_t events = 0;

	if (k->open && !k->over && !k->done && ws_queued(k->ws) < HIGH)
		events |= EPOLLIN;
	if (k->to_local.len > 0)
		events |= EPOLLOUT;
	if (loop_fd(k->t->fw->loop, k->fd, events, on_local, k, NULL) != 0)
		cut(k, "out of memory");
}

static void
on_open(void *arg)
{
	struct link *k = arg;

	k->open = 1;
	loop_timer_cancel(k->t->fw->loop, &k->timer);
	watch(k);
}

static void
on_message(void *arg, const unsigned char *p, size_t n)
{
	struct link *k = arg;
	char why[1100];

	if (n == 0 || p[0] >= CHANNELS)
		return;
	if (!k->begun[p[0]]) {
		k->begun[p[0]] = 1;
		return;
	}
	if (p[0] == CHANNEL_ERROR) {
		snprintf(why, sizeof(why), "%.*s", (int)(n - 1),
		    (const char *)p + 1);
		cut(k, why);
		return;
	}
	k->carried = 1;
	if (buf_add(&k->to_local, p + 1, n - 1) != 0) {
		cut(k, "out of memory");
		return;
	}
	if (k->done)
		linger(k);
	if (!flush_local(k))
		watch(k);
}

static void
on_room(void *arg)
{
	struct link *k = arg;

	if (!k->over)
		watch(k);
}

/* A timer is gone when it fires: attempt must not cancel it. */
static void
on_late(void *arg)
{
	struct link *k = arg;

	k->timer = NULL;
	attempt(k);
}

static void
on_close(void *arg, int status, const char *why)
{
	struct link *k = arg;

	kube_ws_refused(k->t->fw->kube, status);
	if (!k->open && !k->carried) {
		snprintf(k->t->why, sizeof(k->t->why), "%s",
		    why != NULL ? why : "closed");
		ws_close(k->ws);
		k->ws = NULL;
		k->timer =
		    loop_timer(k->t->fw->loop, AGAIN_MS, on_late, k, NULL);
		return;
	}
	/* who has finished need not be told that there may have been more */
	if (why != NULL && !k->done) {
		cut(k, why);
		return;
	}
	k->over = 1;
	if (!flush_local(k))
		watch(k);
}

static int
open_ws(struct link *k, const char *pod, int port, struct fault *f)
{
	const struct ws_request rq = { .subprotocol = PROTOCOL,
		.timeout_ms = k->give_up - clock_ms(),
		.on_open = on_open,
		.on_message = on_message,
		.on_room = on_room,
		.on_close = on_close,
		.arg = k };
	struct buf path;

	buf_init(&path, 4096);
	buf_adds(&path, "/api/v1/namespaces/");
	http_escape(&path, k->t->fw->ns, strlen(k->t->fw->ns), 0);
	buf_adds(&path, "/pods/");
	http_escape(&path, pod, strlen(pod), 0);
	buf_addf(&path, "/portforward?ports=%d", port);
	if (buf_check(&path, "path", f) == 0)
		k->ws = kube_ws_open(k->t->fw->kube, buf_str(&path), &rq, f);
	buf_release(&path);
	return k->ws != NULL ? 0 : -1;
}

/* Looks for a pod and opens the way to it; waits when there is none yet. */
static void
attempt(void *arg)
{
	struct link *k = arg;
	struct fault f = { 0 };
	double left = k->give_up - clock_ms();
	char pod[256];
	int port, found;

	loop_timer_cancel(k->t->fw->loop, &k->timer);
	/* also when it is too late: it says what is missing */
	found = target_pod(k->t, pod, sizeof(pod), &port) == 0;
	if (left <= 0) {
		cut(k, k->t->why[0] != '\0' ? k->t->why : "no pod in time");
		return;
	}
	if (!found)
		/* link_wake comes sooner */
		k->timer =
		    loop_timer(k->t->fw->loop, left + 1, on_late, k, NULL);
	else if (open_ws(k, pod, port, &f) != 0)
		cut(k, f.msg);
}

void
link_wake(struct target *t)
{
	struct link *k, *next;

	for (k = t->links; k != NULL; k = next) {
		next = k->next;
		if (k->ws == NULL && !k->over)
			attempt(k);
	}
}

void
link_new(struct target *t, int fd)
{
	struct link *k = calloc(1, sizeof(*k));
	int on = 1;

	if (k == NULL) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	k->t = t;
	k->fd = fd;
	k->give_up = clock_ms() + t->fw->patience_ms;
	buf_init(&k->to_local, 8 << 20);
	k->next = t->links;
	k->self = &t->links;
	if (k->next != NULL)
		k->next->self = &k->next;
	t->links = k;
	t->fw->nlinks++;
	attempt(k);
}
