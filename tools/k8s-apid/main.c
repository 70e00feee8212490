/*
 * k8s-apid: the API server of the sandbox.  Objects live in memory behind
 * Kubernetes' REST API, over TLS with bearer tokens, in one thread.  When it
 * ends, everything is gone: it is a cluster's memory for the time of a test.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "k8s-apid/admission.h"
#include "k8s-apid/quota.h"
#include "k8s-apid/server.h"
#include "k8s-apid/service_ips.h"
#include "lib/opt.h"
#include "tool.h"

#define MAX_LISTEN 8
#define BODY_MAX (3U << 20) /* bytes of a request, as kube-apiserver */
#define IDLE_MS 90000.0     /* a connection without requests */
#define CONNECTIONS 4096
#define BACKLOG 128
#define PEM_MAX (1U << 20)

static const char usage[] =
    "k8s-apid [--listen ADDR:PORT ...] [--listen-fd N ...] --tls-cert FILE\n"
    "         --tls-key FILE --token-auth-file FILE [--service-cidr CIDR]\n"
    "         [--disable-admission-plugins LIST] [--kubelet-ca FILE]\n"
    "         [--kubelet-token-file FILE] [--ready-fd N]";

enum {
	OPT_LISTEN = 1,
	OPT_LISTEN_FD,
	OPT_CERT,
	OPT_KEY,
	OPT_TOKENS,
	OPT_CIDR,
	OPT_DISABLE,
	OPT_KUBELET_CA,
	OPT_KUBELET_TOKEN,
	OPT_READY
};

static const struct option long_options[] = {
	{ "disable-admission-plugins", required_argument, NULL, OPT_DISABLE },
	{ "kubelet-ca", required_argument, NULL, OPT_KUBELET_CA },
	{ "kubelet-token-file", required_argument, NULL, OPT_KUBELET_TOKEN },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "listen-fd", required_argument, NULL, OPT_LISTEN_FD },
	{ "ready-fd", required_argument, NULL, OPT_READY },
	{ "service-cidr", required_argument, NULL, OPT_CIDR },
	{ "tls-cert", required_argument, NULL, OPT_CERT },
	{ "tls-key", required_argument, NULL, OPT_KEY },
	{ "token-auth-file", required_argument, NULL, OPT_TOKENS },
	TOOL_LONG,
};

struct options {
	const char *cert, *key, *tokens, *cidr;
	const char *kubelet_ca, *kubelet_token;
	int fds[MAX_LISTEN];
	size_t nfds;
	int ready_fd;
	unsigned admission_off;
};

static int
fd_option(const char *name, const char *arg)
{
	struct fault f;
	long long n;

	if (opt_number(name, arg, 0, 1 << 20, &n, &f) != 0)
		tool_die(&f);
	return (int)n;
}

/* "127.0.0.1:6443" or "[::1]:6443": a listening socket. */
static int
listen_on(const char *arg)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST,
		.ai_socktype = SOCK_STREAM },
			*ai;
	const char *colon = strrchr(arg, ':');
	char host[64];
	int fd, one = 1;

	if (colon == NULL)
		tool_usage("--listen: %s: needs ADDR:PORT", arg);
	if (arg[0] == '[' && colon > arg && colon[-1] == ']')
		snprintf(
		    host, sizeof host, "%.*s", (int)(colon - arg - 2), arg + 1);
	else
		snprintf(host, sizeof host, "%.*s", (int)(colon - arg), arg);
	if (getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &ai) != 0)
		tool_usage("--listen: %s: not an address and port", arg);
	fd = socket(
	    ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(fd, BACKLOG) != 0)
		tool_fail(3, "%s: %s", arg, strerror(errno));
	freeaddrinfo(ai);
	return fd;
}

/* Kept in order: the first listener is what Endpoints name. */
static void
add_listener(struct options *o, int fd)
{
	if (o->nfds == MAX_LISTEN)
		tool_usage("more than %d listeners", MAX_LISTEN);
	o->fds[o->nfds++] = fd;
}

/*
 * Sockets are opened while options are read, so that a busy port is told
 * before anything else is done.
 */
static void
parse_options(int argc, char **argv, struct options *o)
{
	struct fault f;
	int ch;

	while ((ch = tool_getopt(argc, argv, "", long_options)) != -1)
		switch (ch) {
		case OPT_LISTEN:
			add_listener(o, listen_on(optarg));
			break;
		case OPT_LISTEN_FD:
			add_listener(o, fd_option("--listen-fd", optarg));
			break;
		case OPT_CERT:
			o->cert = optarg;
			break;
		case OPT_KEY:
			o->key = optarg;
			break;
		case OPT_TOKENS:
			o->tokens = optarg;
			break;
		case OPT_CIDR:
			o->cidr = optarg;
			break;
		case OPT_DISABLE:
			if (admission_disable(optarg, &o->admission_off, &f) !=
			    0)
				tool_usage(
				    "--disable-admission-plugins: %s", f.msg);
			break;
		case OPT_KUBELET_CA:
			o->kubelet_ca = optarg;
			break;
		case OPT_KUBELET_TOKEN:
			o->kubelet_token = optarg;
			break;
		case OPT_READY:
			o->ready_fd = fd_option("--ready-fd", optarg);
			break;
		}
	if (optind < argc)
		tool_usage("%s: unexpected operand", argv[optind]);
	if (o->nfds == 0)
		tool_usage("--listen or --listen-fd is missing");
	if (o->cert == NULL || o->key == NULL || o->tokens == NULL)
		tool_usage("--tls-cert, --tls-key or --token-auth-file is "
			   "missing");
}

