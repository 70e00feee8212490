/*
 * The HTTP server in one process with its client: answers at once and
 * later, streams, bodies, peers that go away, and the end of the server.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/httpd.h"
#include "lib/loop.h"
#include "tap.h"

static struct loop *loop;
static struct httpd *server;
static int port;
static struct httpd_req *later, *stream;
static int gone, freed, opened;
static char seen[256];

static void
on_gone(void *arg, struct httpd_req *rq)
{
	(void)arg;
	(void)rq;
	gone++;
	stream = NULL;
}

static void
on_free(void *p)
{
	free(p);
	freed++;
}

/* Says it again; "." ends it. */
static void
on_bytes(void *arg, int fd, uint32_t events)
{
	char s[64];
	ssize_t n = httpd_recv(arg, s, sizeof s);

	(void)events;
	if (n > 0)
		httpd_send(arg, s, (size_t)n);
	if (n == 0 || (n > 0 && memchr(s, '.', (size_t)n) != NULL)) {
		loop_fd_drop(loop, fd);
		httpd_close(arg);
	}
}

static void
on_opened(void *arg, struct httpd_req *rq, int fd)
{
	(void)arg;
	loop_fd(loop, fd, EPOLLIN, on_bytes, rq, NULL);
	opened = fd;
}

static void
handler(void *arg, struct httpd_req *rq)
{
	const char *path = httpd_path(rq), *q;

	(void)arg;
	if (strcmp(path, "/now") == 0) {
		q = httpd_query(rq, "x");
		snprintf(seen, sizeof seen, "%s %s x=%s y=%s h=%s body=%s",
		    httpd_method(rq), httpd_target(rq), q != NULL ? q : "-",
		    httpd_query(rq, "y") != NULL ? "there" : "-",
		    httpd_header(rq, "x-a") != NULL ? httpd_header(rq, "X-A") :
						      "-",
		    buf_str(httpd_body(rq)));
		httpd_set(rq, malloc(1), on_free);
		httpd_add_header(rq, "X-B", "b");
		httpd_answer(rq, 200, "text/plain", "now", 3);
	} else if (strcmp(path, "/later") == 0)
		later = rq;
	else if (strcmp(path, "/stream") == 0) {
		stream = rq;
		httpd_stream(rq, 200, "text/plain", on_gone, NULL);
	} else if (strcmp(path, "/up") == 0) {
		httpd_set(rq, malloc(1), on_free);
		httpd_add_header(rq, "X-B", "b");
		httpd_upgrade(rq, "echo", on_opened, NULL);
	} else
		httpd_answer(rq, 404, "text/plain", NULL, 0);
}

static int
listen_any(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || bind(fd, (void *)&in, sizeof in) != 0 ||
	    listen(fd, 16) != 0 || getsockname(fd, (void *)&in, &len) != 0)
		return -1;
	port = ntohs(in.sin_port);
	return fd;
}

static int
client(const char *request)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)port);
	if (fd == -1 || connect(fd, (void *)&in, sizeof in) != 0 ||
	    send(fd, request, strlen(request), MSG_NOSIGNAL) !=
		(ssize_t)strlen(request))
		return -1;
	return fd;
}

/* Turns the loop until want arrived on fd (NULL: its end), or 2 s. */
static int
get(int fd, struct buf *b, const char *want)
{
	double end = clock_ms() + 2000;
	char s[4096];
	ssize_t n;

	while (clock_ms() < end) {
		loop_once(loop, 5, NULL);
		n = recv(fd, s, sizeof s, MSG_DONTWAIT);
		if (n > 0)
			buf_add(b, s, (size_t)n);
		if (want != NULL && strstr(buf_str(b), want) != NULL)
			return 1;
		if (n == 0 || (n == -1 && errno != EAGAIN))
			return want == NULL;
	}
	return 0;
}

static void
turn(double ms)
{
	double end = clock_ms() + ms;

	while (clock_ms() < end)
		loop_once(loop, 5, NULL);
}

