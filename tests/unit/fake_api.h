/*
 * An HTTP server in the loop of the test, which answers from a function of
 * the test: enough to be an API server that misbehaves on demand.
 */
#ifndef FAKE_API_H
#define FAKE_API_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/loop.h"

struct fake_request {
	int fd;
	char method[16], path[2000];
	const char *head, *body; /* the whole request; its body */
};

static struct loop *fake_loop;
static void (*fake_answer)(const struct fake_request *rq);
static int fake_listener, fake_port, fake_connections;

/* Raw bytes to a connection, for streams. */
__attribute__((unused)) static void
fake_send(int fd, const char *s)
{
	if (send(fd, s, strlen(s), MSG_NOSIGNAL) < 0)
		printf("# fake server: send failed\n");
}

/* A piece of a chunked body. */
__attribute__((unused)) static void
fake_chunk(int fd, const char *s)
{
	char size[20];

	snprintf(size, sizeof(size), "%zx\r\n", strlen(s));
	fake_send(fd, size);
	fake_send(fd, s);
	fake_send(fd, "\r\n");
}

__attribute__((unused)) static void
fake_stream(int fd)
{
	fake_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
		      "Content-Type: application/json\r\n\r\n");
}

/* A whole response; extra is further header lines, or "". */
__attribute__((unused)) static void
fake_reply(int fd, int status, const char *extra, const char *body)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_addf(&b,
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
	    "%sContent-Length: %zu\r\n\r\n%s",
	    status, extra, strlen(body), body);
	fake_send(fd, buf_str(&b));
	buf_release(&b);
}

/* Ends a connection as a dying server would. */
__attribute__((unused)) static void
fake_close(int fd)
{
	loop_fd_drop(fake_loop, fd);
	close(fd);
}

static void
fake_on_request(void *arg, int fd, uint32_t events)
{
	static char head[100000];
	struct fake_request rq = { .fd = fd, .head = head };
	ssize_t n = recv(fd, head, sizeof(head) - 1, 0);
	size_t want = 0, have;
	char *end, *p;

	(void)arg;
	(void)events;
	if (n <= 0) {
		fake_close(fd);
		return;
	}
	have = (size_t)n;
	head[have] = '\0';
	end = strstr(head, "\r\n\r\n");
	if (end == NULL)
		return;
	p = strcasestr(head, "content-length:");
	if (p != NULL && p < end)
		want = strtoul(p + 15, NULL, 10);
	/* a test's body is small: the rest is under way */
	while ((size_t)(head + have - end - 4) < want &&
	       (n = recv(fd, head + have, sizeof(head) - 1 - have, 0)) > 0) {
		have += (size_t)n;
		head[have] = '\0';
	}
	rq.body = end + 4;
	if (sscanf(head, "%15s %1999s", rq.method, rq.path) == 2)
		fake_answer(&rq);
}

static void
fake_on_connect(void *arg, int fd, uint32_t events)
{
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)arg;
	(void)events;
	fake_connections++;
	if (c != -1)
		loop_fd(fake_loop, c, EPOLLIN, fake_on_request, NULL, NULL);
}

/* Starts it; exits when that cannot be done. */
static void
fake_start(struct loop *l, void (*answer)(const struct fake_request *rq))
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	fake_loop = l;
	fake_answer = answer;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fake_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake_listener == -1 || bind(fake_listener, (void *)&a, n) != 0 ||
	    listen(fake_listener, 50) != 0 ||
	    getsockname(fake_listener, (void *)&a, &n) != 0 ||
	    loop_fd(l, fake_listener, EPOLLIN, fake_on_connect, NULL, NULL) !=
		0) {
		printf("Bail out! no server\n");
		exit(1);
	}
	fake_port = ntohs(a.sin_port);
}

#endif
