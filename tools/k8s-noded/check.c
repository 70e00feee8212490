/*
 * One check of a container: see check.h.  The node is on the pods' bridge,
 * so HTTP and TCP checks go to the pod's address from here, as a kubelet's.
 */
#include "k8s-noded/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "k8s-noded/args.h"
#include "k8s-noded/container.h"
#include "k8s-noded/env.h"
#include "k8s-noded/exec.h"
#include "k8s-noded/image.h"
#include "k8s-noded/process.h"

#define BODY_MAX 10240

struct check {
	struct container *c;
	check_fn *done;
	void *arg;
	struct http_call *http;
	struct exec *exec;
	int sock; /* of a TCP check, or -1 */
	struct loop_timer *timer;
	char url[1024];
};

static void
check_free(struct check *k)
{
	struct node *n = k->c->pod->node;

	loop_timer_cancel(n->loop, &k->timer);
	if (k->sock >= 0) {
		loop_fd_drop(n->loop, k->sock);
		close(k->sock);
	}
	free(k);
}

/* The one way out of a check that was started. */
static void
finish(struct check *k, int ok, const char *output)
{
	check_fn *done = k->done;
	void *arg = k->arg;

	check_free(k);
	done(arg, ok, output);
}

int
check_port(const struct container *c, const cJSON *port)
{
	const cJSON *p;
	const char *name;
	long v;
	char *end;

	if (cJSON_IsNumber(port))
		return port->valuedouble > 0 && port->valuedouble < 65536 ?
			   (int)port->valuedouble :
			   0;
	if (!cJSON_IsString(port))
		return 0;
	cJSON_ArrayForEach(p, json_at(c->spec, "ports", NULL)) {
		name = json_str(p, "name", NULL);
		if (name != NULL && strcmp(name, port->valuestring) == 0)
			return (int)json_num(p, "containerPort", 0);
	}
	v = strtol(port->valuestring, &end, 10);
	return *end == '\0' && v > 0 && v < 65536 ? (int)v : 0;
}

static void
on_http(void *arg, const struct http_result *r)
{
	struct check *k = arg;
	char output[1600];

	k->http = NULL;
	if (r->status == 0)
		snprintf(output, sizeof(output), "Get \"%s\": %s", k->url,
		    r->error != NULL ? r->error : "no response");
	else if (r->status < 200 || r->status >= 400)
		snprintf(output, sizeof(output),
		    "HTTP probe failed with statuscode: %d", r->status);
	else
		output[0] = '\0';
	finish(k, output[0] == '\0', output);
}

static int
start_http(
    struct check *k, const cJSON *get, double timeout_ms, struct fault *f)
{
	const char *host = json_str(get, "host", NULL);
	const char *path = json_str(get, "path", NULL);
	const char *scheme = json_str(get, "scheme", NULL);
	int https = scheme != NULL && strcasecmp(scheme, "HTTPS") == 0;
	int port = check_port(k->c, json_at(get, "port", NULL));
	struct http_request rq = { .url = k->url,
		.timeout_ms = timeout_ms,
		.connect_timeout_ms = timeout_ms,
		.max_body = BODY_MAX,
		.follow = 10,
		.fresh = 1,
		.done = on_http,
		.arg = k };
	struct args headers = { 0 };
	const cJSON *h;
	int agent = 0, status = -1;

	if (port == 0)
		return fault_set(f, FAULT_INPUT, "httpGet: unknown port");
	if (path == NULL)
		path = "/";
	snprintf(k->url, sizeof(k->url), "http%s://%s:%d%s%s", https ? "s" : "",
	    host != NULL && *host != '\0' ? host : k->c->pod->net.ip, port,
	    *path == '/' ? "" : "/", path);
	cJSON_ArrayForEach(h, json_at(get, "httpHeaders", NULL)) {
		const char *name = json_str(h, "name", NULL);
		const char *value = json_str(h, "value", NULL);

		if (name == NULL || value == NULL)
			continue;
		args_addf(&headers, "%s: %s", name, value);
		agent |= strcasecmp(name, "User-Agent") == 0;
	}
	if (!agent)
		args_add(&headers, "User-Agent: kube-probe/1.32");
	rq.headers = (const char *const *)headers.v;
	if (headers.failed)
		fault_nomem(f);
	else
		k->http = http_start(k->c->pod->node->probes, &rq, f);
	status = k->http != NULL ? 0 : -1;
	args_release(&headers);
	return status;
}

static void
tcp_done(struct check *k, int err)
{
	char output[1280];

	snprintf(output, sizeof(output), "dial tcp %s: %s", k->url,
	    err == ECONNREFUSED ? "connect: connection refused" :
	    err == ETIMEDOUT    ? "i/o timeout" :
				  strerror(err));
	finish(k, err == 0, err == 0 ? "" : output);
}

