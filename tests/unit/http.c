/*
 * The HTTP client against a server in the same loop: bodies, headers, limits,
 * streams, keep-alive, cancelling from callbacks, waiting within callbacks.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/http.h"
#include "tap.h"

static struct loop *l;
static struct http *h;
static int server, port, accepted, answered;
static char request[70000]; /* as the server last saw it */

struct got {
	int done, status, refused, unsent, timed_out, resent, pieces;
	char body[200], headers[400], error[200];
	size_t bytes;
	struct http_timing t;
};

static int fickle; /* how often it was asked */

static void
say(int fd, const char *s)
{
	if (write(fd, s, strlen(s)) < 0)
		printf("# server: write failed\n");
}

static void
answer(int fd, const char *path)
{
	char line[100];
	int i;

	if (strncmp(path, "/chunks ", 8) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			"3\r\nabc\r\n");
		usleep(20000);
		say(fd, "3\r\ndef\r\n0\r\n\r\n");
	} else if (strncmp(path, "/big ", 5) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
		memset(line, '0', sizeof(line));
		for (i = 0; i < 1000; i++)
			if (write(fd, line, sizeof(line)) < 0)
				break;
	} else if (strncmp(path, "/stall ", 7) == 0) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
	} else if (strncmp(path, "/silent ", 8) == 0) {
		return;
	} else if (strncmp(path, "/close ", 7) == 0) {
		shutdown(fd, SHUT_RDWR);
	} else if (strncmp(path, "/quit ", 6) == 0) {
		loop_fd_drop(l, server);
		close(server);
		shutdown(fd, SHUT_RDWR);
	} else if (strncmp(path, "/fickle ", 8) == 0 && fickle++ == 0) {
		shutdown(fd, SHUT_RDWR);
	} else if (strncmp(path, "/away ", 6) == 0) {
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /here\r\n"
			"Content-Length: 0\r\nX-First: 1\r\n\r\n");
	} else if (strncmp(path, "/none ", 6) == 0) {
		say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n"
			"gone");
	} else {
		snprintf(line, sizeof(line),
		    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Conn: %d\r\n"
		    "\r\nhello",
		    accepted);
		say(fd, line);
	}
}

static void
on_request(void *arg, int fd, uint32_t events)
{
	size_t n = strlen(request), want = 0;
	char *end, *p;
	ssize_t r;

	(void)arg;
	(void)events;
	if (answered)
		n = 0; /* the next request */
	r = read(fd, request + n, sizeof(request) - 1 - n);
	if (r <= 0) {
		loop_fd_drop(l, fd);
		close(fd);
		return;
	}
	request[n + (size_t)r] = '\0';
	answered = 0;
	end = strstr(request, "\r\n\r\n");
	p = strcasestr(request, "content-length:");
	if (p != NULL)
		want = strtoul(p + 15, NULL, 10);
	if (end != NULL && strlen(end + 4) >= want) {
		answered = 1;
		answer(fd, strchr(request, ' ') + 1);
	}
}

static void
on_connect(void *arg, int fd, uint32_t events)
{
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)arg;
	(void)events;
	accepted++;
	if (c != -1)
		loop_fd(l, c, EPOLLIN, on_request, NULL, NULL);
}

static void
serve(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server == -1 || bind(server, (void *)&a, n) != 0 ||
	    listen(server, 50) != 0 ||
	    getsockname(server, (void *)&a, &n) != 0 ||
	    loop_fd(l, server, EPOLLIN, on_connect, NULL, NULL) != 0)
		exit(1);
	port = ntohs(a.sin_port);
}

static void
on_done(void *arg, const struct http_result *r)
{
	struct got *g = arg;

	g->done++;
	g->status = r->status;
	g->refused = r->refused;
	g->unsent = r->unsent;
	g->timed_out = r->timed_out;
	g->resent = r->resent;
	g->bytes = r->bytes;
	g->t = r->timing;
	snprintf(g->headers, sizeof(g->headers), "%s", buf_str(r->headers));
	snprintf(
	    g->error, sizeof(g->error), "%s", r->error != NULL ? r->error : "");
	if (r->body->len > 0)
		snprintf(g->body, sizeof(g->body), "%s", buf_str(r->body));
}

static int
on_piece(void *arg, int status, const char *p, size_t n)
{
	struct got *g = arg;
	size_t len = strlen(g->body);

	g->pieces++;
	g->status = status;
	if (len + n < sizeof(g->body))
		memcpy(g->body + len, p, n);
	return 0;
}

static struct http_call *
begin(struct http_request *rq, const char *path, struct got *g)
{
	char url[100];

	request[0] = '\0';
	memset(g, 0, sizeof(*g));
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
	rq->url = url;
	if (rq->done == NULL)
		rq->done = on_done;
	rq->arg = g;
	return http_start(h, rq, NULL);
}

