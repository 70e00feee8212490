/*
 * Carrying connections: see forward.h.  Bytes go through one shared buffer,
 * straight from read to write; only what a slow receiver does not take yet
 * is kept with the connection, and nothing more is read meanwhile.  So an
 * idle connection costs two descriptors and a hundred bytes, where splice(2)
 * would cost six descriptors.
 */
#include "forward.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (64 << 10)      /* bytes moved at once, and kept at most */
#define TURN 8                /* chunks of one direction before others turn */
#define CONNECT_WITHIN 1000.0 /* ms, for each target */
#define KEEPALIVE 15          /* seconds of silence before probes */

/* One end of a connection, and what is to be written to it. */
struct end {
	int fd;         /* -1: none */
	char *pending;  /* not taken yet by fd, or NULL */
	size_t at, len; /* of pending */
	int done;       /* nothing more will be read from fd */
	int shut;       /* nothing more will be written to fd */
};

struct link {
	struct forward *fw;
	struct link *next, **self; /* the list of all */
	struct end client, target;
	struct sockaddr_in targets[FORWARD_TRIES];
	size_t tries, ntargets;
	int connecting;
	struct loop_timer *timer;
};

struct forward {
	struct loop *loop;
	struct link *links;
	size_t n, max;
	char chunk[CHUNK];
};

static void on_end(void *arg, int fd, uint32_t events);

struct forward *
forward_new(struct loop *l, size_t max, struct fault *f)
{
	struct forward *fw = calloc(1, sizeof(*fw));

	if (fw == NULL) {
		fault_nomem(f);
		return NULL;
	}
	fw->loop = l;
	fw->max = max;
	return fw;
}

void
forward_reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void
end_close(struct forward *fw, struct end *e, int reset)
{
	if (e->fd != -1) {
		loop_fd_drop(fw->loop, e->fd);
		if (reset)
			forward_reset(e->fd);
		else
			close(e->fd);
	}
	free(e->pending);
	e->pending = NULL;
	e->fd = -1;
}

/* Ends a connection; both sides see a reset when it was cut. */
static void
link_free(struct link *k, int cut)
{
	loop_timer_cancel(k->fw->loop, &k->timer);
	end_close(k->fw, &k->client, cut);
	end_close(k->fw, &k->target, cut);
	*k->self = k->next;
	if (k->next != NULL)
		k->next->self = k->self;
	k->fw->n--;
	free(k);
}

void
forward_free(struct forward *fw)
{
	if (fw == NULL)
		return;
	while (fw->links != NULL)
		link_free(fw->links, 1);
	free(fw);
}

/* Watches an end for what it can do now: 0 or -1. */
static int
end_watch(struct link *k, struct end *e, const struct end *other)
{
	uint32_t events = 0;

	if (e->done && e->shut) {
		/* its hang-up would be told again and again */
		loop_fd_drop(k->fw->loop, e->fd);
		return 0;
	}
	/* nothing is read that the other end could not take at once */
	if (!e->done && other->pending == NULL && !k->connecting)
		events |= EPOLLIN;
	if (e->pending != NULL || (k->connecting && e == &k->target))
		events |= EPOLLOUT;
	return loop_fd(k->fw->loop, e->fd, events, on_end, k, NULL);
}

static void
tune(int fd)
{
	int on = 1, idle = KEEPALIVE;

	/* what cannot be set costs speed, or a late notice, but no data */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle));
}

static void on_timeout(void *arg);

/* Connects to the next target: 0 under way, -1 when none is left. */
static int
connect_next(struct link *k)
{
	struct forward *fw = k->fw;
	int fd;

	loop_timer_cancel(fw->loop, &k->timer);
	if (k->target.fd != -1)
		end_close(fw, &k->target, 0);
	while (k->tries < k->ntargets) {
		struct sockaddr_in *a = &k->targets[k->tries++];

		fd = socket(
		    AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd == -1)
			return -1;
		tune(fd);
		if (connect(fd, (struct sockaddr *)a, sizeof(*a)) != 0 &&
		    errno != EINPROGRESS) {
			close(fd);
			continue;
		}
		k->target.fd = fd;
		k->connecting = 1;
		k->timer =
		    loop_timer(fw->loop, CONNECT_WITHIN, on_timeout, k, NULL);
		return k->timer == NULL ? -1 :
					  end_watch(k, &k->target, &k->client);
	}
	return -1;
}

