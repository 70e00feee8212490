/*
 * One request: its options for libcurl, and the pieces of its response as they
 * come.  What libcurl would do for forms and browsers (Expect, a default
 * content type, proxies of the environment) is turned off: a probe sends what
 * it was told to send.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http_impl.h"

#ifndef INTTEST_VERSION
#define INTTEST_VERSION "unknown"
#endif

#define HTTP_MAX_HEADERS (256 << 10)
#define HTTP_MAX_WAITING (4 << 20) /* bytes that wait for a busy on_data */
#define HTTP_SEND_BUFFER 16384L /* for a body in memory; the least there is */
#define HTTP_DEAD_MS 30000 /* a peer that acknowledges nothing for so long */

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	size_t i, colon, all = size * n;

	c->last_ms = clock_ms();
	if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) {
		buf_clear(&c->response); /* 1xx or a redirect came before */
		c->complete = 0;
		return all;
	}
	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
		n--;
	c->complete |= n == 0;
	for (colon = 0; colon < n && p[colon] != ':';)
		colon++;
	if (colon > 0 && colon < n) {
		for (i = 0; i < colon; i++)
			p[i] = (char)tolower((unsigned char)p[i]);
		buf_add(&c->response, p, n);
		buf_addc(&c->response, '\n');
	}
	return c->response.failed ? 0 : all;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	(void)size;
	c->last_ms = clock_ms();
	if (c->on_data != NULL) {
		if (c->body.len > 0 && c->body.len + n > HTTP_MAX_WAITING) {
			c->paused = 1;
			return CURL_WRITEFUNC_PAUSE;
		}
		http_call_ready(c);
	} else if (n > c->max_body - c->body.len) {
		c->too_large = 1;
		return 0;
	}
	c->bytes += n;
	return buf_add(&c->body, p, n) == 0 ? n : 0;
}

static size_t
on_read(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;
	ssize_t got;

	n *= size;
	if (n > c->body_len - c->sent)
		n = c->body_len - c->sent;
	if (n == 0)
		return 0;
	do
		got = pread(c->body_fd, p, n, (off_t)c->sent);
	while (got == -1 && errno == EINTR);
	if (got <= 0) /* shorter than promised */
		return CURL_READFUNC_ABORT;
	c->last_ms = clock_ms();
	c->sent += (size_t)got;
	return (size_t)got;
}

static int
on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_call *c = arg;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > c->body_len)
		return CURL_SEEKFUNC_FAIL;
	c->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* The kernel gives a dead peer up, whatever the connection waits for. */
static int
on_connect(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned ms = HTTP_DEAD_MS;

	(void)arg;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	return CURL_SOCKOPT_OK;
}

/* libcurl does not say why it got no socket, so that we make it. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http_call *c = arg;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

	(void)purpose;
	c->no_socket = fd == -1 ? errno : 0;
	return fd;
}

/*
 * Before each time that the request is sent.  libcurl repeats it by itself, of
 * whatever method, when a kept connection was closed before any answer.
 */
static int
on_send(void *arg, char *peer, char *own, int peer_port, int own_port)
{
	struct http_call *c = arg;

	(void)peer;
	(void)own;
	(void)peer_port;
	(void)own_port;
	if (c->sends++ == 0 || c->follow > 0)
		return CURL_PREREQFUNC_OK;
	c->resent = 1;
	return c->once ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static int
is_token(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    (s[i] == '\0' || strchr("!#$%&'*+-.^_`|~", s[i]) == NULL))
			return 0;
	return n > 0;
}

static int
add_slist(struct curl_slist **list, const char *s, struct fault *f)
{
	struct curl_slist *more = curl_slist_append(*list, s);

	if (more == NULL)
		return fault_nomem(f);
	*list = more;
	return 0;
}

/* A header as libcurl wants it: "Name;" is how it sends an empty value. */
static int
add_header(struct http_call *c, const char *line, struct fault *f)
{
	const char *colon = strchr(line, ':'), *value;
	char *empty;
	int r;

	if (colon == NULL || !is_token(line, (size_t)(colon - line)) ||
	    strpbrk(line, "\r\n") != NULL)
		return fault_set(f, FAULT_INPUT,
		    "%.*s: not a header that can be sent",
		    colon != NULL ? (int)(colon - line) : 40, line);
	value = colon + 1 + strspn(colon + 1, " \t");
	if (*value != '\0')
		return add_slist(&c->headers, line, f);
	if (asprintf(&empty, "%.*s;", (int)(colon - line), line) == -1)
		return fault_nomem(f);
	r = add_slist(&c->headers, empty, f);
	free(empty);
	return r;
}

