/*
 * sql-serve: serves JSON over HTTP from SQL.  One thread, one loop: requests
 * wait for the database in a pool's queue, not in threads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/opt.h"
#include "serve.h"
#include "static.h"
#include "tool.h"

#define QUEUE_MAX 1024     /* requests that may wait for a connection */
#define CONNECTIONS 1024   /* of clients */
#define IDLE_MS 30000.0    /* a client silent for so long is cut off */
#define GRACE_MS 5000.0    /* for open requests, after SIGTERM */
#define GRACE_STEP_MS 20.0 /* how often we look whether they are done */

static const char usage[] =
    "sql-serve [--db DSN] [--listen ADDR:PORT] [--max-body BYTES]\n"
    "                 [--pool N] [--redis URL] [--static DIR] FILE.routes ...";

struct options {
	const char *listen, *db, *redis, *root;
	long long pool, max_body;
};

struct daemon {
	struct loop *loop;
	struct httpd *httpd;
	double left; /* ms until open requests are given up */
};

static long long
number(const char *option, long long min, long long max)
{
	struct fault f = { 0 };
	long long n;

	if (opt_number(option, optarg, min, max, &n, &f) != 0)
		tool_usage("%s", f.msg);
	return n;
}

static void
parse(int argc, char **argv, struct options *o)
{
	enum { DB = 256, LISTEN, MAX_BODY, POOL, REDIS, STATIC };
	static const struct option table[] = {
		{ "db", required_argument, NULL, DB },
		{ "listen", required_argument, NULL, LISTEN },
		{ "max-body", required_argument, NULL, MAX_BODY },
		{ "pool", required_argument, NULL, POOL },
		{ "redis", required_argument, NULL, REDIS },
		{ "static", required_argument, NULL, STATIC },
		TOOL_LONG,
	};
	int ch;

	while ((ch = tool_getopt(argc, argv, "", table)) != -1)
		switch (ch) {
		case DB:
			o->db = optarg;
			break;
		case LISTEN:
			o->listen = optarg;
			break;
		case MAX_BODY:
			o->max_body = number("--max-body", 1, 256 << 20);
			break;
		case POOL:
			o->pool = number("--pool", 1, 100);
			break;
		case REDIS:
			o->redis = optarg;
			break;
		default:
			o->root = optarg;
			break;
		}
	if (optind == argc)
		tool_usage("no routes given");
}

/* Splits ADDR:PORT; an address in brackets, none for all. */
static int
resolve(const char *where, struct addrinfo **list, struct fault *f)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE };
	const char *colon = strrchr(where, ':');
	char host[256];
	long long port;
	size_t n;
	int rc;

	n = colon != NULL ? (size_t)(colon - where) : 0;
	if (colon == NULL || n >= sizeof host)
		return fault_set(
		    f, FAULT_INPUT, "--listen: expected ADDR:PORT");
	if (opt_number("--listen", colon + 1, 0, 65535, &port, f) != 0)
		return -1;
	if (n >= 2 && where[0] == '[' && where[n - 1] == ']') {
		where++;
		n -= 2;
	}
	snprintf(host, sizeof host, "%.*s", (int)n, where);
	rc = getaddrinfo(n > 0 ? host : NULL, colon + 1, &hints, list);
	if (rc != 0)
		return fault_set(
		    f, FAULT_INPUT, "--listen: %s: %s", host, gai_strerror(rc));
	return 0;
}

/* A listening socket; says where on standard error, for port 0 as well. */
static int
listen_on(const char *where, struct fault *f)
{
	struct addrinfo *list, *a;
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	char host[64], port[8];
	int fd = -1, one = 1, err = 0;

	if (resolve(where, &list, f) != 0)
		return -1;
	for (a = list; a != NULL && fd == -1; a = a->ai_next) {
		fd = socket(a->ai_family,
		    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd != -1 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one,
				     sizeof one) != 0 ||
				    bind(fd, a->ai_addr, a->ai_addrlen) != 0 ||
				    listen(fd, 511) != 0)) {
			err = errno;
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	if (fd == -1)
		return fault_sys(f, FAULT_UNSURE, err, "%s", where);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&ss, len, host, sizeof host, port,
		sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		tool_warn("listening on %s:%s", host, port);
	return fd;
}