static void
get(struct http_request rq, const char *path, struct got *g)
{
	if (begin(&rq, path, g) == NULL)
		return;
	while (!g->done && loop_once(l, 5000, NULL) == 0)
		;
}

static void
test_plain(void)
{
	struct http_request rq = { 0 };
	struct http_result r = { 0 };
	struct buf headers;
	struct got g;
	char v[10];

	get(rq, "/", &g);
	tap_ok(g.status == 200 && g.bytes == 5, "a response");
	tap_str(g.body, "hello", "its body");
	tap_ok(strstr(g.headers, "x-conn: 1\n") != NULL,
	    "header names are in lower case");
	tap_ok(g.t.connect > 0 && g.t.ttfb > 0 && g.t.total >= g.t.ttfb,
	    "timings of a new connection");
	tap_ok(strcasestr(request, "\nExpect:") == NULL &&
		   strcasestr(request, "\nContent-Type:") == NULL,
	    "no headers that nobody asked for");
	get(rq, "/", &g);
	tap_ok(accepted == 1 && g.t.connect == 0, "the connection is kept");
	rq.fresh = 1;
	get(rq, "/", &g);
	tap_ok(accepted == 2 && g.t.connect > 0, "fresh makes its own");
	rq.fresh = 0;
	get(rq, "/none", &g);
	tap_ok(g.status == 404 && g.error[0] == '\0', "404 is an answer");
	get(rq, "/away", &g);
	tap_ok(g.status == 302, "redirects are not followed");
	rq.follow = 2;
	get(rq, "/away", &g);
	tap_ok(g.status == 200 && strstr(g.headers, "x-first") == NULL,
	    "unless asked for; headers are the last response's");
	buf_init(&headers, 100);
	buf_adds(&headers, "a: 1\nretry-after: 17\n");
	r.headers = &headers;
	tap_ok(http_header(&r, "retry-after", v, sizeof(v)) == 1 &&
		   strcmp(v, "17") == 0 &&
		   http_header(&r, "retry", v, sizeof(v)) == 0,
	    "http_header");
	buf_clear(&headers);
	http_escape(&headers, "a/b c~%", 7, 0);
	buf_addc(&headers, ' ');
	http_escape(&headers, "a/b+", 4, 1);
	tap_str(buf_str(&headers), "a%2Fb%20c~%25 a/b%2B", "http_escape");
	buf_release(&headers);
}

static void
test_sending(void)
{
	const char *lines[] = { "X-A: 1", "X-Empty:", NULL };
	const char *bad[] = { "X-A: 1\r\nX-B: 2", NULL };
	struct http_request rq = { .method = "PATCH",
		.body = "some body",
		.body_len = 9,
		.headers = lines };
	struct fault f = { 0 };
	FILE *file = tmpfile();
	struct got g;

	get(rq, "/", &g);
	tap_ok(strncmp(request, "PATCH / ", 8) == 0 &&
		   strstr(request, "\r\n\r\nsome body") != NULL,
	    "method and body");
	tap_ok(strstr(request, "\nX-A: 1\r") != NULL &&
		   strstr(request, "\nX-Empty:\r") != NULL,
	    "headers, also an empty one");
	rq = (struct http_request){ .method = "POST" };
	get(rq, "/", &g);
	tap_ok(strstr(request, "\nContent-Length: 0\r") != NULL &&
		   strcasestr(request, "form-urlencoded") == NULL,
	    "POST without a body");
	rq.userpwd_bearer = "t0k";
	get(rq, "/", &g);
	tap_ok(strstr(request, "\nAuthorization: Bearer t0k\r") != NULL,
	    "bearer token");
	if (file == NULL || fputs("from a file", file) < 0 || fflush(file) != 0)
		exit(1);
	rq = (struct http_request){
		.method = "PUT", .body_fd = fileno(file), .body_len = 11
	};
	get(rq, "/", &g);
	tap_ok(strncmp(request, "PUT ", 4) == 0 &&
		   strstr(request, "\r\n\r\nfrom a file") != NULL,
	    "a body from a file");
	fclose(file);
	rq = (struct http_request){ .headers = bad };
	rq.url = "http://127.0.0.1/";
	tap_ok(http_start(h, &rq, &f) == NULL && f.code == FAULT_INPUT,
	    "a header with a line end is refused");
}