static int
has_header(const struct http_request *rq, const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; rq->headers != NULL && rq->headers[i] != NULL; i++)
		if (strncasecmp(rq->headers[i], name, n) == 0 &&
		    rq->headers[i][n] == ':')
			return 1;
	return 0;
}

static int
set_headers(struct http_call *c, const struct http_request *rq, struct fault *f)
{
	size_t i;

	for (i = 0; rq->headers != NULL && rq->headers[i] != NULL; i++)
		if (add_header(c, rq->headers[i], f) != 0)
			return -1;
	/* waiting for 100 Continue would be counted as the server's time */
	if (!has_header(rq, "Expect") &&
	    add_slist(&c->headers, "Expect:", f) != 0)
		return -1;
	/* libcurl's default is that of a form */
	if (!has_header(rq, "Content-Type") &&
	    add_slist(&c->headers, "Content-Type:", f) != 0)
		return -1;
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	return 0;
}

static int
set_body(struct http_call *c, const struct http_request *rq, struct fault *f)
{
	static const char none[] = "";

	if (rq->body == NULL && rq->body_fd > 0) {
		c->body_fd = rq->body_fd;
		c->body_len = rq->body_len;
		curl_easy_setopt(c->easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c->easy, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(c->easy, CURLOPT_READDATA, c);
		curl_easy_setopt(c->easy, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(c->easy, CURLOPT_SEEKDATA, c);
		curl_easy_setopt(c->easy, CURLOPT_INFILESIZE_LARGE,
		    (curl_off_t)rq->body_len);
		return 0;
	}
	/* libcurl's default is 64 KiB a call */
	curl_easy_setopt(c->easy, CURLOPT_UPLOAD_BUFFERSIZE, HTTP_SEND_BUFFER);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)(rq->body != NULL ? rq->body_len : 0));
	if (curl_easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS,
		rq->body != NULL ? rq->body : none) != CURLE_OK)
		return fault_nomem(f);
	return 0;
}

static int
set_method(struct http_call *c, const struct http_request *rq, struct fault *f)
{
	const char *m = rq->method != NULL ? rq->method : "GET";
	int body = rq->body != NULL || rq->body_fd > 0;

	if (!is_token(m, strlen(m)))
		return fault_set(f, FAULT_INPUT, "%s: not a method", m);
	/* these have a body, be it empty */
	if (strcmp(m, "POST") == 0 || strcmp(m, "PUT") == 0 ||
	    strcmp(m, "PATCH") == 0)
		body = 1;
	if (body && set_body(c, rq, f) != 0)
		return -1;
	if (strcmp(m, "HEAD") == 0 && !body)
		curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
	else if ((strcmp(m, "GET") == 0 && !body) ||
		 (strcmp(m, "POST") == 0 && rq->body_fd <= 0))
		return 0; /* libcurl's own; a redirect may make POST a GET */
	else if (curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, m) !=
		 CURLE_OK)
		return fault_nomem(f);
	return 0;
}

static void
set_blob(CURL *easy, CURLoption option, const char *pem)
{
	/* the client's copy outlives the handle */
	struct curl_blob blob = { .data = (void *)pem,
		.len = strlen(pem),
		.flags = CURL_BLOB_NOCOPY };

	curl_easy_setopt(easy, option, &blob);
}

