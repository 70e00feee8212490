/*
 * The kubelet's API: see serve.h.
 */
#include "k8s-noded/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "k8s-noded/container.h"
#include "k8s-noded/metrics.h"
#include "k8s-noded/path.h"
#include "k8s-noded/pods.h"
#include "k8s-noded/portforward.h"
#include "lib/clock.h"
#include "lib/httpd.h"

#define PEM_MAX (256 << 10)
#define TOKEN_MAX 4096
#define IDLE_MS 600000.0     /* a followed log may be silent for long */
#define CONNECTIONS_MAX 8192 /* a forwarded one is one of them */
#define ANSWER_MAX (48 << 20)
#define TEXT "text/plain; charset=utf-8"

struct serve {
	struct node *node;
	struct httpd *httpd;
	struct buf token;
};

/* A followed log. */
struct follower {
	struct httpd_req *rq;
	struct log *log;
	struct log_listener listener;
	struct log_reader *reader;
};

static void __attribute__((format(printf, 3, 4)))
refuse(struct httpd_req *rq, int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	httpd_answer(rq, status, TEXT, text,
	    n < (int)sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* Compares without telling by its time how much was right. */
static int
allowed(const struct serve *s, const struct httpd_req *rq)
{
	const char *header = httpd_header(rq, "authorization");
	unsigned char differ = 0;
	size_t i, n;

	if (header == NULL || strncmp(header, "Bearer ", 7) != 0)
		return 0;
	header += 7;
	n = strlen(header);
	for (i = 0; i < s->token.len; i++)
		differ |=
		    (unsigned char)(s->token.data[i] ^ (i < n ? header[i] : 0));
	return differ == 0 && n == s->token.len;
}

static void
follower_free(struct follower *w)
{
	if (w->log != NULL)
		log_unlisten(w->log, &w->listener);
	log_reader_free(w->reader);
	free(w);
}

static void
on_gone(void *arg, struct httpd_req *rq)
{
	(void)rq;
	follower_free(arg);
}

/* Sends what is new: -1 when there is no more to come. */
static int
forward(struct follower *w)
{
	struct buf b;
	int status;

	do {
		buf_init(&b, ANSWER_MAX);
		status = log_reader_next(w->reader, &b);
		if (b.len > 0 && httpd_write(w->rq, b.data, b.len) != 0)
			status = -1;
		buf_release(&b);
	} while (status == 0 && b.len > 0);
	return status;
}

static void
on_lines(void *arg, int ended)
{
	struct follower *w = arg;

	if (forward(w) == 0 && !ended)
		return;
	/* the log forgets its listeners itself when it ends */
	if (ended)
		w->log = NULL;
	httpd_end(w->rq);
	follower_free(w);
}

static void
follow(struct httpd_req *rq, struct container *c, struct log_reader *reader)
{
	struct follower *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		log_reader_free(reader);
		refuse(rq, 500, "out of memory");
		return;
	}
	w->rq = rq;
	w->reader = reader;
	w->listener.fn = on_lines;
	w->listener.arg = w;
	if (httpd_stream(rq, 200, TEXT, on_gone, w) != 0) {
		follower_free(w);
		return;
	}
	w->log = c->log;
	log_listen(w->log, &w->listener);
	on_lines(w, 0);
}

static void
answer_log(struct httpd_req *rq, struct log_reader *reader)
{
	struct buf b;
	size_t before;
	int status;

	buf_init(&b, ANSWER_MAX);
	do {
		before = b.len;
		status = log_reader_next(reader, &b);
	} while (status == 0 && b.len > before);
	log_reader_free(reader);
	if (status < 0 && b.len == 0)
		refuse(rq, 500, "the log cannot be read");
	else
		httpd_answer(rq, 200, TEXT, buf_str(&b), b.len);
	buf_release(&b);
}

/* A number of the query, or otherwise; -2 when malformed. */
static long long
query_number(const struct httpd_req *rq, const char *name, long long otherwise)
{
	const char *s = httpd_query(rq, name);
	char *end;
	long long v;

	if (s == NULL)
		return otherwise;
	errno = 0;
	v = strtoll(s, &end, 10);
	return *s == '\0' || *end != '\0' || errno != 0 || v < 0 ? -2 : v;
}

static int
query_true(const struct httpd_req *rq, const char *name)
{
	const char *s = httpd_query(rq, name);

	return s != NULL &&
	       (strcmp(s, "true") == 0 || strcmp(s, "1") == 0 || *s == '\0');
}

/* The query's times and limits: 0, or -1 when malformed. */
static int
read_query(const struct httpd_req *rq, struct log_query *q)
{
	const char *since = httpd_query(rq, "sinceTime");
	long long seconds = query_number(rq, "sinceSeconds", -1);

	*q = (struct log_query){ .timestamps = query_true(rq, "timestamps"),
		.tail = query_number(rq, "tailLines", -1),
		.limit = query_number(rq, "limitBytes", -1) };
	if (q->tail == -2 || q->limit == -2 || seconds == -2)
		return -1;
	if (since != NULL)
		return clock_parse(since, &q->since);
	if (seconds >= 0) {
		clock_gettime(CLOCK_REALTIME, &q->since);
		q->since.tv_sec -= seconds;
	}
	return 0;
}

static void
serve_log(struct serve *s, struct httpd_req *rq, const char *ns,
    const char *pod, const char *name)
{
	struct pod *p = pods_find(s->node->pods, ns, pod);
	struct container *c = p != NULL ? pod_container(p, name) : NULL;
	int previous = query_true(rq, "previous"), back;
	struct log_reader *reader;
	struct log_query q;
	struct fault f;
	char dir[PATH_MAX];

	if (c == NULL) {
		refuse(rq, 404, "%s \"%s\" not found",
		    p == NULL ? "pod" : "container", p == NULL ? pod : name);
		return;
	}
	if (read_query(rq, &q) != 0) {
		refuse(rq, 400, "malformed query");
		return;
	} /* while it waits to run again, the last run is the previous one too
	   */
	back = previous && c->state != CONTAINER_WAITING ? 2 : 1;
	if (c->instances < (unsigned)back) {
		if (previous)
			refuse(rq, 400,
			    "previous terminated container \"%s\" in pod "
			    "\"%s\" not found",
			    name, pod);
		else
			refuse(rq, 400,
			    "container \"%s\" in pod \"%s\" is waiting to "
			    "start: %s",
			    name, pod,
			    c->reason[0] != '\0' ? c->reason :
						   "ContainerCreating");
		return;
	}
	reader = container_log_dir(c, dir) != 0 ?
		     NULL :
		     log_reader_new(dir, c->instances - (unsigned)back, &q, &f);
	if (reader == NULL)
		refuse(rq, 404, "%s", f.msg);
	else if (query_true(rq, "follow") && !previous && c->log != NULL)
		follow(rq, c, reader);
	else
		answer_log(rq, reader);
}

/* "/containerLogs/NS/POD/CONTAINER": 1 and its parts, or 0. */
static int
log_path(char *path, char **ns, char **pod, char **container)
{
	char *rest = path + strlen("/containerLogs/");

	if (strncmp(path, "/containerLogs/", strlen("/containerLogs/")) != 0)
		return 0;
	*ns = strsep(&rest, "/");
	*pod = strsep(&rest, "/");
	*container = strsep(&rest, "/");
	return *container != NULL && rest == NULL;
}

/* "/portForward/NS/POD": 1 and its parts, or 0. */
static int
forward_path(char *path, char **ns, char **pod)
{
	char *rest = path + strlen("/portForward/");

	if (strncmp(path, "/portForward/", strlen("/portForward/")) != 0)
		return 0;
	*ns = strsep(&rest, "/");
	*pod = strsep(&rest, "/");
	return *pod != NULL && rest == NULL;
}

static void
serve_summary(struct serve *s, struct httpd_req *rq)
{
	cJSON *v = metrics_summary(s->node);
	struct buf b;

	buf_init(&b, ANSWER_MAX);
	if (json_write(&b, v) == 0)
		httpd_answer(rq, 200, "application/json", b.data, b.len);
	else
		refuse(rq, 500, "out of memory");
	buf_release(&b);
	cJSON_Delete(v);
}

static void
on_request(void *arg, struct httpd_req *rq)
{
	struct serve *s = arg;
	char *path, *ns, *pod, *container;

	if (strcmp(httpd_method(rq), "GET") != 0) {
		refuse(rq, 405, "method not allowed");
		return;
	}
	if (strcmp(httpd_path(rq), "/healthz") == 0) {
		refuse(rq, 200, "ok");
		return;
	}
	if (!allowed(s, rq)) {
		refuse(rq, 401, "Unauthorized");
		return;
	}
	path = strdup(httpd_path(rq));
	if (path == NULL)
		refuse(rq, 500, "out of memory");
	else if (strcmp(path, "/stats/summary") == 0)
		serve_summary(s, rq);
	else if (log_path(path, &ns, &pod, &container))
		serve_log(s, rq, ns, pod, container);
	else if (forward_path(path, &ns, &pod))
		portforward(s->node, rq, ns, pod);
	else
		refuse(rq, 404, "404 page not found");
	free(path);
}

static int
listen_on(const char *address, struct fault *f)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons(NODE_PORT) };
	int fd, one = 1;

	if (inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		return fault_set(
		    f, FAULT_INPUT, "%s: no IPv4 address", address);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fault_sys(f, FAULT_UNSURE, errno, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    listen(fd, 128) == 0)
		return fd;
	fault_sys(f, FAULT_UNSURE, errno, "%s:%d", address, NODE_PORT);
	close(fd);
	return -1;
}