static void
test_now(struct buf *b)
{
	int fd = client("POST /now?x=a%20b&y HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n"
			"Content-Length: 5\r\n\r\nhello");

	tap_ok(get(fd, b, "\r\n\r\nnow"), "answered at once");
	tap_str(seen, "POST /now?x=a%20b&y x=a b y=there h=1 body=hello",
	    "what was asked");
	tap_ok(strstr(buf_str(b), "X-B: b") != NULL, "header added");
	tap_ok(freed == 1, "data freed");
	buf_clear(b);
	send(fd, "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", 31, MSG_NOSIGNAL);
	tap_ok(get(fd, b, "HTTP/1.1 404"), "second request, same connection");
	close(fd);
	buf_clear(b);
}

static void
test_limits(struct buf *b)
{
	int fd = client("POST /now HTTP/1.1\r\nHost: a\r\n"
			"Content-Length: 500\r\n\r\n");

	tap_ok(get(fd, b, "HTTP/1.1 413"), "announced too large: 413");
	close(fd);
	buf_clear(b);
	fd = client(
	    "POST /now HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
	    "\r\n\r\n46\r\n"
	    "0123456789012345678901234567890123456789012345678901234567890"
	    "123456789\r\n0\r\n\r\n");
	tap_ok(get(fd, b, "HTTP/1.1 413"), "chunked too large: 413");
	close(fd);
	buf_clear(b);
}

static void
test_later(struct buf *b)
{
	int fd = client("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");

	turn(30);
	tap_ok(later != NULL && httpd_busy(server) == 1, "one is waiting");
	tap_ok(recv(fd, seen, 1, MSG_DONTWAIT) == -1, "nothing said yet");
	if (later != NULL)
		httpd_answer(later, 201, "text/plain", "late", 4);
	tap_ok(get(fd, b, "late"), "answered later");
	turn(10);
	tap_ok(httpd_busy(server) == 0, "none is waiting");
	close(fd);
	buf_clear(b);
}

