/*
 * Making requests: see request.h.
 */
#include "http-probe/request.h"

#include <stdlib.h>

#include "http-probe/check_rules.h"

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

int
request_make(struct request *p, const struct check *c, const char *base,
    const struct vars *vars, struct fault *f)
{
	int left;
	size_t i;

	buf_init(&p->url, 1 << 20);
	buf_init(&p->body, 16 << 20);
	p->n = c->headers_n + 1;
	p->headers = calloc(p->n, sizeof(*p->headers));
	p->lines = calloc(p->n + 1, sizeof(*p->lines));
	if (p->headers == NULL || p->lines == NULL)
		return fault_nomem(f);
	if (!rules_absolute(c->path))
		buf_adds(&p->url, base);
	left = vars_expand(vars, c->path, VARS_PLAIN, &p->url);
	if (c->body != NULL)
		left |= vars_expand(
		    vars, c->body, c->json ? VARS_JSON : VARS_PLAIN, &p->body);
	for (i = 0; i < p->n; i++) {
		buf_init(&p->headers[i], 1 << 16);
		if (i < c->headers_n) {
			buf_addf(&p->headers[i], "%s: ", c->headers[i].name);
			left |= vars_expand(vars, c->headers[i].value,
			    VARS_PLAIN, &p->headers[i]);
		} else if (c->json)
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
