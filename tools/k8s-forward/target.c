/*
 * What a local port leads to.  A Service is looked up when the first
 * connection comes, so that forwards may begin before what they lead to;
 * its pods are watched from then on, so a replaced pod is followed.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "forward.h"
#include "lib/kube_refs.h"
#include "lib/kube_status.h"
#include "lib/opt.h"
#include "tool.h"

#define AGAIN_MS 300.0 /* between looks for a Service that is not there */
#define FULL_MS 100.0  /* until connections are accepted again */

static void look(struct target *t);

int
target_parse(struct target *t, const char *arg, struct fault *f)
{
	const char *first = strchr(arg, ':'), *last = strrchr(arg, ':');
	const char *name = arg;
	long long n;
	char local[32];

	t->fd = -1;
	t->text = arg;
	if (first == NULL || last[1] == '\0')
		return fault_set(
		    f, FAULT_INPUT, "%s: not [LOCAL:]NAME:PORT", arg);
	if (first != last) {
		snprintf(local, sizeof(local), "%.*s", (int)(first - arg), arg);
		if (opt_number(arg, local, 1, 65535, &n, f) != 0)
			return -1;
		t->local = (int)n;
		name = first + 1;
	}
	t->is_pod = strncmp(name, "pod/", 4) == 0;
	if (t->is_pod || strncmp(name, "svc/", 4) == 0)
		name += 4;
	if (name == last || memchr(name, '/', (size_t)(last - name)) != NULL ||
	    memchr(name, ':', (size_t)(last - name)) != NULL)
		return fault_set(
		    f, FAULT_INPUT, "%s: not [LOCAL:]NAME:PORT", arg);
	t->name = strndup(name, (size_t)(last - name));
	t->port = strdup(last + 1);
	return t->name != NULL && t->port != NULL ? 0 : fault_nomem(f);
}

static void on_accept(void *arg, int fd, uint32_t events);

static int
accept_more(struct target *t, struct fault *f)
{
	return loop_fd(t->fw->loop, t->fd, EPOLLIN, on_accept, t, f);
}

static void
on_room(void *arg)
{
	struct target *t = arg;
	struct fault f = { 0 };

	t->full = NULL;
	if (accept_more(t, &f) != 0)
		tool_die(&f);
}

/* No more for a while: those that come wait in the kernel's queue. */
static void
wait_for_room(struct target *t, const char *why)
{
	if (!t->was_full)
		tool_warn("%s: %s: further connections wait", t->text, why);
	t->was_full = 1;
	t->full = loop_timer(t->fw->loop, FULL_MS, on_room, t, NULL);
	if (t->full != NULL)
		loop_fd_drop(t->fw->loop, t->fd);
}

static void
on_accept(void *arg, int fd, uint32_t events)
{
	struct target *t = arg;
	int peer;

	(void)events;
	while (t->fw->nlinks < t->fw->max_links) {
		peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (peer != -1) {
			link_new(t, peer);
			continue;
		}
		/* to be told of it again at once would be for ever */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			wait_for_room(t, strerror(errno));
		return;
	}
	wait_for_room(t, "too many connections");
}

/* A listening socket at address, port t->local: its descriptor, or -1. */
static int
listen_at(const struct addrinfo *a)
{
	int on = 1, fd = socket(a->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	close(fd);
	return -1;
}

int
target_listen(struct target *t, struct fault *f)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	struct addrinfo *a;
	char port[16];
	int err;

	snprintf(port, sizeof(port), "%d", t->local);
	err = getaddrinfo(t->fw->address, port, &hints, &a);
	if (err != 0)
		return fault_set(f, FAULT_INPUT, "%s: %s", t->fw->address,
		    gai_strerror(err));
	t->fd = listen_at(a);
	err = errno;
	freeaddrinfo(a);
	if (t->fd == -1)
		return fault_sys(
		    f, FAULT_UNSURE, err, "%s port %s", t->fw->address, port);
	if (getsockname(t->fd, (struct sockaddr *)&at, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&at, len, NULL, 0, port,
		sizeof(port), NI_NUMERICSERV) == 0)
		t->local = (int)strtol(port, NULL, 10);
	return accept_more(t, f);
}

/* The number of a pod's port, which may be a name: 0 when it has none. */
static int
port_of(const cJSON *pod, const char *port)
{
	const cJSON *c, *p;
	const char *name;
	char *end;
	long n = strtol(port, &end, 10);

	if (*end == '\0')
		return n > 0 && n < 65536 ? (int)n : 0;
	cJSON_ArrayForEach(c, json_at(pod, "spec", "containers", NULL)) {
		cJSON_ArrayForEach(p, json_at(c, "ports", NULL)) {
			name = json_str(p, "name", NULL);
			if (name != NULL && strcmp(name, port) == 0)
				return (int)json_num(p, "containerPort", 0);
		}
	}
	return 0;
}

struct choice {
	const char *port;
	unsigned seen, wanted;
	const cJSON *pod;
	int number;
};

static int
choose(void *arg, const cJSON *pod)
{
	struct choice *c = arg;
	int number;

	if (json_at(pod, "metadata", "deletionTimestamp", NULL) != NULL ||
	    kube_status_pod(pod).state != KUBE_READY ||
	    (number = port_of(pod, c->port)) == 0)
		return 0;
	c->pod = pod;
	c->number = number;
	return c->seen++ == c->wanted;
}