static void
set_tls(CURL *e, const struct http_tls *t)
{
	curl_easy_setopt(e, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	if (t->ca_data != NULL)
		set_blob(e, CURLOPT_CAINFO_BLOB, t->ca_data);
	else if (t->ca_file != NULL)
		curl_easy_setopt(e, CURLOPT_CAINFO, t->ca_file);
	if (t->ca_data != NULL || t->ca_file != NULL)
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (t->cert_data != NULL)
		set_blob(e, CURLOPT_SSLCERT_BLOB, t->cert_data);
	else if (t->cert_file != NULL)
		curl_easy_setopt(e, CURLOPT_SSLCERT, t->cert_file);
	if (t->key_data != NULL)
		set_blob(e, CURLOPT_SSLKEY_BLOB, t->key_data);
	else if (t->key_file != NULL)
		curl_easy_setopt(e, CURLOPT_SSLKEY, t->key_file);
	if (t->insecure) {
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	/* "" turns off what the environment says, also of exceptions */
	curl_easy_setopt(e, CURLOPT_PROXY, t->proxy != NULL ? t->proxy : "");
	curl_easy_setopt(e, CURLOPT_NOPROXY, "");
}

/*
 * The name to verify instead of the URL's host: ask for that name, and connect
 * to the host all the same.
 */
static int
set_server_name(struct http_call *c, const char *url, const char *name,
    const struct http_request *rq, struct fault *f)
{
	char *host = NULL, *port = NULL, *as = NULL, line[600];
	CURLU *u = curl_url();
	int r = -1;

	if (u == NULL)
		return fault_nomem(f);
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) !=
		CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
		CURLUE_OK ||
	    curl_url_set(u, CURLUPART_HOST, name, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_URL, &as, 0) != CURLUE_OK) {
		fault_set(f, FAULT_INPUT, "%s: not a URL", url);
		goto out;
	}
	snprintf(line, sizeof(line), "::%s:%s", host, port);
	if (add_slist(&c->connect_to, line, f) != 0)
		goto out;
	snprintf(line, sizeof(line), "Host: %s:%s", host, port);
	if (!has_header(rq, "Host") && add_slist(&c->headers, line, f) != 0)
		goto out;
	curl_easy_setopt(c->easy, CURLOPT_CONNECT_TO, c->connect_to);
	r = curl_easy_setopt(c->easy, CURLOPT_URL, as) == CURLE_OK ?
		0 :
		fault_nomem(f);
out:
	curl_free(host);
	curl_free(port);
	curl_free(as);
	curl_url_cleanup(u);
	return r;
}

static long
whole_ms(double ms)
{
	return ms >= 1e9 ? 1000000000L : ms < 1 ? 1L : (long)ms;
}

static void
set_limits(struct http_call *c, const struct http_request *rq)
{
	CURL *e = c->easy;

	if (rq->timeout_ms > 0)
		curl_easy_setopt(
		    e, CURLOPT_TIMEOUT_MS, whole_ms(rq->timeout_ms));
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
	    rq->connect_timeout_ms > 0 ? whole_ms(rq->connect_timeout_ms) :
					 10000L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 15L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 5L);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_connect);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, c);
	if (rq->follow > 0) {
		curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)rq->follow);
	}
	if (rq->fresh) {
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
	if (rq->join)
		curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1L);
	if (rq->raw) {
		curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(
		    e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	}
}

int
http_call_set_up(
    struct http_call *c, const struct http_request *rq, struct fault *f)
{
	const struct http_tls *t = &c->h->tls;
	char agent[80];
	CURL *e;

	c->on_data = rq->on_data;
	c->done = rq->done;
	c->arg = rq->arg;
	c->idle_ms = rq->idle_timeout_ms;
	c->timeout_ms = rq->timeout_ms;
	c->raw = rq->raw;
	c->once = rq->once;
	c->follow = rq->follow > 0;
	c->body_fd = -1;
	c->max_body = rq->max_body != 0 ? rq->max_body : 16 << 20;
	buf_init(&c->body, c->on_data != NULL ?
			       HTTP_MAX_WAITING + CURL_MAX_WRITE_SIZE :
			       c->max_body);
	buf_init(&c->response, HTTP_MAX_HEADERS);
	c->easy = e = curl_easy_init();
	if (e == NULL || rq->url == NULL)
		return fault_nomem(f);
	curl_easy_setopt(e, CURLOPT_PRIVATE, c);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L); /* "/a/../b" */
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	/* a server's logs, and its managedFields, tell the tools apart by it */
	snprintf(agent, sizeof agent, "%.64s/" INTTEST_VERSION,
	    program_invocation_short_name);
	curl_easy_setopt(e, CURLOPT_USERAGENT, agent);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	set_tls(e, t);
	set_limits(c, rq);
	if (t->server_name != NULL) {
		if (set_server_name(c, rq->url, t->server_name, rq, f) != 0)
			return -1;
	} else if (curl_easy_setopt(e, CURLOPT_URL, rq->url) != CURLE_OK) {
		return fault_nomem(f);
	}
	if (rq->userpwd_bearer != NULL) {
		curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
		if (curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER,
			rq->userpwd_bearer) != CURLE_OK)
			return fault_nomem(f);
	}
	if (set_method(c, rq, f) != 0)
		return -1;
	return set_headers(c, rq, f);
}
