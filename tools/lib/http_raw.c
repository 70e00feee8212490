/*
 * Raw connections: libcurl connects, through proxies and TLS as for any
 * request, and what is spoken then is not its business (CURLOPT_CONNECT_ONLY).
 */
#include <errno.h>
#include <string.h>

#include "http_impl.h"

#define HOLD (32 << 10) /* bytes given to the network at once */

int
http_raw_fd(const struct http_call *c)
{
	curl_socket_t fd = -1;

	curl_easy_getinfo(c->easy, CURLINFO_ACTIVESOCKET, &fd);
	return fd;
}

static ssize_t
outcome(CURLcode code, size_t n)
{
	if (code == CURLE_OK)
		return (ssize_t)n;
	errno = code == CURLE_AGAIN ? EAGAIN : EIO;
	return -1;
}

ssize_t
http_raw_recv(struct http_call *c, void *p, size_t n)
{
	size_t got = 0;
	CURLcode code = curl_easy_recv(c->easy, p, n, &got);

	return outcome(code, got);
}

/*
 * OpenSSL wants what it could not send again from the same place in memory
 * (SSL_write(3)), which callers do not have: it is kept here, where bodies
 * would be collected, and wiped.
 */
ssize_t
http_raw_send(struct http_call *c, const void *p, size_t n)
{
	struct buf *b = &c->body;
	size_t sent = 0;
	CURLcode code;

	if (b->len == 0 && buf_add(b, p, n < HOLD ? n : HOLD) != 0)
		return outcome(CURLE_OUT_OF_MEMORY, 0);
	code = curl_easy_send(c->easy, b->data, b->len, &sent);
	if (code != CURLE_AGAIN) {
		explicit_bzero(b->data, b->len);
		buf_clear(b);
	}
	return outcome(code, sent);
}