int
target_pod(struct target *t, char *pod, size_t size, int *port)
{
	struct choice c = { .port = t->pod_port };
	const char *trouble;

	if (t->pods == NULL) {
		if (t->call == NULL && t->timer == NULL)
			look(t);
		return -1;
	}
	c.wanted = t->turn++;
	if (!kube_cache_each(t->pods, choose, &c) && c.seen > 0) {
		/* fewer than the turn: from the first again */
		c.wanted = 0;
		c.seen = 0;
		t->turn = 1;
		kube_cache_each(t->pods, choose, &c);
	}
	if (c.pod == NULL) {
		trouble = kube_cache_trouble(t->pods);
		snprintf(t->why, sizeof(t->why),
		    "no ready pod with port %s%s%s", t->pod_port,
		    trouble != NULL ? ": " : "",
		    trouble != NULL ? trouble : "");
		return -1;
	}
	snprintf(pod, size, "%s", json_str(c.pod, "metadata", "name", NULL));
	*port = c.number;
	return 0;
}

static void
on_pods(void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct target *t = arg;

	(void)ev;
	(void)object;
	(void)before;
	link_wake(t);
}

static int
watch_pods(struct target *t, const char *selector, const char *value)
{
	struct fault f = { 0 };
	struct buf path, query;

	buf_init(&path, 4096);
	buf_init(&query, 1 << 16);
	buf_adds(&path, "/api/v1/namespaces/");
	http_escape(&path, t->fw->ns, strlen(t->fw->ns), 0);
	buf_adds(&path, "/pods");
	buf_addf(&query, "%s", selector);
	http_escape(&query, value, strlen(value), 0);
	if (buf_check(&path, "path", &f) == 0 &&
	    buf_check(&query, "query", &f) == 0)
		t->pods = kube_cache_new(t->fw->kube, buf_str(&path),
		    buf_str(&query), on_pods, t, &f);
	buf_release(&path);
	buf_release(&query);
	if (t->pods == NULL)
		snprintf(t->why, sizeof(t->why), "%s", f.msg);
	return t->pods != NULL ? 0 : -1;
}

/* Where the Service's port is at its pods: copied to t->pod_port. */
static int
find_port(struct target *t, const cJSON *service)
{
	const cJSON *p, *to;
	const char *name;
	char number[16];

	cJSON_ArrayForEach(p, json_at(service, "spec", "ports", NULL)) {
		name = json_str(p, "name", NULL);
		snprintf(
		    number, sizeof(number), "%d", (int)json_num(p, "port", 0));
		if (strcmp(number, t->port) != 0 &&
		    (name == NULL || strcmp(name, t->port) != 0))
			continue;
		to = json_at(p, "targetPort", NULL);
		if (cJSON_IsNumber(to))
			snprintf(
			    number, sizeof(number), "%d", (int)to->valuedouble);
		free(t->pod_port);
		t->pod_port =
		    strdup(cJSON_IsString(to) ? to->valuestring : number);
		return t->pod_port != NULL ? 0 : -1;
	}
	snprintf(t->why, sizeof(t->why), "service %s has no port %s", t->name,
	    t->port);
	return -1;
}

static void
on_again(void *arg)
{
	struct target *t = arg;

	t->timer = NULL;
	if (t->links != NULL)
		look(t);
}

static void
on_service(void *arg, const struct kube_answer *a)
{
	struct target *t = arg;
	struct buf selector;

	t->call = NULL;
	buf_init(&selector, 1 << 16);
	if (!kube_ok(a))
		snprintf(t->why, sizeof(t->why), "%s", a->message);
	else if (kube_selector_text(&selector,
		     json_at(a->body, "spec", "selector", NULL)) != 0)
		snprintf(t->why, sizeof(t->why), "service %s selects no pods",
		    t->name);
	else if (find_port(t, a->body) == 0)
		watch_pods(t, "labelSelector=", buf_str(&selector));
	buf_release(&selector);
	if (t->pods == NULL)
		t->timer = loop_timer(t->fw->loop, AGAIN_MS, on_again, t, NULL);
}

/* Begins to look for the pods. */
static void
look(struct target *t)
{
	struct kube_request rq = { .method = "GET",
		.patience_ms = t->fw->patience_ms,
		.done = on_service,
		.arg = t };
	struct fault f = { 0 };
	struct buf path;

	if (t->is_pod) {
		if (t->pod_port == NULL)
			t->pod_port = strdup(t->port);
		if (t->pod_port != NULL)
			watch_pods(
			    t, "fieldSelector=metadata.name%3D", t->name);
		return;
	}
	buf_init(&path, 4096);
	buf_adds(&path, "/api/v1/namespaces/");
	http_escape(&path, t->fw->ns, strlen(t->fw->ns), 0);
	buf_adds(&path, "/services/");
	http_escape(&path, t->name, strlen(t->name), 0);
	rq.path = buf_str(&path);
	t->call = kube_start(t->fw->kube, &rq, &f);
	if (t->call == NULL) {
		snprintf(t->why, sizeof(t->why), "%s", f.msg);
		t->timer = loop_timer(t->fw->loop, AGAIN_MS, on_again, t, NULL);
	}
	buf_release(&path);
}

void
target_release(struct target *t)
{
	while (t->links != NULL)
		link_free(t->links);
	if (t->fd != -1) {
		loop_fd_drop(t->fw->loop, t->fd);
		close(t->fd);
	}
	loop_timer_cancel(t->fw->loop, &t->timer);
	loop_timer_cancel(t->fw->loop, &t->full);
	kube_cancel(t->fw->kube, t->call);
	kube_cache_free(t->pods);
	free(t->name);
	free(t->port);
	free(t->pod_port);
}