/* What the Endpoints of kubernetes.default say: where we can be reached. */
static void
own_address(struct apid *a, int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof ss;
	char port[8];

	snprintf(a->address, sizeof a->address, "127.0.0.1");
	if (getsockname(fd, (struct sockaddr *)&ss, &len) != 0 ||
	    ss.ss_family != AF_INET ||
	    getnameinfo((struct sockaddr *)&ss, len, a->address,
		sizeof a->address, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	a->port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	if (strcmp(a->address, "0.0.0.0") == 0)
		snprintf(a->address, sizeof a->address, "127.0.0.1");
}

/*
 * Logs need a way to nodes; without an authority for it they are refused,
 * since a node's certificate is never taken on trust.
 */
static void
open_kubelet(struct apid *a, const struct options *o, struct buf *token)
{
	struct http_tls tls = { .ca_file = o->kubelet_ca };
	struct fault f;

	if (o->kubelet_ca == NULL)
		return;
	if (o->kubelet_token != NULL) {
		if (buf_read_file(token, o->kubelet_token, &f) != 0)
			tool_die(&f);
		token->data[strcspn(token->data, "\r\n")] = '\0';
		a->kubelet_token = token->data;
	}
	if (http_init(&f) != 0 ||
	    (a->kubelet = http_new(a->loop, &tls, &f)) == NULL)
		tool_die(&f);
}

/* The key is wiped once the TLS library has its own copy. */
static void
serve(struct apid *a, const struct options *o, struct httpd **servers)
{
	struct buf cert, key;
	struct httpd_spec spec = {
		.max_body = BODY_MAX,
		.idle_ms = IDLE_MS,
		.max_connections = CONNECTIONS,
		.handler = server_handle,
		.arg = a,
	};
	struct fault f;
	size_t i;

	buf_init(&cert, PEM_MAX);
	buf_init(&key, PEM_MAX);
	if (buf_read_file(&cert, o->cert, &f) != 0 ||
	    buf_read_file(&key, o->key, &f) != 0)
		tool_die(&f);
	spec.cert_pem = buf_str(&cert);
	spec.key_pem = buf_str(&key);
	for (i = 0; i < o->nfds; i++) {
		spec.listen_fd = o->fds[i];
		servers[i] = httpd_new(a->loop, &spec, &f);
		if (servers[i] == NULL)
			tool_die(&f);
	}
	explicit_bzero(key.data, key.cap);
	buf_release(&cert);
	buf_release(&key);
}

static void
on_signal(void *arg, int signo)
{
	(void)signo;
	loop_stop(arg);
}

/* As many connections as the system lets us have. */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/*
 * Everything that can be wrong in files and options is found before the first
 * connection is accepted.
 */
static void
start(struct apid *a, const struct options *o, struct buf *kubelet_token)
{
	struct status st = { 0 };
	struct fault f;

	a->loop = loop_new(&f);
	if (a->loop == NULL ||
	    (a->store = store_new(types_count(), &f)) == NULL ||
	    (a->auth = auth_new(o->tokens, &f)) == NULL ||
	    (a->ips = service_ips_new(o->cidr, &f)) == NULL ||
	    (a->quotas = quotas_new(a, &f)) == NULL ||
	    loop_signal(a->loop, SIGTERM, on_signal, a->loop, &f) != 0 ||
	    loop_signal(a->loop, SIGINT, on_signal, a->loop, &f) != 0)
		tool_die(&f);
	open_kubelet(a, o, kubelet_token);
	own_address(a, o->fds[0]);
	a->admission_off = o->admission_off;
	if (server_boot(a, &st) != 0)
		tool_fail(3, "%s", st.message);
}

int
main(int argc, char **argv)
{
	struct options o = { .cidr = "10.96.0.0/16", .ready_fd = -1 };
	struct httpd *servers[MAX_LISTEN] = { 0 };
	struct apid a = { 0 };
	struct buf kubelet_token;
	struct fault f;
	int status = 0;
	size_t i;

	tool_begin("k8s-apid", usage);
	parse_options(argc, argv, &o);
	buf_init(&kubelet_token, 4096);
	raise_limit();
	signal(SIGPIPE, SIG_IGN);
	start(&a, &o, &kubelet_token);
	serve(&a, &o, servers);
	if (o.ready_fd != -1 &&
	    (write(o.ready_fd, "\n", 1) != 1 || close(o.ready_fd) != 0))
		tool_fail(3, "--ready-fd: %s", strerror(errno));
	if (loop_run(a.loop, &f) != 0)
		status = tool_fault(&f);
	for (i = 0; i < MAX_LISTEN; i++)
		httpd_free(servers[i]);
	http_free(a.kubelet); /* last: requests cancel what they have there */
	quotas_free(a.quotas);
	service_ips_free(a.ips);
	auth_free(a.auth);
	store_free(a.store);
	loop_free(a.loop);
	buf_release(&kubelet_token);
	return tool_end(status);
}