static void
test_stream(struct buf *b)
{
	int fd = client("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	char *big = malloc(300000);
	int i;

	tap_ok(get(fd, b, "\r\n\r\n"), "headers before any data");
	if (stream == NULL || big == NULL)
		exit(1);
	httpd_write(stream, "one\n", 4);
	tap_ok(get(fd, b, "one\n"), "first piece");
	memset(big, 'x', 300000);
	big[299999] = '!';
	for (i = 0; i < 3; i++)
		httpd_write(stream, big, 300000);
	httpd_write(stream, "end\n", 4);
	tap_ok(get(fd, b, "end\n"), "large pieces");
	tap_ok(b->len > 900000, "all of it");
	httpd_end(stream);
	tap_ok(get(fd, b, "\r\n0\r\n\r\n"), "the end of the stream");
	tap_ok(gone == 0, "an end is not a loss");
	close(fd);
	buf_clear(b);
	free(big);
}

static void
test_gone(struct buf *b)
{
	int fd = client("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	char *big = calloc(1, 1 << 20);
	int i, rc = 0;

	get(fd, b, "\r\n\r\n");
	close(fd);
	turn(30);
	tap_ok(gone == 1, "a peer that goes is seen while nothing is said");
	tap_ok(httpd_busy(server) == 0, "its request is gone");
	buf_clear(b);
	fd = client("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	get(fd, b, "\r\n\r\n");
	for (i = 0; i < 18 && rc == 0 && big != NULL; i++)
		rc = httpd_write(stream, big, 1 << 20);
	tap_ok(rc == -1 && i == 17, "a peer that does not read has a limit");
	close(fd);
	turn(30);
	tap_ok(gone == 2, "and goes");
	free(big);
	buf_clear(b);
}

static void
test_long(struct buf *b)
{
	struct buf rq;
	int fd, i, known;

	for (i = 0; i < 2; i++) {
		buf_init(&rq, 100000);
		buf_adds(&rq, "GET /now?x=");
		while (rq.len < (i == 0 ? 6000 : 60000))
			buf_addc(&rq, 'x');
		buf_adds(&rq, " HTTP/1.1\r\nHost: a\r\nX-A: ");
		while (rq.len < (i == 0 ? 12000 : 66000))
			buf_addc(&rq, 'y');
		buf_adds(&rq, "\r\n\r\n");
		fd = client(buf_str(&rq));
		known = get(fd, b, i == 0 ? "HTTP/1.1 200" : "HTTP/1.1 414");
		tap_ok(known, i == 0 ? "12 KB of request line and headers" :
				       "a request line that is too long: 414");
		close(fd);
		turn(30);
		buf_release(&rq);
		buf_clear(b);
	}
}

static int
open_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

/* Several, since the library loses all but the oldest (see on_hangup). */
static void
test_many(struct buf *b)
{
	int fd[8], before = open_files(), i, told = gone;
	size_t memory = mallinfo2().uordblks;

	for (i = 0; i < 8; i++) {
		fd[i] = client("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
		get(fd[i], b, "\r\n\r\n");
		httpd_write(stream, "x\n", 2);
		get(fd[i], b, "x\n");
		buf_clear(b);
	}
	/* a sanitizer's allocator counts nothing */
	tap_ok(mallinfo2().uordblks < memory + 8 * 24576,
	    "a quiet stream takes less than 24 KiB");
	for (i = 0; i < 8; i++)
		close(fd[i]);
	turn(50);
	tap_ok(gone == told + 8, "all of several peers are seen to go");
	tap_ok(open_files() == before, "and their descriptors are closed");
	gone = told;
}

static void
test_upgrade(struct buf *b)
{
	int before = open_files(), was_freed = freed;
	int fd = client("GET /up HTTP/1.1\r\nHost: a\r\n\r\n");

	buf_clear(b);
	tap_ok(get(fd, b, "\r\n\r\n") &&
		   strncmp(buf_str(b), "HTTP/1.1 101 ", 13) == 0 &&
		   strstr(buf_str(b), "Connection: Upgrade\r\n") != NULL &&
		   strstr(buf_str(b), "Upgrade: echo\r\n") != NULL &&
		   strstr(buf_str(b), "X-B: b\r\n") != NULL,
	    "a connection is handed over");
	send(fd, "hello", 5, MSG_NOSIGNAL);
	tap_ok(get(fd, b, "\r\n\r\nhello"), "and speaks as it likes");
	send(fd, "bye.", 4, MSG_NOSIGNAL);
	tap_ok(get(fd, b, "bye."), "to the end");
	tap_ok(get(fd, b, NULL), "which it is told");
	tap_ok(freed == was_freed, "it lives until the peer is gone, too");
	close(fd);
	turn(50);
	tap_ok(freed == was_freed + 1 && httpd_busy(server) == 0 &&
		   open_files() == before,
	    "then nothing of it is left");
	fd = client("GET /up HTTP/1.1\r\nHost: a\r\n\r\n");
	get(fd, b, "\r\n\r\n");
	close(fd);
	turn(50);
	tap_ok(freed == was_freed + 2 && open_files() == before,
	    "nor of one whose peer leaves");
	buf_clear(b);
}

static void
test_end(struct buf *b)
{
	int u = client("GET /up HTTP/1.1\r\nHost: a\r\n\r\n"), was_freed;
	int a = client("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	int c = client("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");

	get(a, b, "\r\n\r\n");
	turn(20);
	was_freed = freed;
	httpd_quiesce(server);
	tap_ok(client("GET /now HTTP/1.1\r\n\r\n") == -1, "quiesced");
	httpd_free(server);
	tap_ok(gone == 3, "a stream is told of the server's end");
	tap_ok(freed == was_freed + 1, "and one that was handed over");
	loop_fd_drop(loop, opened);
	buf_clear(b);
	tap_ok(get(c, b, NULL), "a waiting request is closed");
	close(a);
	close(c);
	close(u);
}

int
main(void)
{
	struct httpd_spec spec = {
		.max_body = 64,
		.idle_ms = 5000,
		.max_connections = 10,
		.handler = handler,
	};
	struct buf b;
	struct fault f;

	buf_init(&b, 4 << 20);
	loop = loop_new(&f);
	spec.listen_fd = listen_any();
	server = loop != NULL ? httpd_new(loop, &spec, &f) : NULL;
	if (server == NULL) {
		printf("Bail out! %s\n", f.msg);
		return 1;
	}
	test_now(&b);
	test_limits(&b);
	test_later(&b);
	test_stream(&b);
	test_gone(&b);
	test_long(&b);
	test_many(&b);
	test_upgrade(&b);
	test_end(&b);
	loop_free(loop);
	buf_release(&b);
	return tap_end();
}