static int
uses_redis(const struct routes *rs)
{
	size_t i;

	for (i = 0; i < rs->n; i++)
		if (rs->v[i].n_steps > 0)
			return 1;
	return 0;
}

/* ---- the end ---- */

static void
on_grace(void *arg)
{
	struct daemon *d = arg;

	d->left -= GRACE_STEP_MS;
	if (httpd_busy(d->httpd) == 0 || d->left <= 0 ||
	    loop_timer(d->loop, GRACE_STEP_MS, on_grace, d, NULL) == NULL)
		loop_stop(d->loop);
}

static void
on_stop(void *arg, int signo)
{
	struct daemon *d = arg;

	(void)signo;
	if (d->left > 0) {
		loop_stop(d->loop);
		return;
	}
	d->left = GRACE_MS;
	httpd_quiesce(d->httpd);
	on_grace(d);
}

/* ---- the start ---- */

static void
load(struct routes *rs, char **files)
{
	struct fault f = { 0 };
	int status = 0;

	for (; *files != NULL; files++)
		if (routes_load(rs, *files, &f) != 0)
			status = tool_worse(status, tool_fault(&f));
	if (status == 0 && routes_finish(rs, &f) != 0)
		status = tool_fault(&f);
	if (status != 0)
		exit(status);
}

static int
start(const struct options *o, struct serve *sv, struct daemon *d,
    struct fault *f)
{
	struct pool_spec pool = { .dsn = o->db,
		.size = (unsigned)o->pool,
		.queue = QUEUE_MAX,
		.statements = (unsigned)sv->routes->n + 1 };
	struct httpd_spec http = { .max_body = (size_t)o->max_body,
		.idle_ms = IDLE_MS,
		.max_connections = CONNECTIONS,
		.handler = serve_request,
		.too_large = serve_too_large,
		.arg = sv };
	struct redis_url url;

	if (uses_redis(sv->routes)) {
		if (o->redis == NULL)
			return fault_set(f, FAULT_INPUT,
			    "routes have redis steps: --redis or REDIS_URL "
			    "is wanted");
		if (redis_url_parse(&url, o->redis, f) != 0 ||
		    (sv->link = link_new(d->loop, &url, f)) == NULL)
			return -1;
	}
	sv->pool = pool_new(d->loop, &pool, f);
	if (sv->pool == NULL)
		return -1;
	http.listen_fd = listen_on(o->listen, f);
	if (http.listen_fd == -1)
		return -1;
	d->httpd = httpd_new(d->loop, &http, f);
	if (d->httpd == NULL ||
	    loop_signal(d->loop, SIGTERM, on_stop, d, f) != 0 ||
	    loop_signal(d->loop, SIGINT, on_stop, d, f) != 0)
		return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct options o = { .listen = "127.0.0.1:8000",
		.redis = getenv("REDIS_URL"),
		.pool = 4,
		.max_body = 1 << 20 };
	struct routes routes = { .n = 0 };
	struct serve sv = { .routes = &routes };
	struct daemon d = { .left = 0 };
	char *root = NULL;
	struct fault f = { 0 };
	int status = 0;

	tool_begin("sql-serve", usage);
	parse(argc, argv, &o);
	load(&routes, argv + optind);
	if (o.root != NULL && (root = static_root(o.root, &f)) == NULL)
		tool_die(&f);
	sv.root = root;
	/* a peer that went away is an error of write(2), not our end */
	signal(SIGPIPE, SIG_IGN);
	d.loop = loop_new(&f);
	if (d.loop == NULL || start(&o, &sv, &d, &f) != 0 ||
	    loop_run(d.loop, &f) != 0)
		status = tool_fault(&f);
	httpd_free(d.httpd);
	pool_free(sv.pool);
	link_free(sv.link);
	loop_free(d.loop);
	routes_release(&routes);
	free(root);
	return tool_end(status);
}
