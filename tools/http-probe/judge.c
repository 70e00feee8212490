/*
 * Judging a response: see judge.h.  Captures run before assertions; one
 * failure does not hide the next, except that without a response, or without
 * JSON where expressions want it, there is only that to say.
 */
#include "http-probe/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/scan.h"

#define BODY_SHOWN 120 /* bytes of a body in a failure */

int
verdict_add(struct verdict *v, struct fault *f, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	if (v->n == JUDGE_FAILURES)
		return 0;
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n == -1)
		return fault_nomem(f);
	v->failures[v->n++] = s;
	return 0;
}

void
verdict_release(struct verdict *v)
{
	while (v->n > 0)
		free(v->failures[--v->n]);
}

/* Gives the expression the captures that it waits for: 0, or -1. */
static int
bind(const struct check_jq *q, const struct vars *vars, struct fault *f)
{
	const char *value;
	cJSON *all;
	size_t i;
	int rc = 0;

	if (q->late_n == 0)
		return 0;
	all = cJSON_CreateObject();
	if (all == NULL)
		return fault_nomem(f);
	for (i = 0; rc == 0 && i < q->late_n; i++) {
		value = vars_get(vars, q->late[i]);
		if (value == NULL)
			rc = fault_set(
			    f, FAULT_NO, "${%s} was not captured", q->late[i]);
		else if (json_set_str(all, q->late[i], value) != 0)
			rc = fault_nomem(f);
	}
	if (rc == 0)
		rc = jqx_bind(q->q, all, f);
	cJSON_Delete(all);
	return rc;
}

/* The start of a body on one line, into out (BODY_SHOWN + 1 bytes). */
static void
shown(const struct buf *b, char *out)
{
	size_t i, at = 0;
	char c;

	for (i = 0; i < b->len && at < BODY_SHOWN; i++) {
		c = (unsigned char)b->data[i] < ' ' ? ' ' : b->data[i];
		if (c != ' ' || (at > 0 && out[at - 1] != ' '))
			out[at++] = c;
	}
	out[at] = '\0';
}

static int
check_status(const struct check *c, const struct http_result *r,
    struct verdict *v, struct fault *f)
{
	const struct buf *b = r->body;
	char want[64] = "2xx", body[BODY_SHOWN + 1];
	size_t i, at = 0;
	int n;

	if (c->status_n == 0 && r->status >= 200 && r->status <= 299)
		return 0;
	for (i = 0; i < c->status_n; i++) {
		if (c->status[i] == r->status)
			return 0;
		n = snprintf(want + at, sizeof(want) - at, "%s%d",
		    i > 0 ? " or " : "", c->status[i]);
		if (n > 0 && (size_t)n < sizeof(want) - at)
			at += (size_t)n;
	}
	shown(b, body);
	return verdict_add(v, f, "status: expected %s, got %d%s%s", want,
	    r->status, *body != '\0' ? ": " : "", body);
}

/*
 * 1 when one of a header's values is as expected (Set-Cookie stands there as
 * often as there are cookies); 0 with all of them in got; -1 without memory.
 */
static int
header_holds(const struct check_header *h, const struct http_result *r,
    struct buf *got, struct fault *f)
{
	const char *at = NULL;
	size_t from, len;

	buf_clear(got);
	while ((at = http_header_next(r, h->name, at, &len)) != NULL) {
		if (got->len > 0)
			buf_adds(got, ", ");
		from = got->len;
		buf_add(got, at, len);
		if (buf_check(got, h->name, f) != 0)
			return -1;
		if (regexec(&h->re, buf_str(got) + from, 0, NULL, 0) == 0)
			return 1;
	}
	return 0;
}

/* One expected header: 0, its failure added if need be, or -1. */
static int
check_header(const struct check_header *h, const struct http_result *r,
    struct buf *got, struct verdict *v, struct fault *f)
{
	size_t len;
	int rc = header_holds(h, r, got, f);

	if (rc != 0)
		return rc == 1 ? 0 : -1;
	return verdict_add(v, f, "header %s: expected %s, got %s", h->name,
	    h->value,
	    http_header_next(r, h->name, NULL, &len) != NULL ? buf_str(got) :
							       "none");
}

