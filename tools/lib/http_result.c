/*
 * How a request ended: its outcome with phase timings and words for people.
 * libcurl's times are cumulative from the start of the request; what http.h
 * promises are durations.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "http_impl.h"

static double
phase(CURL *e, CURLINFO info)
{
	curl_off_t us = 0;

	curl_easy_getinfo(e, info, &us);
	return (double)us / 1000;
}

static void
fill_timing(CURL *e, struct http_timing *t)
{
	double dns = phase(e, CURLINFO_NAMELOOKUP_TIME_T);
	double tcp = phase(e, CURLINFO_CONNECT_TIME_T);
	double tls = phase(e, CURLINFO_APPCONNECT_TIME_T);
	long connects = 0;

	memset(t, 0, sizeof(*t));
	t->ttfb = phase(e, CURLINFO_STARTTRANSFER_TIME_T);
	t->total = phase(e, CURLINFO_TOTAL_TIME_T);
	curl_easy_getinfo(e, CURLINFO_NUM_CONNECTS, &connects);
	if (connects == 0)
		return;
	t->dns = dns;
	t->connect = tcp > dns ? tcp - dns : 0;
	t->tls = tls > tcp ? tls - tcp : 0;
}

/* libcurl's words for people, in the house's style. */
static void
describe_error(struct http_call *c)
{
	/* 0: it only ever waited for another's connection */
	double total = phase(c->easy, CURLINFO_TOTAL_TIME_T);
	size_t size = sizeof(c->error);
	long err = 0;

	if (c->too_large)
		snprintf(
		    c->error, size, "body larger than %zu bytes", c->max_body);
	else if (c->response.failed)
		snprintf(c->error, size, "headers larger than %zu bytes",
		    c->response.max);
	else if (c->refused_data)
		snprintf(c->error, size, "ended by its reader");
	else if (c->idled)
		snprintf(
		    c->error, size, "nothing received for %.0f ms", c->idle_ms);
	else if (c->code == CURLE_OPERATION_TIMEDOUT && c->timeout_ms > 0 &&
		 (total == 0 || total >= c->timeout_ms - 2))
		snprintf(
		    c->error, size, "no answer within %.0f ms", c->timeout_ms);
	else if (c->code == CURLE_COULDNT_CONNECT && c->no_socket != 0)
		snprintf(c->error, size, "cannot connect: %s",
		    strerror(c->no_socket));
	else if (c->code == CURLE_COULDNT_CONNECT &&
		 curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &err) ==
		     CURLE_OK &&
		 err != 0)
		snprintf(
		    c->error, size, "cannot connect: %s", strerror((int)err));
	else if (c->code == CURLE_GOT_NOTHING ||
		 c->code == CURLE_ABORTED_BY_CALLBACK) /* see on_send */
		snprintf(c->error, size, "connection closed without an answer");
	else if (c->error[0] == '\0')
		snprintf(c->error, size, "%s", curl_easy_strerror(c->code));
	if (isupper((unsigned char)c->error[0]) &&
	    !isupper((unsigned char)c->error[1]))
		c->error[0] = (char)tolower((unsigned char)c->error[0]);
}

static enum http_cause
find_cause(const struct http_call *c)
{
	switch (c->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_UNKNOWN_HOST;
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_UNKNOWN_PROXY;
	case CURLE_COULDNT_CONNECT:
		return HTTP_NO_CONNECTION;
	case CURLE_SSL_CONNECT_ERROR:
		/* OpenSSL's words for bytes that are no TLS record */
		return strstr(c->error, "wrong version number") != NULL ||
			       strstr(c->error, "packet length") != NULL ||
			       strstr(c->error, "http request") != NULL ?
			   HTTP_NOT_TLS :
			   HTTP_OTHER;
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTP_BAD_PEER;
	case CURLE_SSL_CACERT_BADFILE:
		return HTTP_BAD_AUTHORITY;
	case CURLE_SSL_CERTPROBLEM:
		return HTTP_BAD_CERTIFICATE;
	default:
		return HTTP_OTHER;
	}
}

/* A connection cut before any answer, in whatever state it was. */
static int
was_refused(CURLcode code)
{
	return code == CURLE_COULDNT_CONNECT ||
	       code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SEND_ERROR ||
	       code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
	       code == CURLE_ABORTED_BY_CALLBACK ||
	       code == CURLE_PARTIAL_FILE || code == CURLE_HTTP2 ||
	       code == CURLE_HTTP2_STREAM;
}

void
http_call_result(struct http_call *c, struct http_result *r)
{
	long status = 0, version = 0;

	memset(r, 0, sizeof(*r));
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
	if (c->code != CURLE_OK && status / 100 == 1)
		status = 0; /* 100 Continue and the like answer nothing */
	r->status = (int)status;
	r->shared = version == CURL_HTTP_VERSION_2_0;
	r->body = &c->body;
	r->headers = &c->response;
	r->bytes = c->bytes;
	r->resent = c->resent;
	fill_timing(c->easy, &r->timing);
	/* libcurl takes a connection closed within the headers for their end */
	if (c->code == CURLE_OK && status != 0 && !c->complete)
		r->error = "closed within the headers";
	if (c->code == CURLE_OK)
		return;
	describe_error(c);
	r->error = c->error;
	r->timed_out = c->code == CURLE_OPERATION_TIMEDOUT;
	/* it may have gone over a kept connection before, see on_send */
	r->unsent = c->sends == 0 && (c->code == CURLE_COULDNT_CONNECT ||
					 c->code == CURLE_COULDNT_RESOLVE_HOST);
	r->cause = find_cause(c);
	if (r->cause == HTTP_NOT_TLS)
		r->error = "the server does not speak TLS";
	r->refused =
	    status == 0 && was_refused(c->code) && r->cause != HTTP_NOT_TLS;
}

const char *
http_header_next(const struct http_result *r, const char *name,
    const char *after, size_t *len)
{
	const char *p = after == NULL ? buf_str(r->headers) : after, *end;
	size_t n = strlen(name);

	if (after != NULL)
		p += strcspn(p, "\n") + 1;
	for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		if (strncmp(p, name, n) != 0 || p[n] != ':')
			continue;
		p += n + 1;
		p += strspn(p, " \t");
		*len = p < end ? (size_t)(end - p) : 0;
		return p < end ? p : end;
	}
	return NULL;
}

int
http_header(
    const struct http_result *r, const char *name, char *out, size_t size)
{
	size_t len;
	const char *p = http_header_next(r, name, NULL, &len);

	if (p == NULL)
		return 0;
	if (size > 0) {
		if (len >= size)
			len = size - 1;
		memcpy(out, p, len);
		out[len] = '\0';
	}
	return 1;
}

int
http_escape(struct buf *b, const char *s, size_t n, int slashes)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char ch;
	size_t i;

	for (i = 0; i < n; i++) {
		ch = (unsigned char)s[i];
		if ((ch < 128 && isalnum(ch)) || ch == '-' || ch == '_' ||
		    ch == '.' || ch == '~' || (ch == '/' && slashes)) {
			buf_addc(b, s[i]);
			continue;
		}
		buf_addc(b, '%');
		buf_addc(b, hex[ch >> 4]);
		buf_addc(b, hex[ch & 15]);
	}
	return b->failed ? -1 : 0;
}