struct serve *
serve_new(struct node *n, const char *cert_file, const char *key_file,
    const char *token_file, struct fault *f)
{
	struct serve *s = calloc(1, sizeof(*s));
	struct httpd_spec spec = { .idle_ms = IDLE_MS,
		.max_body = 4096,
		.max_connections = CONNECTIONS_MAX,
		.handler = on_request,
		.arg = s };
	struct buf cert, key;

	if (s == NULL) {
		fault_nomem(f);
		return NULL;
	}
	s->node = n;
	buf_init(&s->token, TOKEN_MAX);
	buf_init(&cert, PEM_MAX);
	buf_init(&key, PEM_MAX);
	if (buf_read_file(&s->token, token_file, f) != 0 ||
	    buf_read_file(&cert, cert_file, f) != 0 ||
	    buf_read_file(&key, key_file, f) != 0)
		goto out;
	while (s->token.len > 0 && s->token.data[s->token.len - 1] == '\n')
		s->token.data[--s->token.len] = '\0';
	if (s->token.len == 0) {
		fault_set(f, FAULT_INPUT, "%s: no token", token_file);
		goto out;
	}
	spec.cert_pem = buf_str(&cert);
	spec.key_pem = buf_str(&key);
	spec.listen_fd = listen_on(n->address, f);
	if (spec.listen_fd >= 0)
		s->httpd = httpd_new(n->loop, &spec, f);
out:
	buf_release(&cert);
	if (key.data != NULL)
		explicit_bzero(key.data, key.len);
	buf_release(&key);
	if (s->httpd != NULL)
		return s;
	serve_free(s);
	return NULL;
}

void
serve_free(struct serve *s)
{
	if (s == NULL)
		return;
	if (s->httpd != NULL)
		httpd_free(s->httpd);
	if (s->token.data != NULL)
		explicit_bzero(s->token.data, s->token.len);
	buf_release(&s->token);
	free(s);
}