static void
on_timeout(void *arg)
{
	struct link *k = arg;

	k->timer = NULL;
	if (connect_next(k) != 0)
		link_free(k, 1);
}

/* Keeps what e did not take: 0 or -1. */
static int
end_keep(struct end *e, const char *p, size_t n)
{
	e->pending = malloc(n);
	if (e->pending == NULL)
		return -1;
	memcpy(e->pending, p, n);
	e->at = 0;
	e->len = n;
	return 0;
}

/* Writes what was kept for e: 0, or -1 when the connection is to be cut. */
static int
end_flush(struct end *e)
{
	ssize_t n;

	while (e->pending != NULL) {
		n = send(
		    e->fd, e->pending + e->at, e->len - e->at, MSG_NOSIGNAL);
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		e->at += (size_t)n;
		if (e->at == e->len) {
			free(e->pending);
			e->pending = NULL;
		}
	}
	return 0;
}

/* Moves what from has to say to to: 0, or -1 when it is to be cut. */
static int
move(struct forward *fw, struct end *from, struct end *to)
{
	ssize_t got, put;
	int turn;

	for (turn = 0; turn < TURN && !from->done && to->pending == NULL;
	     turn++) {
		got = recv(from->fd, fw->chunk, CHUNK, 0);
		if (got == -1)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		if (got == 0) {
			from->done = 1;
			break;
		}
		put = send(to->fd, fw->chunk, (size_t)got, MSG_NOSIGNAL);
		if (put == -1 && errno != EAGAIN && errno != EINTR)
			return -1;
		if (put < 0)
			put = 0;
		if (put < got &&
		    end_keep(to, fw->chunk + put, (size_t)(got - put)) != 0)
			return -1;
	}
	return 0;
}

/* Passes an end of input on, once everything before it has gone. */
static void
pass_end(const struct end *from, struct end *to)
{
	if (from->done && to->pending == NULL && !to->shut) {
		shutdown(to->fd, SHUT_WR);
		to->shut = 1;
	}
}

/* After connect: 0 connected, -1 when no target is left. */
static int
connected(struct link *k)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(k->target.fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		err = errno;
	if (err != 0)
		return connect_next(k);
	loop_timer_cancel(k->fw->loop, &k->timer);
	k->connecting = 0;
	return 0;
}

static void
on_end(void *arg, int fd, uint32_t events)
{
	struct link *k = arg;
	struct end *e = fd == k->client.fd ? &k->client : &k->target;
	struct end *other = e == &k->client ? &k->target : &k->client;
	int cut = 0;

	if (k->connecting) {
		/* a client that gives up meanwhile shows as an error */
		if (e == &k->client)
			cut = (events & (EPOLLERR | EPOLLHUP)) != 0;
		else
			cut = connected(k) != 0;
		if (cut || k->connecting) {
			if (cut)
				link_free(k, 1);
			return;
		}
	} else {
		cut = (events & EPOLLERR) != 0 || end_flush(e) != 0 ||
		      move(k->fw, e, other) != 0;
		/* hung up, and it is not for us to read the rest now */
		cut |=
		    (events & EPOLLHUP) != 0 && e->done && e->pending != NULL;
	}
	if (!cut) {
		pass_end(e, other);
		pass_end(other, e);
	}
	if (cut || (k->client.shut && k->target.shut))
		link_free(k, cut);
	else if (end_watch(k, &k->client, &k->target) != 0 ||
		 end_watch(k, &k->target, &k->client) != 0)
		link_free(k, 1);
}

void
forward_start(
    struct forward *fw, int client, const struct sockaddr_in *targets, size_t n)
{
	struct link *k = fw->n < fw->max ? calloc(1, sizeof(*k)) : NULL;

	if (k == NULL) {
		forward_reset(client);
		return;
	}
	k->fw = fw;
	k->client.fd = client;
	k->target.fd = -1;
	k->ntargets = n < FORWARD_TRIES ? n : FORWARD_TRIES;
	memcpy(k->targets, targets, k->ntargets * sizeof(*targets));
	k->next = fw->links;
	k->self = &fw->links;
	if (k->next != NULL)
		k->next->self = &k->next;
	fw->links = k;
	fw->n++;
	tune(client);
	k->connecting = 1;
	if (end_watch(k, &k->client, &k->target) != 0 || connect_next(k) != 0)
		link_free(k, 1);
}
