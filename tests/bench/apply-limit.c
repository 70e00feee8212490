/*
 * apply-limit: how fast the API server of KUBECONFIG can take PATCHes.  Each
 * line of standard input is ready to send, "PATH<tab>JSON"; N connections
 * (a client each, so that HTTP/2 does not make one of them) are opened first
 * and then kept busy, one request each at a time.  Prints the milliseconds
 * from the first request to the last answer.  Exec plugins are not asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/http.h"
#include "lib/kube_config.h"
#include "lib/opt.h"
#include "tool.h"

#define CONNECTIONS_MAX 256

static const char usage[] = "apply-limit [-j N] [-T CONTENT-TYPE] < REQUESTS";

static const struct option options[] = { TOOL_LONG };

struct line {
	char *path, *body;
};

struct limit {
	struct kube_config config;
	struct loop *loop;
	const char *type;
	struct line *v;
	size_t n, next, busy, bad;
	long long jobs;
};

/* One connection. */
struct sender {
	struct limit *limit;
	struct http *http;
};

static void
read_lines(struct limit *l)
{
	char *line = NULL, *tab;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		line[n - 1] = line[n - 1] == '\n' ? '\0' : line[n - 1];
		tab = strchr(line, '\t');
		if (line[0] != '/' || tab == NULL)
			tool_fail(FAULT_INPUT, "stdin:%zu: not PATH<tab>JSON",
			    l->n + 1);
		*tab = '\0';
		l->v = reallocarray(l->v, l->n + 1, sizeof *l->v);
		if (l->v == NULL)
			tool_fail(FAULT_UNSURE, "out of memory");
		l->v[l->n].path = strdup(line);
		l->v[l->n].body = strdup(tab + 1);
		if (l->v[l->n].path == NULL || l->v[l->n].body == NULL)
			tool_fail(FAULT_UNSURE, "out of memory");
		l->n++;
	}
	free(line);
}

/* Sends a request over s's connection; body NULL is a GET. */
static void
request(
    struct sender *s, const char *path, const char *body, http_done_fn *done)
{
	struct limit *l = s->limit;
	char url[4096], type[256];
	const char *const headers[] = { "Accept: application/json",
		body != NULL ? type : NULL, NULL };
	struct http_request rq = { .method = body != NULL ? "PATCH" : "GET",
		.url = url,
		.headers = headers,
		.body = body,
		.body_len = body != NULL ? strlen(body) : 0,
		.timeout_ms = 60000,
		.userpwd_bearer = l->config.token,
		.done = done,
		.arg = s };
	struct fault f = { 0 };

	snprintf(type, sizeof type, "Content-Type: %s", l->type);
	if (snprintf(url, sizeof url, "%s%s", l->config.server, path) >=
	    (int)sizeof url)
		tool_fail(FAULT_INPUT, "%s: too long", path);
	if (http_start(s->http, &rq, &f) == NULL)
		tool_die(&f);
	l->busy++;
}

static void
note(struct limit *l, const struct http_result *r)
{
	l->busy--;
	if (r->status >= 200 && r->status < 300)
		return;
	if (l->bad++ == 0)
		tool_warn("%s (HTTP status %d)",
		    r->error != NULL ? r->error : buf_str(r->body), r->status);
}

static void
connected(void *arg, const struct http_result *r)
{
	struct sender *s = arg;

	note(s->limit, r);
}

static void
answered(void *arg, const struct http_result *r)
{
	struct sender *s = arg;
	struct limit *l = s->limit;

	note(l, r);
	if (l->next < l->n) {
		const struct line *line = &l->v[l->next++];

		request(s, line->path, line->body, answered);
	}
}

static void
turn(struct limit *l)
{
	struct fault f = { 0 };

	while (l->busy > 0)
		if (loop_once(l->loop, -1, &f) != 0)
			tool_die(&f);
}

static void
open_all(struct limit *l, struct sender *v)
{
	const struct http_tls tls = { .ca_data = l->config.ca_data,
		.cert_data = l->config.cert_data,
		.key_data = l->config.key_data,
		.server_name = l->config.server_name,
		.insecure = l->config.insecure,
		.proxy = l->config.proxy };
	struct fault f = { 0 };
	long long i;

	if (http_init(&f) != 0 || (l->loop = loop_new(&f)) == NULL)
		tool_die(&f);
	for (i = 0; i < l->jobs; i++) {
		v[i].limit = l;
		v[i].http = http_new(l->loop, &tls, &f);
		if (v[i].http == NULL)
			tool_die(&f);
		request(&v[i], "/version", NULL, connected);
	}
	turn(l);
	if (l->bad > 0)
		tool_fail(FAULT_UNSURE, "%s: not reached", l->config.server);
}

int
main(int argc, char **argv)
{
	struct limit l = { .type = "application/apply-patch+yaml", .jobs = 16 };
	static struct sender v[CONNECTIONS_MAX];
	struct fault f = { 0 };
	double start;
	long long i;
	int ch, rc = 0;

	tool_begin("apply-limit", usage);
	while (
	    rc == 0 && (ch = tool_getopt(argc, argv, "j:T:", options)) != -1) {
		if (ch == 'j')
			rc = opt_number(
			    "-j", optarg, 1, CONNECTIONS_MAX, &l.jobs, &f);
		else
			l.type = optarg;
	}
	if (rc != 0)
		tool_usage("%s", f.msg);
	if (kube_config_load(&l.config, NULL, NULL, &f) != 0)
		tool_die(&f);
	if (l.config.exec != NULL || l.config.token_file != NULL)
		tool_fail(FAULT_INPUT, "only tokens and certificates that the "
				       "kubeconfig holds are used");
	read_lines(&l);
	open_all(&l, v);
	start = clock_ms();
	for (i = 0; i < l.jobs && l.next < l.n; i++) {
		const struct line *line = &l.v[l.next++];

		request(&v[i], line->path, line->body, answered);
	}
	turn(&l);
	printf("%.1f\n", clock_ms() - start);
	for (i = 0; i < l.jobs; i++)
		http_free(v[i].http);
	while (l.n-- > 0) {
		free(l.v[l.n].path);
		free(l.v[l.n].body);
	}
	free(l.v);
	loop_free(l.loop);
	kube_config_release(&l.config);
	return tool_end(l.bad > 0 ? FAULT_UNSURE : 0);
}