static int
check_headers(const struct check *c, const struct http_result *r,
    const struct vars *vars, struct verdict *v, struct fault *f)
{
	const struct check_header *h;
	struct check_header now;
	struct fault why = { 0 };
	struct buf got;
	size_t i;
	int rc = 0;

	buf_init(&got, 2 * (r->headers->len + 1));
	for (i = 0; rc == 0 && i < c->expect_headers_n; i++) {
		h = &c->expect_headers[i];
		if (h->compiled)
			rc = check_header(h, r, &got, v, f);
		else if (check_header_bind(h, vars, &now, &why) == 0) {
			rc = check_header(&now, r, &got, v, f);
			check_header_release(&now);
		} else if (why.code == FAULT_UNSURE)
			rc = fault_set(f, why.code, "%s", why.msg);
		else
			rc = verdict_add(v, f, "header %s: expected %s: %s",
			    h->name, h->value, why.msg);
	}
	buf_release(&got);
	return rc;
}

/*
 * jq has doubles, which hold 15 digits: the integer that a plain path (.a.b)
 * leads to is taken from the response as it stands.
 */
static void
keep_digits(const struct check_jq *q, const struct buf *body, struct buf *value)
{
	static const char names[] = ".ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz_0123456789";
	struct scan_value v;

	if (*q->text != '.' || q->text[1] == '\0' || q->text[1] == '.' ||
	    q->text[strspn(q->text, names)] != '\0' ||
	    scan_path(buf_str(body), body->len, q->text, &v, NULL) != 1 ||
	    v.kind != SCAN_NUMBER || strspn(v.at, "-0123456789") < v.len)
		return;
	buf_clear(value);
	buf_add(value, v.at, v.len);
}

static int
capture(const struct check *c, const struct http_result *r, struct vars *vars,
    struct verdict *v, struct fault *f)
{
	struct fault why = { 0 };
	struct buf value;
	size_t i;
	int rc = 0, got;

	buf_init(&value, 1 << 20);
	for (i = 0; rc == 0 && i < c->captures_n; i++) {
		buf_clear(&value);
		got = bind(&c->captures[i], vars, &why);
		if (got == 0)
			got = jqx_text_of(c->captures[i].q, buf_str(r->body),
			    r->body->len, &value, &why);
		if (got == 1)
			keep_digits(&c->captures[i], r->body, &value);
		if (got == 1 && memchr(value.data, '\0', value.len) != NULL)
			rc = verdict_add(v, f, "capture %s: %s: holds a NUL",
			    c->captures[i].name, c->captures[i].text);
		else if (got == 1)
			rc = vars_set(
			    vars, c->captures[i].name, buf_str(&value), f);
		else if (got == -1 && why.code == FAULT_UNSURE)
			rc = fault_set(f, why.code, "%s", why.msg);
		else
			rc = verdict_add(v, f, "capture %s: %s: %s",
			    c->captures[i].name, c->captures[i].text,
			    got == 0 ? "gave nothing" : why.msg);
	}
	buf_release(&value);
	return rc;
}

static int
check_jqs(const struct check *c, const struct http_result *r,
    const struct vars *vars, struct verdict *v, struct fault *f)
{
	struct fault why = { 0 };
	struct buf got;
	size_t i;
	int rc = 0, holds = 0;

	buf_init(&got, 4096);
	for (i = 0; rc == 0 && holds != -1 && i < c->jq_n; i++) {
		buf_clear(&got);
		holds = bind(&c->jq[i], vars, &why);
		if (holds == 0)
			holds = jqx_holds(c->jq[i].q, buf_str(r->body),
			    r->body->len, &got, &why);
		if (holds == 0)
			rc = verdict_add(v, f, "jq %s: got %s", c->jq[i].text,
			    buf_str(&got));
		else if (holds == -1 && why.code == FAULT_UNSURE)
			rc = fault_set(f, why.code, "%s", why.msg);
		else if (holds == -1)
			rc = verdict_add(
			    v, f, "jq %s: %s", c->jq[i].text, why.msg);
	}
	buf_release(&got);
	return rc;
}

int
judge(const struct check *c, const struct http_result *r, struct vars *vars,
    struct verdict *v, struct fault *f)
{
	if (r->status == 0) {
		v->no_answer = 1;
		return verdict_add(v, f, "no response: %s",
		    r->error != NULL ? r->error : "unknown");
	}
	if (r->error != NULL && verdict_add(v, f, "response: %s", r->error))
		return -1;
	if (check_status(c, r, v, f) != 0 ||
	    check_headers(c, r, vars, v, f) != 0)
		return -1;
	if (c->max_ms > 0 && r->timing.total > c->max_ms &&
	    verdict_add(v, f, "max_ms: expected at most %.0f, took %.1f",
		c->max_ms, r->timing.total) != 0)
		return -1;
	if (capture(c, r, vars, v, f) != 0)
		return -1;
	return check_jqs(c, r, vars, v, f);
}
