/*
 * A connection's life: connect (lib/http), handshake, then frames by wslay,
 * which neither reads nor writes by itself: it asks for bytes and we have
 * them from libcurl.  Callbacks of the user never run inside wslay's own,
 * but for on_message; a close within one is carried out when that returned.
 */
#include "ws.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "ws_impl.h"

#define WS_OPEN_MS 30000
#define WS_LEFT_MS 5000.0  /* for a pause after the peer has left */
#define WS_PIECE 4096      /* bytes of payload that go with a header */
#define WS_READ (16 << 10) /* bytes asked for at once while opening */

static const char lost[] = "connection lost";

static void turn(struct ws *w);

static void
release(struct ws *w)
{
	if (w->fd != -1)
		loop_fd_drop(w->loop, w->fd);
	loop_timer_cancel(w->loop, &w->timer);
	loop_timer_cancel(w->loop, &w->left);
	http_cancel(w->http, w->call);
	if (w->frames != NULL)
		wslay_event_context_free(w->frames);
	if (w->out.data != NULL) /* has the token */
		explicit_bzero(w->out.data, w->out.len);
	buf_release(&w->out);
	buf_release(&w->in);
	free((char *)w->rq.subprotocol);
	free(w);
}

/* Tells the end, once. */
static void
end(struct ws *w, int status, const char *why)
{
	if (w->ended || w->doomed)
		return;
	w->ended = 1;
	loop_timer_cancel(w->loop, &w->timer);
	loop_timer_cancel(w->loop, &w->left);
	if (w->fd != -1)
		loop_fd_drop(w->loop, w->fd);
	w->fd = -1; /* whose it is may watch it from now on */
	w->rq.on_close(w->rq.arg, status, why);
}

static ssize_t
client_recv(void *io, void *p, size_t n)
{
	return http_raw_recv(io, p, n);
}

static ssize_t
client_send(void *io, const void *p, size_t n)
{
	return http_raw_send(io, p, n);
}

