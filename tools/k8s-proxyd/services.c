/*
 * Services: see services.h.  An update builds the list of ports as it should
 * be, and takes over the sockets of those that are there already, so that
 * clients waiting in a backlog stay.
 */
#include "services.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

#define BACKLOG 512
#define ACCEPTS 64       /* connections taken from one socket in one turn */
#define MAX_TARGETS 4096 /* endpoints of one port that are used */

struct service;

/* One port of a Service. */
struct port {
	struct port *next;
	struct services *all;
	const struct service *service;
	struct sockaddr_in address;
	int fd;
	struct sockaddr_in *targets;
	size_t n, turn;
};

struct service {
	struct service *next;
	char *key;    /* "namespace/name" */
	int affinity; /* the same client goes to the same target */
	struct port *ports;
	int warned; /* about protocols */
};

struct services {
	struct loop *loop;
	struct forward *forward;
	struct service *list;
};

struct services *
services_new(struct loop *l, struct forward *fw, struct fault *f)
{
	struct services *all = calloc(1, sizeof(*all));

	if (all == NULL) {
		fault_nomem(f);
		return NULL;
	}
	all->loop = l;
	all->forward = fw;
	return all;
}

static void
port_free(struct port *p)
{
	if (p->fd != -1) {
		loop_fd_drop(p->all->loop, p->fd);
		close(p->fd);
	}
	free(p->targets);
	free(p);
}

static void
ports_free(struct port *p)
{
	struct port *next;

	for (; p != NULL; p = next) {
		next = p->next;
		port_free(p);
	}
}

void
services_free(struct services *all)
{
	struct service *s, *next;

	if (all == NULL)
		return;
	for (s = all->list; s != NULL; s = next) {
		next = s->next;
		ports_free(s->ports);
		free(s->key);
		free(s);
	}
	free(all);
}

/* Where the next connection from client goes first. */
static size_t
choose(struct port *p, const struct sockaddr_in *client)
{
	if (p->service->affinity)
		/* Knuth's multiplicative hash: neighbours spread */
		return (ntohl(client->sin_addr.s_addr) * 2654435761u >> 8) %
		       p->n;
	p->turn = (p->turn + 1) % p->n;
	return p->turn;
}

static void
on_client(void *arg, int fd, uint32_t events)
{
	struct port *p = arg;
	struct sockaddr_in client, targets[FORWARD_TRIES];
	socklen_t len = sizeof(client);
	size_t first, i, n;
	int c, taken;

	(void)events;
	for (taken = 0; taken < ACCEPTS; taken++) {
		memset(&client, 0, sizeof(client));
		c = accept4(fd, (struct sockaddr *)&client, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (c == -1)
			return; /* none left, or gone already */
		first = choose(p, &client);
		n = p->n < FORWARD_TRIES ? p->n : FORWARD_TRIES;
		for (i = 0; i < n; i++)
			targets[i] = p->targets[(first + i) % p->n];
		forward_start(p->all->forward, c, targets, n);
	}
}

/* Listens on the port's address: 0, or -1 with errno. */
static int
port_listen(struct port *p)
{
	int on = 1, err;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd == -1)
		return -1;
	/* FREEBIND: the range is routed here, no device has the address */
	if (setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(p->fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) == 0 &&
	    bind(p->fd, (struct sockaddr *)&p->address, sizeof(p->address)) ==
		0 &&
	    listen(p->fd, BACKLOG) == 0 &&
	    loop_fd(p->all->loop, p->fd, EPOLLIN, on_client, p, NULL) == 0)
		return 0;
	err = errno;
	close(p->fd);
	p->fd = -1;
	errno = err;
	return -1;
}

static int
same_name(const cJSON *a, const cJSON *b)
{
	const char *x = json_str(a, "name", NULL),
		   *y = json_str(b, "name", NULL);

	return strcmp(x != NULL ? x : "", y != NULL ? y : "") == 0;
}

/* The port number of a subset for a Service's port, or 0. */
static int
subset_port(const cJSON *subset, const cJSON *port)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, json_at(subset, "ports", NULL)) {
		const char *protocol = json_str(e, "protocol", NULL);
		double n = json_num(e, "port", 0);

		if (same_name(e, port) && n > 0 && n < 65536 &&
		    (protocol == NULL || strcmp(protocol, "TCP") == 0))
			return (int)n;
	}
	return 0;
}

/* Fills the targets of a port from the ready addresses: 0 or -1. */
static int
find_targets(struct port *p, const cJSON *port, const cJSON *endpoints)
{
	const cJSON *subset, *address;
	struct sockaddr_in a = { .sin_family = AF_INET }, *more;

	cJSON_ArrayForEach(subset, json_at(endpoints, "subsets", NULL)) {
		int number = subset_port(subset, port);

		a.sin_port = htons((unsigned short)number);
		cJSON_ArrayForEach(
		    address, json_at(subset, "addresses", NULL)) {
			const char *ip = json_str(address, "ip", NULL);

			if (number == 0 || ip == NULL || p->n >= MAX_TARGETS ||
			    inet_pton(AF_INET, ip, &a.sin_addr) != 1)
				continue;
			more =
			    reallocarray(p->targets, p->n + 1, sizeof(*more));
			if (more == NULL)
				return -1;
			p->targets = more;
			p->targets[p->n++] = a;
		}
	}
	return 0;
}

