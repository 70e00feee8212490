/*
 * The server's side of a WebSocket: its answer to a key, and messages in
 * pieces, so that a peer's large ones cost no memory.  Life and sending are
 * ws.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "ws_impl.h"

int
ws_accept_key(const char *key, char out[WS_ACCEPT])
{
	struct buf b;
	int bad;

	if (strlen(key) != WS_KEY - 1)
		return -1;
	buf_init(&b, WS_KEY);
	bad = digest_unbase64(key, strlen(key), &b, NULL) != 0 || b.len != 16;
	buf_release(&b);
	return bad ? -1 : ws_accept_text(key, out);
}

static void
on_start(wslay_event_context_ptr ctx,
    const struct wslay_event_on_frame_recv_start_arg *a, void *arg)
{
	struct ws *w = arg;

	(void)ctx;
	w->in_data = !wslay_is_ctrl_frame(a->opcode);
	if (w->in_data && a->opcode != WSLAY_CONTINUATION_FRAME)
		w->begins = 1;
}

static void
on_chunk(wslay_event_context_ptr ctx,
    const struct wslay_event_on_frame_recv_chunk_arg *a, void *arg)
{
	struct ws *w = arg;
	int begins = w->begins;

	(void)ctx;
	if (!w->in_data || w->doomed || w->ended || a->data_length == 0)
		return;
	w->begins = 0;
	w->on_piece(w->rq.arg, begins, a->data, a->data_length);
}

struct ws *
ws_accept(struct loop *l, const struct ws_peer *peer, struct fault *f)
{
	const struct wslay_event_callbacks callbacks = {
		.recv_callback = ws_take_bytes,
		.send_callback = ws_give_bytes,
		.on_frame_recv_start_callback = on_start,
		.on_frame_recv_chunk_callback = on_chunk,
	};
	struct ws *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		fault_nomem(f);
		return NULL;
	}
	w->loop = l;
	w->fd = peer->fd;
	w->open = 1;
	w->on_piece = peer->on_piece;
	w->rq.on_room = peer->on_room;
	w->rq.on_close = peer->on_close;
	w->rq.arg = peer->arg;
	w->recv = peer->recv;
	w->send = peer->send;
	w->io = peer->io;
	if (wslay_event_context_server_init(&w->frames, &callbacks, w) == 0) {
		wslay_event_config_set_no_buffering(w->frames, 1);
		if (ws_soon(w) == 0)
			return w;
	}
	fault_nomem(f);
	ws_close(w);
	return NULL;
}
