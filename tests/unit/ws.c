/*
 * The server's side of a WebSocket over a socket pair, whose other end says
 * and sees bytes: the key, pieces, goodbyes, and what is malformed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/ws.h"
#include "tap.h"

static struct loop *loop;
static struct ws *server;
static int fd[2], closed, rooms;
static char why_closed[64];
static struct buf pieces; /* "[...]" for the first of a message */

static ssize_t
take(void *io, void *p, size_t n)
{
	return recv(*(int *)io, p, n, MSG_DONTWAIT);
}

static ssize_t
give(void *io, const void *p, size_t n)
{
	return send(*(int *)io, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
on_piece(void *arg, int begins, const unsigned char *p, size_t n)
{
	(void)arg;
	buf_adds(&pieces, begins ? "[" : "");
	buf_add(&pieces, p, n);
}

static void
on_room(void *arg)
{
	(void)arg;
	rooms++;
}

static void
on_close(void *arg, int status, const char *why)
{
	(void)arg;
	(void)status;
	closed++;
	snprintf(
	    why_closed, sizeof why_closed, "%s", why != NULL ? why : "regular");
	ws_close(server);
	server = NULL;
}

static void
turn(void)
{
	double end = clock_ms() + 20;

	while (clock_ms() < end)
		loop_once(loop, 2, NULL);
}

static void
start(void)
{
	struct ws_peer peer = { .recv = take,
		.send = give,
		.io = &fd[0],
		.on_piece = on_piece,
		.on_room = on_room,
		.on_close = on_close };
	struct fault f;

	closed = rooms = 0;
	buf_clear(&pieces);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) != 0)
		exit(1);
	peer.fd = fd[0];
	server = ws_accept(loop, &peer, &f);
	if (server == NULL)
		exit(1);
}

static void
stop(void)
{
	ws_close(server);
	server = NULL;
	close(fd[0]);
	close(fd[1]);
}

/* A frame of up to 125 bytes, masked with zeros, from the client. */
static void
say(int first, const char *s, size_t n)
{
	unsigned char frame[6 + 125] = { (unsigned char)first,
		(unsigned char)(0x80 | n) };

	memcpy(frame + 6, s, n);
	if (send(fd[1], frame, 6 + n, 0) != (ssize_t)(6 + n))
		exit(1);
}

static size_t
hear(unsigned char *p, size_t size)
{
	ssize_t n = recv(fd[1], p, size, MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static void
test_key(void)
{
	char out[WS_ACCEPT];

	/* RFC 6455, section 1.3 */
	tap_ok(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", out) == 0, "a key");
	tap_str(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "its answer");
	tap_ok(ws_accept_key("", out) == -1, "no key");
	tap_ok(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ", out) == -1, "short");
	tap_ok(
	    ws_accept_key("!GhlIHNhbXBsZSBub25jZQ==", out) == -1, "not base64");
}

static void
test_pieces(void)
{
	unsigned char p[64];

	start();
	say(0x82, "one", 3);
	say(0x02, "tw", 2);
	say(0x89, "hi", 2);
	say(0x00, "", 0);
	say(0x80, "o", 1);
	say(0x82, "", 0);
	say(0x82, "x", 1);
	turn();
	tap_str(buf_str(&pieces), "[one[two[x", "pieces and their beginnings");
	tap_ok(hear(p, sizeof p) == 4 && memcmp(p, "\x8a\x02hi", 4) == 0,
	    "a ping between them is answered");
	ws_pause(server, 1);
	say(0x82, "later", 5);
	turn();
	tap_str(buf_str(&pieces), "[one[two[x", "nothing while paused");
	ws_pause(server, 0);
	turn();
	tap_str(buf_str(&pieces), "[one[two[x[later", "then what came");
	stop();
}

static void
test_goodbye(void)
{
	static unsigned char p[400000];
	static char big[300000];
	size_t n = 0;
	int i;

	start();
	tap_ok(ws_send(server, big, sizeof big) == 0, "much is queued");
	turn();
	tap_ok(ws_queued(server) > 0 && rooms == 0, "and does not fit");
	ws_finish(server);
	tap_ok(ws_send(server, "x", 1) == -1, "nothing goes behind a goodbye");
	for (i = 0; i < 100 && !closed; i++) {
		turn();
		n += hear(p + n, sizeof p - n);
	}
	n += hear(p + n, sizeof p - n);
	tap_ok(closed == 1 && strcmp(why_closed, "regular") == 0, "closed");
	tap_ok(n == 10 + sizeof big + 4, "all of it came");
	tap_ok(memcmp(p + 10 + sizeof big, "\x88\x02\x03\xe8", 4) == 0,
	    "the goodbye comes last");
	stop();
	start();
	say(0x88, "\x03\xe8", 2);
	turn();
	tap_ok(closed == 1 && hear(p, sizeof p) == 4 &&
		   memcmp(p, "\x88\x02\x03\xe8", 4) == 0,
	    "a client's goodbye is answered");
	stop();
}

static void
test_bad(void)
{
	unsigned char p[64];

	start();
	if (send(fd[1], "\x82\x01x", 3, 0) != 3)
		exit(1);
	turn();
	tap_ok(closed == 1 && strcmp(why_closed, "malformed frames") == 0,
	    "a frame without a mask");
	tap_ok(hear(p, sizeof p) == 4 && memcmp(p, "\x88\x02\x03\xea", 4) == 0,
	    "is answered with 1002");
	tap_ok(pieces.len == 0, "and not heard");
	stop();
	start();
	say(0x82, "all", 3);
	shutdown(fd[1], SHUT_WR);
	turn();
	tap_str(buf_str(&pieces), "[all", "what came before the end");
	tap_ok(closed == 1 && strcmp(why_closed, "regular") == 0, "the end");
	stop();
}

int
main(void)
{
	struct fault f;

	loop = loop_new(&f);
	if (loop == NULL)
		return 1;
	buf_init(&pieces, 4096);
	test_key();
	test_pieces();
	test_goodbye();
	test_bad();
	buf_release(&pieces);
	loop_free(loop);
	return tap_end();
}
