/*
 * Making requests: see request.h.
 */
#include "http-probe/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http-probe/check_rules.h"

#define URL_MAX (1 << 20) /* bytes, of each part */
#define BODY_MAX (16 << 20)
#define HEADER_MAX (1 << 16)

void
request_release(struct request *p)
{
	size_t i;

	buf_release(&p->url);
	buf_release(&p->body);
	for (i = 0; p->headers != NULL && i < p->n; i++)
		buf_release(&p->headers[i]);
	free(p->headers);
	free(p->lines);
}

/* Where the path leads: it may have become a URL only now. */
static int
make_url(struct request *p, const struct check *c, const char *base,
    const struct vars *vars, struct fault *f)
{
	struct buf path;
	int left, rc = 0;

	buf_init(&path, URL_MAX);
	left = vars_expand(vars, c->path, VARS_PLAIN, &path);
	if (!rules_absolute(buf_str(&path))) {
		if (base != NULL)
			buf_adds(&p->url, base);
		else if (left == 0)
			rc = fault_set(f, FAULT_INPUT,
			    "path: no URL, and no --base is given");
	}
	buf_adds(&p->url, buf_str(&path));
	if (rc == 0 && buf_check(&path, "path", f) != 0)
		rc = -1;
	buf_release(&path);
	return rc == 0 ? left : -1;
}

/* 1 when the check says itself what its JSON is. */
static int
has_type(const struct check *c)
{
	size_t i;

	for (i = 0; i < c->headers_n; i++)
		if (strcasecmp(c->headers[i].name, "Content-Type") == 0)
			return 1;
	return 0;
}

int
request_make(struct request *p, const struct check *c, const char *base,
    const struct vars *vars, struct fault *f)
{
	int left;
	size_t i;

	buf_init(&p->url, 2 * URL_MAX);
	buf_init(&p->body, BODY_MAX);
	p->n = c->headers_n + 1;
	p->headers = calloc(p->n, sizeof(*p->headers));
	p->lines = calloc(p->n + 1, sizeof(*p->lines));
	if (p->headers == NULL || p->lines == NULL)
		return fault_nomem(f);
	left = make_url(p, c, base, vars, f);
	if (left == -1)
		return -1;
	if (c->body != NULL)
		left |= vars_expand(
		    vars, c->body, c->json ? VARS_JSON : VARS_PLAIN, &p->body);
	for (i = 0; i < p->n; i++) {
		buf_init(&p->headers[i], HEADER_MAX);
		if (i < c->headers_n) {
			buf_addf(&p->headers[i], "%s: ", c->headers[i].name);
			left |= vars_expand(vars, c->headers[i].value,
			    VARS_PLAIN, &p->headers[i]);
		} else if (c->json && !has_type(c))
			buf_adds(
			    &p->headers[i], "Content-Type: application/json");
		p->lines[i] =
		    p->headers[i].len > 0 ? buf_str(&p->headers[i]) : NULL;
	}
	/* a part cut short must not be sent */
	if (buf_check(&p->url, "URL", f) != 0 ||
	    buf_check(&p->body, "body", f) != 0)
		return -1;
	for (i = 0; i < p->n; i++)
		if (buf_check(&p->headers[i], "header", f) != 0)
			return -1;
	return left;
}

char *
request_shown(const struct request *p)
{
	const char *url = buf_str(&p->url), *host = strstr(url, "://"), *at;
	struct buf b;
	char *shown;

	buf_init(&b, SIZE_MAX);
	host = host != NULL ? host + 3 : url;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	buf_add(&b, url, (size_t)(host - url));
	buf_adds(&b, at != NULL ? at + 1 : host);
	shown = buf_take(&b);
	buf_release(&b);
	return shown;
}
