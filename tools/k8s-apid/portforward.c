/*
 * Port-forward at the API server: see portforward.h.  Who may do it and to
 * which pod is decided here, the frames are the kubelet's: once it has agreed
 * to the client's handshake, bytes go through as they are (tunnel.c).
 */
#include "k8s-apid/portforward.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "k8s-apid/kubelet.h"
#include "k8s-apid/tunnel.h"
#include "lib/portforward.h"

#define CONNECT_MS 5000.0
#define ANSWER_MS 10000.0 /* for the kubelet's answer to the handshake */
#define HEAD_MAX 16384    /* bytes of that answer, with a complaint's text */

/* ---- the handshake with the kubelet ---- */

static void
refuse(struct tunnel *t, int code, const char *reason, const char *why)
{
	struct status st = { 0 };

	loop_timer_cancel(t->a->loop, &t->timer);
	if (t->node_fd != -1)
		loop_fd_drop(t->a->loop, t->node_fd);
	t->node_fd = -1;
	status_set(&st, code, reason, "%s", why);
	respond_status(&t->rq, &st);
	status_release(&st);
}

static void
refuse_internal(struct tunnel *t, const char *why)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "Internal error occurred: the node does not answer: %s", why);
	refuse(t, 500, "InternalError", text);
}

/* The value of a header of the kubelet's answer, into out: 1, or 0. */
static int
header(const struct tunnel *t, const char *name, char *out, size_t size)
{
	const char *s = buf_str(&t->head), *end = strstr(s, "\r\n\r\n");
	size_t n = strlen(name);

	while ((s = strstr(s, "\r\n")) != NULL && s < end) {
		s += 2;
		if (strncasecmp(s, name, n) != 0 || s[n] != ':')
			continue;
		s += n + 1;
		s += strspn(s, " ");
		snprintf(out, size, "%.*s", (int)strcspn(s, "\r"), s);
		return 1;
	}
	return 0;
}

/* What the kubelet says instead is the client's to know, as of a log. */
static void
pass_refusal(struct tunnel *t, int code, const char *body)
{
	char text[1024];

	if (code == 400) {
		refuse(t, 400, "BadRequest", body);
		return;
	}
	snprintf(text, sizeof(text),
	    "an error on the server (\"%.900s\") has prevented the request "
	    "from succeeding",
	    body);
	refuse(t, 500, "InternalError", text);
}

/* Agreed: what came behind the answer is the first of the frames. */
static void
open_tunnel(struct tunnel *t, const char *frames)
{
	char value[128];
	size_t head = (size_t)(frames - t->head.data);

	loop_timer_cancel(t->a->loop, &t->timer);
	loop_fd_drop(t->a->loop, t->node_fd);
	if (!header(t, "Sec-WebSocket-Accept", value, sizeof(value))) {
		refuse_internal(t, "no WebSocket");
		return;
	}
	httpd_add_header(t->rq.http, "Sec-WebSocket-Accept", value);
	if (header(t, "Sec-WebSocket-Protocol", value, sizeof(value)))
		httpd_add_header(t->rq.http, "Sec-WebSocket-Protocol", value);
	if (buf_add(&t->to_client.buf, frames, t->head.len - head) != 0) {
		refuse_internal(t, "out of memory");
		return;
	}
	buf_release(&t->head);
	buf_release(&t->ask);
	httpd_upgrade(t->rq.http, "websocket", tunnel_opened, t);
}

/* Judges what has come of the answer: 1 when it was dealt with. */
static int
judge(struct tunnel *t)
{
	const char *blank = strstr(buf_str(&t->head), "\r\n\r\n"), *body;
	char length[32];
	int code;

	if (blank == NULL)
		return 0;
	body = blank + 4;
	code = strncmp(t->head.data, "HTTP/1.1 ", 9) == 0 ?
		   (int)strtol(t->head.data + 9, NULL, 10) :
		   0;
	if (code == 101) {
		open_tunnel(t, body);
		return 1;
	}
	if (header(t, "Content-Length", length, sizeof(length)) &&
	    strlen(body) < strtoul(length, NULL, 10))
		return 0;
	pass_refusal(t, code, body);
	return 1;
}

static void
on_answer(void *arg, int fd, uint32_t events)
{
	struct tunnel *t = arg;
	char p[4096];
	ssize_t n;

	(void)events;
	while (t->ask.len > 0) {
		n = http_raw_send(t->node, t->ask.data, t->ask.len);
		if (n == -1 && errno == EAGAIN)
			return;
		if (n <= 0) {
			refuse_internal(t, "connection lost");
			return;
		}
		buf_eat(&t->ask, (size_t)n);
	}
	while ((n = http_raw_recv(t->node, p, sizeof(p))) > 0) {
		if (buf_add(&t->head, p, (size_t)n) != 0) {
			refuse_internal(t, "a malformed answer");
			return;
		}
		if (judge(t))
			return;
	}
	if (n == 0 || errno != EAGAIN)
		refuse_internal(t, "connection lost");
	else if (loop_fd(t->a->loop, fd, EPOLLIN, on_answer, t, NULL) != 0)
		refuse_internal(t, "out of memory");
}

static void
on_late(void *arg)
{
	struct tunnel *t = arg;

	t->timer = NULL;
	refuse_internal(t, "no answer in time");
}

