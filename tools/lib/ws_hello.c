/*
 * The handshake: an HTTP/1.1 request for an upgrade, and whether the answer is
 * one to our very key.  libcurl could not do it: it would own the connection.
 */
#include "ws_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "digest.h"

#define WS_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */

int
ws_hello(
    struct buf *out, const struct ws_request *rq, char *key, struct fault *f)
{
	const char *host = strstr(rq->url, "://"), *path;
	unsigned char nonce[16];
	struct buf text;
	int r;

	if (host == NULL)
		return fault_set(f, FAULT_INPUT, "%s: not a URL", rq->url);
	host += 3;
	path = host + strcspn(host, "/");
	if (digest_random(nonce, sizeof(nonce), f) != 0)
		return -1;
	buf_init(&text, 64);
	r = digest_base64(nonce, sizeof(nonce), &text);
	snprintf(key, WS_KEY, "%s", buf_str(&text));
	buf_release(&text);
	if (r != 0)
		return fault_nomem(f);
	buf_addf(out, "GET %s HTTP/1.1\r\nHost: %.*s\r\n",
	    *path != '\0' ? path : "/", (int)(path - host), host);
	buf_addf(out,
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
	    key);
	if (rq->subprotocol != NULL)
		buf_addf(
		    out, "Sec-WebSocket-Protocol: %s\r\n", rq->subprotocol);
	if (rq->bearer != NULL)
		buf_addf(out, "Authorization: Bearer %s\r\n", rq->bearer);
	buf_adds(out, "\r\n");
	return buf_check(out, "handshake", f);
}

/* The value of a header of head, cut to size: 1 found, 0 not. */
static int
header(const struct buf *head, const char *name, char *value, size_t size)
{
	const char *line = buf_str(head), *end;
	size_t n = strlen(name);

	for (; (end = strstr(line, "\r\n")) != NULL; line = end + 2) {
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " \t");
		snprintf(value, size, "%.*s", (int)(end - line), line);
		value[strcspn(value, " \t")] = '\0';
		return 1;
	}
	return 0;
}

/* 1 when the server has answered to our key. */
static int
accepted(const struct buf *head, const char *key)
{
	unsigned char sum[DIGEST_SHA1];
	char want[sizeof(WS_GUID) + WS_KEY], got[64];
	struct buf text;
	int r;

	snprintf(want, sizeof(want), "%s" WS_GUID, key);
	if (!header(head, "sec-websocket-accept", got, sizeof(got)) ||
	    digest_sha1(want, strlen(want), sum, NULL) != 0)
		return 0;
	buf_init(&text, 64);
	r = digest_base64(sum, sizeof(sum), &text) == 0 &&
	    strcmp(buf_str(&text), got) == 0;
	buf_release(&text);
	return r;
}

int
ws_hello_check(const struct buf *head, const char *key, const char *subprotocol,
    int *status, struct fault *f)
{
	const char *s = buf_str(head);
	char value[128];

	*status = 0;
	if (strncmp(s, "HTTP/1.1 ", 9) != 0)
		return fault_set(f, FAULT_UNSURE, "no HTTP/1.1 answer");
	*status = (int)strtol(s + 9, NULL, 10);
	if (*status != 101)
		return fault_set(f, FAULT_UNSURE, "HTTP status %.*s",
		    (int)strcspn(s + 9, "\r"), s + 9);
	if (!accepted(head, key))
		return fault_set(
		    f, FAULT_UNSURE, "the answer is to another handshake");
	if (subprotocol != NULL &&
	    (!header(head, "sec-websocket-protocol", value, sizeof(value)) ||
		strcmp(value, subprotocol) != 0))
		return fault_set(f, FAULT_UNSURE,
		    "the server does not speak %s", subprotocol);
	return 0;
}
