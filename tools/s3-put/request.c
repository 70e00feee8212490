/*
 * Signed PUTs and their answers: see request.h.  Addressing is by path
 * (http://HOST/bucket/key), which needs no DNS entry per bucket.
 */
#include "s3-put/request.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/buf.h"

#define LINE_BYTES 8192
#define HEADERS 8

struct head {
	struct buf lines[HEADERS];
	const char *list[HEADERS + 1];
	size_t n;
};

static void
head_add(struct head *h, const char *name, const char *value)
{
	buf_init(&h->lines[h->n], LINE_BYTES);
	buf_addf(&h->lines[h->n], "%s: %s", name, value);
	h->list[h->n] = buf_str(&h->lines[h->n]);
	h->n++;
}

/* The host as libcurl sends it: without a port that is the scheme's own. */
static void
add_host(struct head *h, const char *endpoint)
{
	const char *host = strstr(endpoint, "://") + 3;
	int tls = endpoint[4] == 's';
	size_t n = strlen(host);
	const char *port = tls ? ":443" : ":80";
	size_t port_n = strlen(port);
	char text[512];

	if (n > port_n && strcmp(host + n - port_n, port) == 0)
		n -= port_n;
	snprintf(text, sizeof(text), "%.*s", (int)n, host);
	head_add(h, "Host", text);
}

static int
sign(struct head *h, const struct put_spec *spec, const struct request *rq,
    struct fault *f)
{
	char date[S3_DATE_SIZE];
	struct buf *b;
	size_t i;

	add_host(h, spec->endpoint);
	head_add(h, "x-amz-date", s3_date(date, time(NULL)));
	head_add(h, "x-amz-content-sha256", rq->sha256);
	if (spec->token != NULL)
		head_add(h, "x-amz-security-token", spec->token);
	if (rq->type != NULL)
		head_add(h, "Content-Type", rq->type);
	if (*rq->md5 != '\0')
		head_add(h, "Content-MD5", rq->md5);
	for (i = 0; i < h->n; i++)
		if (buf_check(&h->lines[i], "header", f) != 0)
			return -1;
	b = &h->lines[h->n++]; /* its place in the list is still the end */
	buf_init(b, LINE_BYTES);
	if (s3_authorization(&spec->keys,
		&(struct s3_request){ .method = "PUT",
		    .path = rq->path,
		    .headers = h->list,
		    .payload = rq->sha256,
		    .date = date },
		b, f) != 0)
		return -1;
	h->list[h->n - 1] = buf_str(b);
	return 0;
}

int
request_start(const struct put_spec *spec, struct http *http,
    const struct request *rq, http_done_fn *done, void *arg, struct fault *f)
{
	struct head h = { .n = 0 };
	struct buf url;
	int rc;

	buf_init(&url, 1 << 16);
	buf_adds(&url, spec->endpoint);
	http_escape(&url, rq->path, strlen(rq->path), 1);
	rc = sign(&h, spec, rq, f);
	if (rc == 0)
		rc = buf_check(&url, "URL", f);
	if (rc == 0 && http_start(http,
			   &(struct http_request){ .method = "PUT",
			       .url = url.data,
			       .headers = h.list,
			       .body = rq->body,
			       .body_len = rq->len,
			       .body_fd = rq->fd,
			       .timeout_ms = spec->timeout_ms,
			       .max_body = 1 << 20,
			       .done = done,
			       .arg = arg },
			   f) == NULL)
		rc = -1;
	buf_release(&url);
	while (h.n > 0)
		buf_release(&h.lines[--h.n]);
	return rc;
}

/* Codes of S3 that come with a 4xx, or a 200, and pass by themselves. */
static int
passing(const char *code)
{
	static const char *const codes[] = { "InternalError",
		"OperationAborted", "RequestTimeout", "ServiceUnavailable",
		"SlowDown" };
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(code, codes[i]) == 0)
			return 1;
	return 0;
}

enum outcome
request_outcome(const struct http_result *r, char *why, size_t size)
{
	char code[100] = "", message[300] = "", to[200];

	if (r->error != NULL) {
		snprintf(why, size, "%s", r->error);
		return OUTCOME_AGAIN;
	}
	s3_error_part(r->body, "Code", code, sizeof(code));
	s3_error_part(r->body, "Message", message, sizeof(message));
	snprintf(why, size, "%d%s%s%s%s", r->status, *code != '\0' ? " " : "",
	    code, *message != '\0' ? ": " : "", message);
	/* not followed, as the host is signed */
	if (r->status / 100 == 3 && http_header(r, "location", to, sizeof(to)))
		snprintf(
		    why + strlen(why), size - strlen(why), ", moved to %s", to);
	if (passing(code) || r->status >= 500 || r->status == 429)
		return OUTCOME_AGAIN;
	if (r->status >= 200 && r->status < 300)
		return *code == '\0' ? OUTCOME_DONE : OUTCOME_REFUSED;
	if (strcmp(code, "NoSuchBucket") == 0)
		return OUTCOME_NEVER;
	if (r->status == 401 || r->status == 403 || r->status / 100 == 3)
		return OUTCOME_UNSURE;
	return OUTCOME_REFUSED;
}