static void
on_connect(void *arg, int fd, uint32_t events)
{
	struct check *k = arg;
	socklen_t len = sizeof(int);
	int err = 0;

	(void)events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		err = errno;
	tcp_done(k, err);
}

static void
on_tcp_timeout(void *arg)
{
	struct check *k = arg;

	k->timer = NULL;
	tcp_done(k, ETIMEDOUT);
}

static int
start_tcp(struct check *k, const cJSON *tcp, double timeout_ms, struct fault *f)
{
	struct node *n = k->c->pod->node;
	const char *host = json_str(tcp, "host", NULL);
	int port = check_port(k->c, json_at(tcp, "port", NULL));
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };

	if (host == NULL || *host == '\0')
		host = k->c->pod->net.ip;
	if (port == 0 || inet_pton(AF_INET, host, &sa.sin_addr) != 1)
		return fault_set(
		    f, FAULT_INPUT, "tcpSocket: unknown port or host");
	snprintf(k->url, sizeof(k->url), "%s:%d", host, port);
	k->sock =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (k->sock < 0)
		return fault_sys(f, FAULT_UNSURE, errno, "socket");
	k->timer = loop_timer(n->loop, timeout_ms, on_tcp_timeout, k, f);
	if (k->timer == NULL)
		return -1;
	/* at once or not, the result is told through the loop */
	if (connect(k->sock, (struct sockaddr *)&sa, sizeof(sa)) != 0 &&
	    errno != EINPROGRESS)
		return fault_sys(f, FAULT_NO, errno, "dial tcp %s", k->url);
	return loop_fd(n->loop, k->sock, EPOLLOUT, on_connect, k, f);
}

static void
on_exec(void *arg, int status, int timed_out, const char *output)
{
	struct check *k = arg;
	char text[64];

	k->exec = NULL;
	snprintf(text, sizeof(text), "command timed out");
	finish(k, status == 0 && !timed_out, timed_out ? text : output);
}

static int
start_exec(
    struct check *k, const cJSON *exec, double timeout_ms, struct fault *f)
{
	const char *cwd = json_str(k->c->spec, "workingDir", NULL);
	struct env own = { 0 }, all = { 0 };
	struct args argv = { 0 };
	const cJSON *w;

	if (k->c->process == NULL || !process_entered(k->c->process))
		return fault_set(f, FAULT_NO, "container is not running");
	cJSON_ArrayForEach(w, json_at(exec, "command", NULL))
		if (cJSON_IsString(w))
			args_add(&argv, w->valuestring);
	if (cwd == NULL || *cwd != '/')
		cwd = json_str(k->c->image->variant, "workdir", NULL);
	if (argv.n == 0)
		fault_set(f, FAULT_INPUT, "exec: no command");
	else if (container_env(k->c, &own, &all, f) == 0)
		k->exec = exec_start(k->c->pod->node->loop,
		    process_pid(k->c->process), (const char *const *)argv.v,
		    (const char *const *)all.v, cwd != NULL ? cwd : "/",
		    timeout_ms, on_exec, k, f);
	args_release(&argv);
	env_release(&own);
	env_release(&all);
	return k->exec != NULL ? 0 : -1;
}

struct check *
check_start(struct container *c, const cJSON *handler, double timeout_ms,
    check_fn *done, void *arg, struct fault *f)
{
	static const struct {
		const char *name;
		int (*start)(
		    struct check *, const cJSON *, double, struct fault *);
	} kinds[] = {
		{ "httpGet", start_http },
		{ "tcpSocket", start_tcp },
		{ "exec", start_exec },
	};
	struct check *k = calloc(1, sizeof(*k));
	const cJSON *v;
	size_t i;
	int status = -2;

	if (k == NULL) {
		fault_nomem(f);
		return NULL;
	}
	k->c = c;
	k->sock = -1;
	k->done = done;
	k->arg = arg;
	for (i = 0; i < 3 && status == -2; i++) {
		v = json_at(handler, kinds[i].name, NULL);
		if (v != NULL)
			status = kinds[i].start(k, v, timeout_ms, f);
	}
	if (status == -2)
		fault_set(f, FAULT_INPUT,
		    "a sandbox checks by httpGet, tcpSocket or exec only");
	if (status == 0)
		return k;
	check_free(k);
	return NULL;
}

void
check_cancel(struct check *k)
{
	if (k == NULL)
		return;
	if (k->http != NULL)
		http_cancel(k->c->pod->node->probes, k->http);
	exec_cancel(k->exec);
	check_free(k);
}