static struct service *
service_get(struct services *all, const char *key)
{
	struct service *s;

	for (s = all->list; s != NULL; s = s->next)
		if (strcmp(s->key, key) == 0)
			return s;
	s = calloc(1, sizeof(*s));
	if (s == NULL || (s->key = strdup(key)) == NULL) {
		free(s);
		return NULL;
	}
	s->next = all->list;
	all->list = s;
	return s;
}

static void
service_drop(struct services *all, const char *key)
{
	struct service **at, *s;

	for (at = &all->list; (s = *at) != NULL; at = &s->next)
		if (strcmp(s->key, key) == 0) {
			*at = s->next;
			ports_free(s->ports);
			free(s->key);
			free(s);
			return;
		}
}

/* Takes the socket and the turn of an old port at the same address. */
static void
take_over(struct port *p, struct port *old)
{
	for (; old != NULL; old = old->next) {
		if (old->fd == -1 ||
		    memcmp(&old->address, &p->address, sizeof(p->address)) != 0)
			continue;
		if (loop_fd(p->all->loop, old->fd, EPOLLIN, on_client, p,
			NULL) != 0)
			return;
		p->fd = old->fd;
		p->turn = old->turn;
		old->fd = -1;
		return;
	}
}

/* Adds one port of the Service to the new list, when it can be served. */
static int
add_port(struct services *all, struct service *s, struct port **list,
    struct in_addr ip, const cJSON *port, const cJSON *endpoints)
{
	double number = json_num(port, "port", 0);
	struct port *p;

	if (number <= 0 || number >= 65536)
		return 0;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -1;
	p->all = all;
	p->service = s;
	p->fd = -1;
	p->address.sin_family = AF_INET;
	p->address.sin_addr = ip;
	p->address.sin_port = htons((unsigned short)number);
	if (find_targets(p, port, endpoints) != 0) {
		port_free(p);
		return -1;
	}
	if (p->n == 0) {
		port_free(p); /* refused by the kernel, at once */
		return 0;
	}
	take_over(p, s->ports);
	if (p->fd == -1 && port_listen(p) != 0)
		tool_warn("%s: %s:%d: %s", s->key,
		    json_str(port, "name", NULL) != NULL ?
			json_str(port, "name", NULL) :
			"port",
		    (int)number, strerror(errno));
	p->next = *list;
	*list = p;
	return 0;
}

/* 1 when the port is TCP; what is not is told once. */
static int
is_tcp(struct service *s, const cJSON *port)
{
	const char *protocol = json_str(port, "protocol", NULL);

	if (protocol == NULL || strcmp(protocol, "TCP") == 0)
		return 1;
	if (!s->warned)
		tool_warn("%s: port %d: %s is not served, only TCP is", s->key,
		    (int)json_num(port, "port", 0), protocol);
	s->warned = 1;
	return 0;
}

/* The address that is to be served, or -1 for a Service without one. */
static int
cluster_ip(const cJSON *service, struct in_addr *ip)
{
	const char *text = json_str(service, "spec", "clusterIP", NULL);
	const char *type = json_str(service, "spec", "type", NULL);

	if (text == NULL || (type != NULL && strcmp(type, "ExternalName") == 0))
		return -1;
	return inet_pton(AF_INET, text, ip) == 1 ? 0 : -1;
}

void
services_update(struct services *all, const char *ns, const char *name,
    const cJSON *service, const cJSON *endpoints)
{
	const char *affinity =
	    json_str(service, "spec", "sessionAffinity", NULL);
	struct port *list = NULL;
	struct service *s;
	struct in_addr ip;
	const cJSON *port;
	char key[600];

	snprintf(key, sizeof(key), "%s/%s", ns, name);
	/* the API server itself listens there */
	if (strcmp(key, "default/kubernetes") == 0)
		return;
	if (service == NULL || cluster_ip(service, &ip) != 0) {
		service_drop(all, key);
		return;
	}
	s = service_get(all, key);
	if (s == NULL) {
		tool_warn("%s: out of memory", key);
		return;
	}
	s->affinity = affinity != NULL && strcmp(affinity, "ClientIP") == 0;
	cJSON_ArrayForEach(port, json_at(service, "spec", "ports", NULL))
		if (is_tcp(s, port) &&
		    add_port(all, s, &list, ip, port, endpoints) != 0)
			tool_warn("%s: out of memory", key);
	ports_free(s->ports);
	s->ports = list;
}
