/*
 * Records and messages of a run of checks: see report.h.
 */
#include "http-probe/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/record.h"
#include "tool.h"

#define DRAW_MS 100 /* between two drawings of the progress */

struct report {
	struct record record;
	size_t total, done, failed;
	int terminal;
	double drawn; /* when; 0: nothing stands there */
};

struct report *
report_new(const struct checks *checks, struct fault *f)
{
	struct report *r = calloc(1, sizeof(*r));
	size_t i;

	if (r == NULL) {
		fault_nomem(f);
		return NULL;
	}
	record_init(&r->record);
	for (i = 0; i < checks->n; i++)
		r->total += (size_t)checks->v[i].repeat;
	r->terminal = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	return r;
}

static void
clear(struct report *r)
{
	if (r->drawn > 0)
		fputs("\r\033[K", stderr);
	r->drawn = 0;
}

static void
progress(struct report *r)
{
	double now = clock_ms();

	if (!r->terminal || now - r->drawn < DRAW_MS)
		return;
	fprintf(stderr, "\r\033[K%zu of %zu calls, %zu failed", r->done,
	    r->total, r->failed);
	r->drawn = now;
}

/* Behind the quoted string at p, or p when there is none. */
static const char *
skip_quoted(const char *p, const char *end)
{
	if (p == end || *p != '"')
		return p;
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : p;
}

/* The sum of the dur parameters of one Server-Timing header: 1, or 0. */
static int
sum_durations(const char *p, size_t len, double *ms)
{
	const char *end = p + len;
	char number[32], *rest;
	int found = 0;
	double d;

	while (p < end) {
		if (end - p > 4 && strncasecmp(p, "dur=", 4) == 0) {
			p += 4 + (p[4] == '"');
			snprintf(
			    number, sizeof(number), "%.*s", (int)(end - p), p);
			d = strtod(number, &rest);
			if (rest != number && d >= 0 && d < 1e9) {
				*ms += d;
				found = 1;
			}
			p += rest - number;
			p += p < end && *p == '"';
		}
		/* to the next parameter, not into a description */
		while (p < end && *p != ';' && *p != ',')
			p = *p == '"' ? skip_quoted(p, end) : p + 1;
		while (p < end && strchr(";, \t", *p) != NULL)
			p++;
	}
	return found;
}

/* What the server spent, by itself: Server-Timing (W3C), all of them. */
static int
server_ms(const struct http_result *h, double *ms)
{
	const char *at = NULL;
	int found = 0;
	size_t len;

	*ms = 0;
	while ((at = http_header_next(h, "server-timing", at, &len)) != NULL)
		found |= sum_durations(at, len, ms);
	return found;
}

static void
head(struct record *r, const struct check *c)
{
	record_begin(r, "probe");
	record_str(r, "name", c->name);
	record_str(r, "group", c->group != NULL ? c->group : c->name);
	if (c->service != NULL)
		record_str(r, "service", c->service);
	record_str(r, "method", c->method);
}

static const char *
where(const struct check *c)
{
	return strcmp(c->file, "-") == 0 ? "stdin" : c->file;
}

static void
failures(struct record *r, const struct verdict *v)
{
	size_t i;

	record_open(r, "failures", '[');
	for (i = 0; i < v->n; i++)
		record_str(r, NULL, v->failures[i]);
	record_close(r, ']');
}

int
report_call(struct report *rp, const struct check *c,
    const struct http_result *h, const struct verdict *v, const char *ts,
    const char *url, long long attempts, struct fault *f)
{
	struct record *r = &rp->record;
	double server;
	size_t i;

	rp->done++;
	rp->failed += v->n > 0;
	head(r, c);
	record_str(r, "url", url);
	record_str(r, "route", c->route);
	record_int(r, "status", h->status);
	record_bool(r, "ok", v->n == 0);
	failures(r, v);
	record_int(r, "attempts", attempts);
	record_str(r, "ts", ts);
	record_ms(r, "ms", h->timing.total);
	record_ms(r, "dns_ms", h->timing.dns);
	record_ms(r, "connect_ms", h->timing.connect);
	record_ms(r, "tls_ms", h->timing.tls);
	record_ms(r, "ttfb_ms", h->timing.ttfb);
	record_int(r, "bytes", (long long)h->bytes);
	if (server_ms(h, &server))
		record_ms(r, "server_ms", server);
	if (v->n > 0)
		clear(rp);
	for (i = 0; i < v->n; i++)
		tool_warn("%s:%lu: %s: %s", where(c), c->line, c->name,
		    v->failures[i]);
	progress(rp);
	return record_flush(r, f);
}

int
report_skip(
    struct report *rp, const struct check *c, const char *why, struct fault *f)
{
	struct record *r = &rp->record;

	rp->done += (size_t)c->repeat;
	head(r, c);
	record_str(r, "route", c->route);
	record_bool(r, "ok", 0);
	record_bool(r, "skipped", 1);
	record_open(r, "failures", '[');
	record_str(r, NULL, why);
	record_close(r, ']');
	record_ts(r);
	clear(rp);
	tool_warn("%s:%lu: %s: skipped: %s", where(c), c->line, c->name, why);
	return record_flush(r, f);
}

void
report_free(struct report *r)
{
	if (r == NULL)
		return;
	clear(r);
	record_release(&r->record);
	free(r);
}