static void
on_connected(void *arg, const struct http_result *r)
{
	struct tunnel *t = arg;

	if (r->error != NULL) {
		t->node = NULL;
		refuse_internal(t, r->error);
		return;
	}
	t->timer = loop_timer(t->a->loop, ANSWER_MS, on_late, t, NULL);
	t->node_fd = http_raw_fd(t->node);
	if (t->timer == NULL ||
	    loop_fd(t->a->loop, t->node_fd, EPOLLIN | EPOLLOUT, on_answer, t,
		NULL) != 0)
		refuse_internal(t, "out of memory");
}

/*
 * Starts the way to the node; nothing of the client's goes into the request
 * but its key, whose form was checked, and ports.
 */
static int
start(struct request *rq, const char *url, const struct portforward *ports,
    struct status *st)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	struct http_request hr = { .url = url,
		.raw = 1,
		.connect_timeout_ms = CONNECT_MS,
		.done = on_connected,
		.arg = t };
	struct fault f;
	size_t i;

	if (t == NULL)
		return status_nomem(st);
	t->a = rq->a;
	t->rq = *rq;
	t->rq.user = NULL; /* gone when the answer comes */
	t->fd = t->node_fd = -1;
	buf_init(&t->ask, HEAD_MAX);
	buf_init(&t->head, HEAD_MAX + TUNNEL_CHUNK);
	buf_init(&t->to_client.buf, HEAD_MAX + TUNNEL_CHUNK);
	buf_init(&t->to_node.buf, TUNNEL_CHUNK);
	httpd_set(rq->http, t, tunnel_free);
	buf_addf(&t->ask, "GET /portForward/%s/%s", rq->path.ns, rq->path.name);
	for (i = 0; i < ports->n; i++)
		buf_addf(
		    &t->ask, "%s%d", i == 0 ? "?port=" : ",", ports->port[i]);
	buf_addf(&t->ask,
	    " HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s\r\n",
	    strstr(url, "//") + 2,
	    rq->a->kubelet_token != NULL ? rq->a->kubelet_token : "",
	    httpd_header(rq->http, "Sec-WebSocket-Key"),
	    portforward_choose(
		httpd_header(rq->http, "Sec-WebSocket-Protocol")) == 1 ?
		"Sec-WebSocket-Protocol: " PORTFORWARD_PROTOCOL "\r\n" :
		"");
	if (t->ask.failed)
		return status_nomem(st);
	t->node = http_start(rq->a->kubelet, &hr, &f);
	return t->node != NULL ? 0 : status_fault(st, &f);
}

/* ---- the request ---- */

#define SERVED                                                                             \
	"port-forward is served over WebSocket with the subprotocol " PORTFORWARD_PROTOCOL \
	", which k8s-forward speaks"

/* A handshake that can be answered: 0, or -1 with st filled. */
static int
check_handshake(const struct request *rq, struct status *st)
{
	const char *upgrade = httpd_header(rq->http, "Upgrade");
	const char *key = httpd_header(rq->http, "Sec-WebSocket-Key");
	const char *version = httpd_header(rq->http, "Sec-WebSocket-Version");

	if (upgrade == NULL ||
	    !portforward_has(httpd_header(rq->http, "Connection"), "Upgrade"))
		return status_bad_request(st, "Upgrade request required");
	if (!portforward_has(upgrade, "websocket"))
		return status_bad_request(
		    st, "%.32s is not supported: " SERVED, upgrade);
	if (strcmp(rq->method, "GET") != 0)
		return status_set(
		    st, 405, "MethodNotAllowed", "a WebSocket begins with GET");
	if (portforward_choose(
		httpd_header(rq->http, "Sec-WebSocket-Protocol")) == -1)
		return status_set(st, 403, "Forbidden",
		    "subprotocol %.64s is not supported: " SERVED,
		    httpd_header(rq->http, "Sec-WebSocket-Protocol"));
	if (version == NULL || strcmp(version, "13") != 0 || key == NULL ||
	    strlen(key) != 24 ||
	    strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789+/=") != 24)
		return status_bad_request(
		    st, "a handshake of WebSocket version 13 is required");
	return 0;
}

static int
read_ports(
    const struct request *rq, struct portforward *ports, struct status *st)
{
	const char *list;
	struct fault f;
	size_t i;

	for (i = 0; (list = httpd_query_nth(rq->http, "ports", i)) != NULL; i++)
		if (portforward_add(ports, list, &f) != 0)
			return status_bad_request(st, "%s", f.msg);
	return i > 0 ? 0 :
		       status_bad_request(
			   st, "query parameter \"port\" is required");
}

void
portforward(struct request *rq)
{
	struct status st = { 0 };
	struct object *o = request_object(rq, &st);
	struct portforward ports = { .n = 0 };
	const char *node = NULL;
	struct buf url;

	buf_init(&url, 1024);
	if (o == NULL)
		goto out;
	node = json_str(object_value(o), "spec", "nodeName", NULL);
	if (node == NULL || node[0] == '\0') {
		status_bad_request(
		    &st, "pod %s does not have a host assigned", rq->path.name);
		goto out;
	}
	if (check_handshake(rq, &st) != 0 || read_ports(rq, &ports, &st) != 0 ||
	    kubelet_url(rq->a, node, &url, &st) != 0)
		goto out;
	if (rq->a->kubelet == NULL)
		status_set(&st, 500, "InternalError",
		    "Internal error occurred: no connection to nodes "
		    "(--kubelet-ca)");
	else if (url.failed)
		status_nomem(&st);
	else
		start(rq, url.data, &ports, &st);
out:
	if (st.code != 0)
		respond_status(rq, &st);
	buf_release(&url);
	status_release(&st);
}