ssize_t
ws_take_bytes(
    wslay_event_context_ptr ctx, uint8_t *p, size_t n, int flags, void *arg)
{
	struct ws *w = arg;
	ssize_t got;

	(void)flags;
	if (w->in.len > 0) {
		n = n < w->in.len ? n : w->in.len;
		memcpy(p, w->in.data, n);
		buf_eat(&w->in, n);
		return (ssize_t)n;
	}
	got = w->paused || w->doomed ? -1 : w->recv(w->io, p, n);
	if (got > 0)
		return got;
	if (w->paused || w->doomed || (got == -1 && errno == EAGAIN)) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	w->lost = 1;
	wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

/*
 * A header goes with its payload: as a packet of its own it tells a proxy that
 * the other side has closed, and with the payload's failure an API server drops
 * what it had to say about that.
 */
ssize_t
ws_give_bytes(wslay_event_context_ptr ctx, const uint8_t *p, size_t n,
    int flags, void *arg)
{
	unsigned char both[WS_HEAD + WS_PIECE];
	struct ws *w = arg;
	ssize_t sent;

	if (flags & WSLAY_MSG_MORE && w->head_len + n <= WS_HEAD) {
		memcpy(w->head + w->head_len, p, n);
		w->head_len += n;
		return (ssize_t)n;
	}
	if (w->head_len > 0) {
		n = n < WS_PIECE ? n : WS_PIECE;
		memcpy(both, w->head, w->head_len);
		memcpy(both + w->head_len, p, n);
		sent = w->send(w->io, both, w->head_len + n);
		n = sent > 0 ? (size_t)sent : 0;
		n = n < w->head_len ? n : w->head_len;
		memmove(w->head, w->head + n, w->head_len - n);
		w->head_len -= n;
		sent -= (ssize_t)n;
	} else {
		sent = w->send(w->io, p, n);
	}
	if (sent > 0)
		return sent;
	wslay_event_set_error(ctx, sent == -1 && errno != EAGAIN ?
				       WSLAY_ERR_CALLBACK_FAILURE :
				       WSLAY_ERR_WOULDBLOCK);
	return -1;
}

static int
make_mask(wslay_event_context_ptr ctx, uint8_t *p, size_t n, void *arg)
{
	(void)ctx;
	(void)arg;
	return digest_random(p, n, NULL);
}

static void
on_frames(wslay_event_context_ptr ctx,
    const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct ws *w = arg;

	(void)ctx;
	if (!wslay_is_ctrl_frame(m->opcode) && !w->doomed)
		w->rq.on_message(w->rq.arg, m->msg, m->msg_length);
}

static int
start_frames(struct ws *w)
{
	const struct wslay_event_callbacks callbacks = {
		.recv_callback = ws_take_bytes,
		.send_callback = ws_give_bytes,
		.genmask_callback = make_mask,
		.on_msg_recv_callback = on_frames,
	};

	if (wslay_event_context_client_init(&w->frames, &callbacks, w) != 0)
		return -1;
	wslay_event_config_set_max_recv_msg_length(
	    w->frames, w->rq.max_message > 0 ? w->rq.max_message : 1 << 20);
	return 0;
}

/* Sends the request's rest and reads the answer: 1 open, 0 not yet, -1. */
static int
handshake(struct ws *w, int *status, struct fault *f)
{
	const char *blank;
	char p[WS_READ];
	size_t head = 0;
	ssize_t n;
	int r;

	while (w->out.len > 0) {
		n = http_raw_send(w->call, w->out.data, w->out.len);
		if (n <= 0)
			return n == -1 && errno != EAGAIN ?
				   fault_set(f, FAULT_UNSURE, "%s", lost) :
				   0;
		buf_eat(&w->out, (size_t)n);
	}
	for (;;) {
		blank = strstr(buf_str(&w->in), "\r\n\r\n");
		if (blank != NULL)
			head = (size_t)(blank + 4 - w->in.data);
		if (blank != NULL && ws_hello_whole(&w->in, head))
			break;
		n = http_raw_recv(w->call, p, sizeof(p));
		if (n == -1 && errno == EAGAIN)
			return 0;
		if (n <= 0 && blank != NULL)
			break;
		if (n <= 0)
			return fault_set(f, FAULT_UNSURE, "%s", lost);
		if (buf_add(&w->in, p, (size_t)n) != 0)
			return buf_check(&w->in, "answer", f);
	}
	r = ws_hello_check(&w->in, head, w->key, w->rq.subprotocol, status, f);
	buf_eat(&w->in, head);
	if (r == 0 && start_frames(w) != 0)
		r = fault_nomem(f);
	return r == 0 ? 1 : -1;
}

/* Whoever has left may still have sent much; but we were told to pause. */
static void
on_left(void *arg)
{
	struct ws *w = arg;

	w->left = NULL;
	if (!w->paused)
		return;
	w->busy = 1;
	end(w, 0, lost);
	w->busy = 0;
	if (w->doomed)
		release(w);
}

/* While paused, the end is not read: it is seen here. */
static void
on_fd(void *arg, int fd, uint32_t events)
{
	struct ws *w = arg;

	if (w->paused && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		if (w->left == NULL)
			w->left =
			    loop_timer(w->loop, WS_LEFT_MS, on_left, w, NULL);
		if (events & (EPOLLHUP | EPOLLERR)) {
			loop_fd_drop(w->loop, fd);
			return;
		}
	}
	turn(w);
}

static void
on_again(void *arg)
{
	struct ws *w = arg;

	w->timer = NULL;
	turn(w);
}

int
ws_soon(struct ws *w)
{
	if (w->timer == NULL)
		w->timer = loop_timer(w->loop, 0, on_again, w, NULL);
	return w->timer != NULL ? 0 : -1;
}

/* Waits for what can happen next. */
static void
watch(struct ws *w)
{
	uint32_t events = !w->paused      ? EPOLLIN :
			  w->left == NULL ? EPOLLRDHUP :
					    0;

	if (w->out.len > 0 ||
	    (w->frames != NULL && wslay_event_want_write(w->frames)))
		events |= EPOLLOUT;
	if (loop_fd(w->loop, w->fd, events, on_fd, w, NULL) != 0)
		end(w, 0, "out of memory");
}

/*
 * Nothing can be sent any more.  What the peer said before it left may be why,
 * and is there to be read.
 */
static void
end_unsent(struct ws *w)
{
	if (!w->paused)
		wslay_event_recv(w->frames);
	end(w, 0, wslay_event_get_close_received(w->frames) ? NULL : lost);
}

/* Sends what it can: 1 when w is no more to be used. */
static int
flush(struct ws *w)
{
	size_t had = w->queued;

	if (wslay_event_want_write(w->frames) &&
	    wslay_event_send(w->frames) != 0)
		end_unsent(w);
	else if (!wslay_event_want_write(w->frames))
		w->queued = 0;
	if (had > 0 && w->queued == 0 && w->rq.on_room != NULL && !w->ended)
		w->rq.on_room(w->rq.arg);
	/* a close frame would overtake what is queued */
	if (!w->doomed && !w->ended && w->finishing &&
	    wslay_event_get_write_enabled(w->frames) &&
	    !wslay_event_want_write(w->frames) &&
	    (wslay_event_queue_close(
		 w->frames, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0) != 0 ||
		wslay_event_send(w->frames) != 0))
		end_unsent(w);
	if (!w->doomed && !w->ended && wslay_event_get_close_sent(w->frames))
		end(w, 0,
		    w->finishing || wslay_event_get_close_received(w->frames) ?
			NULL :
			"malformed frames");
	return w->doomed || w->ended;
}

/*
 * Moves frames both ways until neither can.  A server answers a close frame
 * before the end, a client has nobody to tell.  A server that ends without one
 * may have had more to say; a client that leaves has had enough.
 */
static void
move(struct ws *w)
{
	if (flush(w))
		return;
	if (!w->paused && wslay_event_recv(w->frames) != 0 && !w->doomed)
		end(w, 0,
		    !w->lost        ? "malformed frames" :
		    w->call != NULL ? lost :
				      NULL);
	else if (!w->doomed && w->call != NULL &&
		 wslay_event_get_close_received(w->frames))
		end(w, 0, NULL);
	/* a pong, or what on_message has queued */
	if (!w->doomed && !w->ended)
		flush(w);
}

static void
turn(struct ws *w)
{
	struct fault f = { 0 };
	int r, status = 0;

	if (w->busy || w->ended)
		return;
	w->busy = 1;
	if (!w->open) {
		r = handshake(w, &status, &f);
		if (r == -1) {
			end(w, status, f.msg);
		} else if (r == 1) {
			w->open = 1;
			loop_timer_cancel(w->loop, &w->timer);
			w->rq.on_open(w->rq.arg);
		}
	}
	if (w->open && !w->doomed && !w->ended)
		move(w);
	w->busy = 0;
	if (w->doomed)
		release(w);
	else if (!w->ended)
		watch(w);
}

static void
on_connected(void *arg, const struct http_result *r)
{
	struct ws *w = arg;

	if (r->error != NULL) {
		w->call = NULL;
		w->busy = 1;
		end(w, 0, r->error);
		w->busy = 0;
		if (w->doomed)
			release(w);
		return;
	}
	w->fd = http_raw_fd(w->call);
	turn(w);
}

static void
on_late(void *arg)
{
	struct ws *w = arg;

	w->timer = NULL;
	w->busy = 1;
	end(w, 0, "no answer in time");
	w->busy = 0;
	if (w->doomed)
		release(w);
}

struct ws *
ws_open(struct loop *l, struct http *h, const struct ws_request *rq,
    struct fault *f)
{
	double ms = rq->timeout_ms > 0 ? rq->timeout_ms : WS_OPEN_MS;
	struct http_request connect = {
		.url = rq->url, .raw = 1, .timeout_ms = ms, .done = on_connected
	};
	struct ws *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		fault_nomem(f);
		return NULL;
	}
	w->loop = l;
	w->http = h;
	w->fd = -1;
	w->rq = *rq;
	w->rq.subprotocol = NULL;
	buf_init(&w->out, WS_HELLO_MAX);
	buf_init(&w->in, WS_HELLO_MAX + WS_READ);
	connect.arg = w;
	if (rq->subprotocol != NULL &&
	    (w->rq.subprotocol = strdup(rq->subprotocol)) == NULL) {
		fault_nomem(f);
		goto fail;
	}
	if (ws_hello(&w->out, rq, w->key, f) != 0)
		goto fail;
	w->rq.url = w->rq.bearer = NULL;
	w->timer = loop_timer(l, ms, on_late, w, f);
	if (w->timer == NULL)
		goto fail;
	w->call = http_start(h, &connect, f);
	if (w->call == NULL)
		goto fail;
	w->recv = client_recv;
	w->send = client_send;
	w->io = w->call;
	return w;
fail:
	release(w);
	return NULL;
}

int
ws_send(struct ws *w, const void *p, size_t n)
{
	const struct wslay_event_msg m = {
		.opcode = WSLAY_BINARY_FRAME, .msg = p, .msg_length = n
	};

	if (w->frames == NULL || w->ended || w->finishing ||
	    wslay_event_queue_msg(w->frames, &m) != 0)
		return -1;
	w->queued += n;
	/* sent when the caller's turn is over, what it queued together */
	return w->busy ? 0 : ws_soon(w);
}

void
ws_finish(struct ws *w)
{
	if (w->ended || w->finishing || w->frames == NULL)
		return;
	w->finishing = 1;
	if (!w->busy)
		ws_soon(w);
}

size_t
ws_queued(const struct ws *w)
{
	return w->queued;
}

void
ws_pause(struct ws *w, int paused)
{
	if (w->paused == paused)
		return;
	w->paused = paused;
	/* TLS may hold bytes that the descriptor does not tell of */
	if (!w->busy && !w->ended && w->open)
		ws_soon(w);
}

void
ws_close(struct ws *w)
{
	if (w == NULL)
		return;
	w->doomed = 1;
	if (!w->busy)
		release(w);
}
