/*
 * The authorities' certificates, loaded before anything is timed: libcurl does
 * it when the first connection needs them, 25 ms for those of Debian, and all
 * calls under way then seem that slow.  It keeps them, but has no function that
 * loads them: it does when a server answers in a handshake, so one is begun
 * with a socket of ours, whose answer is nonsense.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http_impl.h"

#define WARM_MS 2000 /* for a machine that is very busy */

/* A listening socket on the loopback with its port; -1: there is none. */
static int
listener(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd != -1 && bind(fd, (struct sockaddr *)&a, n) == 0 &&
	    listen(fd, 1) == 0 &&
	    getsockname(fd, (struct sockaddr *)&a, &n) == 0) {
		*port = ntohs(a.sin_port);
		return fd;
	}
	if (fd != -1)
		close(fd);
	return -1;
}

static void
on_done(void *arg, const struct http_result *r)
{
	(void)r;
	*(int *)arg = 1;
}

/* Answers what has come to the server's socket. */
static void
serve(int server, int *client)
{
	char hello[4096];

	if (*client == -1)
		*client =
		    accept4(server, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (*client != -1 && recv(*client, hello, sizeof(hello), 0) > 0)
		(void)!send(*client, "nonsense", 8, MSG_NOSIGNAL);
}

void
http_warm(struct http *h)
{
	double end = clock_ms() + WARM_MS;
	int server, client = -1, done = 0;
	struct http_call *c;
	unsigned port;
	char url[64];

	server = listener(&port);
	if (server == -1)
		return;
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", port);
	c = http_start(h,
	    &(struct http_request){
		.url = url, .raw = 1, .done = on_done, .arg = &done },
	    NULL);
	while (c != NULL && !done && clock_ms() < end) {
		serve(server, &client);
		if (loop_once(h->loop, 1, NULL) != 0)
			break;
	}
	if (c != NULL && !done)
		http_cancel(h, c);
	if (client != -1)
		close(client);
	close(server);
}
