/*
 * Raw connections: libcurl connects, through proxies and TLS as for any
 * request, and what is spoken then is not its business (CURLOPT_CONNECT_ONLY).
 */
#include <errno.h>

#include "http_impl.h"

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

ssize_t
http_raw_send(struct http_call *c, const void *p, size_t n)
{
	size_t sent = 0;
	CURLcode code = curl_easy_send(c->easy, p, n, &sent);

	return outcome(code, sent);
}