/* A kept connection that is closed when the next request comes. */
static void
test_resent(void)
{
	struct http_request rq = { .method = "POST" };
	struct got g;

	get(rq, "/", &g);
	tap_ok(g.status == 200 && !g.resent, "sent once");
	fickle = 0;
	get(rq, "/fickle", &g);
	tap_ok(g.status == 200 && g.resent && fickle == 2,
	    "what was sent again is marked so");
	rq.once = 1;
	fickle = 0;
	get(rq, "/fickle", &g);
	tap_ok(g.status == 0 && g.refused && g.resent && fickle == 1,
	    "and can be forbidden");
	tap_str(g.error, "connection closed without an answer", "with why");
	get(rq, "/", &g);
	rq.once = 0;
	get(rq, "/quit", &g);
	tap_ok(g.status == 0 && g.refused && !g.unsent,
	    "what was sent before its server went is not called unsent");
	get(rq, "/", &g);
	tap_ok(g.refused && g.unsent, "what came too late is");
	serve();
}

static void
test_limits(void)
{
	struct http_request rq = { .max_body = 1000 };
	struct got g;
	int was = port;

	get(rq, "/big", &g);
	tap_str(g.error, "body larger than 1000 bytes", "body limit");
	tap_ok(g.status == 200, "the status is known all the same");
	rq.max_body = 0;
	get(rq, "/big", &g);
	tap_ok(g.bytes == 100000 && g.error[0] == '\0', "a larger one");
	rq.idle_timeout_ms = 50;
	get(rq, "/stall", &g);
	tap_ok(g.timed_out, "idle timeout");
	tap_str(g.error, "nothing received for 50 ms", "says so");
	rq.idle_timeout_ms = 0;
	rq.timeout_ms = 50;
	get(rq, "/silent", &g);
	tap_ok(g.timed_out && g.status == 0, "timeout");
	tap_str(g.error, "no answer within 50 ms", "says so");
	get(rq, "/close", &g);
	tap_ok(g.refused && g.status == 0, "a lost connection may be retried");
	port = 1;
	get(rq, "/", &g);
	port = was;
	tap_ok(g.refused, "so may a refused one");
	tap_str(g.error, "cannot connect: Connection refused", "says so");
}

static struct http_call *victim;
static struct got inner;

/* Cancels its own call. */
static int
cancel_self(void *arg, int status, const char *p, size_t n)
{
	struct got *g = arg;

	(void)status;
	(void)p;
	(void)n;
	g->pieces++;
	http_cancel(h, victim);
	return 0;
}

static int
stop_reading(void *arg, int status, const char *p, size_t n)
{
	on_piece(arg, status, p, n);
	return -1;
}

/* Makes another request and waits for it within the callback. */
static int
wait_inside(void *arg, int status, const char *p, size_t n)
{
	struct http_request rq = { 0 };

	on_piece(arg, status, p, n);
	if (!inner.done)
		get(rq, "/", &inner);
	return 0;
}

static int
free_client(void *arg, int status, const char *p, size_t n)
{
	on_piece(arg, status, p, n);
	http_free(h);
	h = NULL;
	return 0;
}

static void
test_streams(void)
{
	struct http_request rq = { .on_data = on_piece };
	struct got g, other;
	double until;

	get(rq, "/chunks", &g);
	tap_str(g.body, "abcdef", "a stream's pieces");
	tap_ok(g.done == 1 && g.pieces >= 1, "and its end, once");
	rq.on_data = stop_reading;
	get(rq, "/big", &g);
	tap_str(g.error, "ended by its reader", "a reader can end it");
	tap_ok(g.pieces == 1, "and is not called again");
	rq.on_data = cancel_self;
	victim = begin(&rq, "/chunks", &g);
	for (until = clock_ms() + 80; clock_ms() < until;)
		loop_once(l, 10, NULL);
	tap_ok(g.pieces == 1 && g.done == 0,
	    "a call can be cancelled from its own callback");
	rq.on_data = wait_inside;
	get(rq, "/big", &g);
	tap_ok(inner.status == 200 && g.bytes == 100000,
	    "a callback may wait for another request");
	rq.on_data = free_client;
	begin(&rq, "/big", &g);
	rq.on_data = NULL;
	begin(&rq, "/silent", &other);
	while (h != NULL && loop_once(l, 1000, NULL) == 0)
		;
	loop_once(l, 10, NULL);
	tap_ok(h == NULL && g.done == 0 && other.done == 0,
	    "a callback may free the client");
}

int
main(void)
{
	struct fault f = { 0 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (http_init(&f) != 0 || (l = loop_new(&f)) == NULL ||
	    (h = http_new(l, NULL, &f)) == NULL) {
		printf("Bail out! %s\n", f.msg);
		return 1;
	}
	serve();
	test_plain();
	test_sending();
	test_resent();
	test_limits();
	test_streams();
	http_free(h);
	loop_free(l);
	close(server);
	return tap_end();
}
