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
#include "json.h"

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

/* The value of a header of the answer, cut to size: 1 found, 0 not. */
static int
header(const struct buf *in, const char *name, char *value, size_t size)
{
	const char *line = buf_str(in), *end;
	size_t n = strlen(name);

	for (; (end = strstr(line, "\r\n")) != NULL && end != line;
	     line = end + 2) {
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

int
ws_accept_text(const char *key, char out[WS_ACCEPT])
{
	unsigned char sum[DIGEST_SHA1];
	char text[sizeof(WS_GUID) + WS_KEY];
	struct buf b;
	int r;

	snprintf(text, sizeof(text), "%s" WS_GUID, key);
	if (digest_sha1(text, strlen(text), sum, NULL) != 0)
		return -1;
	buf_init(&b, 64);
	r = digest_base64(sum, sizeof(sum), &b);
	snprintf(out, WS_ACCEPT, "%s", buf_str(&b));
	buf_release(&b);
	return r;
}

static int
status_of(const struct buf *in)
{
	const char *s = buf_str(in);

	return strncmp(s, "HTTP/1.1 ", 9) == 0 ? (int)strtol(s + 9, NULL, 10) :
						 0;
}

int
ws_hello_whole(const struct buf *in, size_t n)
{
	char value[32];

	/* without a length the body has no end to wait for */
	if (status_of(in) == 101 ||
	    !header(in, "content-length", value, sizeof(value)))
		return 1;
	return in->len - n >= strtoull(value, NULL, 10);
}

/* Why the server refuses, in its own words or by the status line. */
static int
refused(const struct buf *in, size_t n, struct fault *f)
{
	cJSON *body = json_parse(in->data + n, in->len - n, NULL);
	const char *why = json_str(body, "message", NULL);

	if (why != NULL)
		fault_set(f, FAULT_UNSURE, "%s", why);
	else
		fault_set(f, FAULT_UNSURE, "HTTP status %.*s",
		    (int)strcspn(in->data + 9, "\r"), in->data + 9);
	cJSON_Delete(body);
	return -1;
}

/* 1 when the server has answered to our key. */
static int
accepted(const struct buf *in, const char *key)
{
	char want[WS_ACCEPT], got[64];

	return header(in, "sec-websocket-accept", got, sizeof(got)) &&
	       ws_accept_text(key, want) == 0 && strcmp(want, got) == 0;
}

int
ws_hello_check(const struct buf *in, size_t n, const char *key,
    const char *subprotocol, int *status, struct fault *f)
{
	char value[128];

	*status = status_of(in);
	if (*status == 0)
		return fault_set(f, FAULT_UNSURE, "no HTTP/1.1 answer");
	if (*status != 101)
		return refused(in, n, f);
	if (!accepted(in, key))
		return fault_set(
		    f, FAULT_UNSURE, "the answer is to another handshake");
	if (subprotocol != NULL &&
	    (!header(in, "sec-websocket-protocol", value, sizeof(value)) ||
		strcmp(value, subprotocol) != 0))
		return fault_set(f, FAULT_UNSURE,
		    "the server does not speak %s", subprotocol);
	return 0;
}
