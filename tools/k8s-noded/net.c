/*
 * A pod's network: see net.h.  The veth pair is made by ip(8), since only
 * netlink can; addresses, routes and flags inside by the old ioctls, which
 * need no second process.
 */
#include "k8s-noded/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/child.h"

#define NET_IP_MS 10000 /* ip(8) takes 3 ms; more is a hang */

struct net {
	int net, ipc, uts; /* the node's own namespaces */
	struct in_addr gateway;
	uint32_t last;
	unsigned serial; /* of veth names */
	unsigned char used[65536 / 8];
};

uint32_t
net_next(const unsigned char *used, uint32_t last)
{
	uint32_t i, k = last;

	for (i = 0; i < 65536; i++) {
		k = k >= 65534 ? 2 : k + 1;
		if (k >= 2 && (used[k / 8] & (1 << (k % 8))) == 0)
			return k;
	}
	return 0;
}

struct net *
net_new(const char *gateway, struct fault *f)
{
	struct net *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		fault_nomem(f);
		return NULL;
	}
	n->ipc = n->uts = -1;
	n->last = 1;
	n->net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (n->net >= 0)
		n->ipc = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
	if (n->ipc >= 0)
		n->uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	if (n->uts < 0)
		fault_sys(f, FAULT_UNSURE, errno, "/proc/self/ns");
	else if (inet_pton(AF_INET, gateway, &n->gateway) != 1)
		fault_set(f, FAULT_INPUT, "%s: no IPv4 address", gateway);
	else
		return n;
	net_free(n);
	return NULL;
}

static void
close_all(int *a, int *b, int *c)
{
	if (*a >= 0)
		close(*a);
	if (*b >= 0)
		close(*b);
	if (*c >= 0)
		close(*c);
	*a = *b = *c = -1;
}

void
net_free(struct net *n)
{
	if (n == NULL)
		return;
	close_all(&n->net, &n->ipc, &n->uts);
	free(n);
}

void
net_leave(const struct net *n)
{
	if (setns(n->net, CLONE_NEWNET) != 0 ||
	    setns(n->ipc, CLONE_NEWIPC) != 0 ||
	    setns(n->uts, CLONE_NEWUTS) != 0)
		abort();
}

int
net_enter(const struct net_pod *p, struct fault *f)
{
	if (setns(p->net, CLONE_NEWNET) != 0 ||
	    setns(p->ipc, CLONE_NEWIPC) != 0 ||
	    setns(p->uts, CLONE_NEWUTS) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "pod namespaces");
	return 0;
}

/* New namespaces, held by descriptors; the thread is in them afterwards. */
static int
unshare_pod(struct net_pod *p, const char *hostname, struct fault *f)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "unshare");
	p->net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	p->ipc = open("/proc/self/ns/ipc", O_RDONLY | O_CLOEXEC);
	p->uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	if (p->net < 0 || p->ipc < 0 || p->uts < 0)
		return fault_sys(f, FAULT_UNSURE, errno, "/proc/self/ns");
	if (sethostname(hostname, strnlen(hostname, 63)) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "sethostname");
	return 0;
}

/* The pair: one end on the node's bridge, the other in the pod. */
static int
make_veth(struct net *n, const struct net_pod *p, struct fault *f)
{
	const char *argv[] = { "ip", "-batch", "-", NULL };
	struct buf in, err;
	int status, ret = -1;

	buf_init(&in, 1024);
	buf_init(&err, 4096);
	buf_addf(&in,
	    "link add veth%u up master " NET_BRIDGE
	    " type veth peer name eth0 netns /proc/%d/fd/%d\n",
	    n->serial++, (int)getpid(), p->net);
	if (child_filter(argv, &in, NULL, &err, NET_IP_MS, &status, f) != 0)
		goto out;
	if (status != 0) {
		fault_set(f, FAULT_UNSURE, "ip: %.*s",
		    (int)strcspn(buf_str(&err), "\n"), buf_str(&err));
		goto out;
	}
	ret = 0;
out:
	buf_release(&in);
	buf_release(&err);
	return ret;
}

static int
link_up(int s, const char *name)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(s, SIOCGIFFLAGS, &ifr) != 0)
		return -1;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(s, SIOCSIFFLAGS, &ifr);
}

static void
set_sockaddr(struct sockaddr *sa, struct in_addr a)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = a };

	memcpy(sa, &in, sizeof(in));
}

/* lo and eth0 up, the address, the default route; within the pod. */
static int
configure(const struct net *n, struct in_addr ip)
{
	struct in_addr mask = { htonl(0xffff0000) }, any = { 0 };
	struct ifreq ifr = { 0 };
	struct rtentry rt = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int status = -1, err;

	if (s < 0)
		return -1;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "eth0");
	set_sockaddr(&ifr.ifr_addr, ip);
	if (link_up(s, "lo") != 0 || ioctl(s, SIOCSIFADDR, &ifr) != 0)
		goto out;
	set_sockaddr(&ifr.ifr_netmask, mask);
	if (ioctl(s, SIOCSIFNETMASK, &ifr) != 0 || link_up(s, "eth0") != 0)
		goto out;
	set_sockaddr(&rt.rt_dst, any);
	set_sockaddr(&rt.rt_genmask, any);
	set_sockaddr(&rt.rt_gateway, n->gateway);
	rt.rt_flags = RTF_UP | RTF_GATEWAY;
	status = ioctl(s, SIOCADDRT, &rt);
out:
	err = errno;
	close(s);
	errno = err;
	return status;
}

/*
 * Containers have no capabilities, yet images listen on port 80: every port
 * is open to every user, as container runtimes set it.
 */
static int
open_ports(struct fault *f)
{
	const char *path = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "0", 1) != 1) {
		fault_sys(f, FAULT_UNSURE, errno, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

int
net_pod_make(
    struct net *n, struct net_pod *p, const char *hostname, struct fault *f)
{
	struct in_addr ip;
	int status;

	p->host = net_next(n->used, n->last);
	if (p->host == 0)
		return fault_set(
		    f, FAULT_UNSURE, "no pod address is free in the /16");
	n->used[p->host / 8] |= (unsigned char)(1 << (p->host % 8));
	n->last = p->host;
	ip.s_addr = htonl((ntohl(n->gateway.s_addr) & 0xffff0000) | p->host);
	inet_ntop(AF_INET, &ip, p->ip, sizeof(p->ip));

	status = unshare_pod(p, hostname, f);
	net_leave(n);
	if (status == 0)
		status = make_veth(n, p, f);
	if (status == 0)
		status = net_enter(p, f);
	if (status == 0 && configure(n, ip) != 0)
		status = fault_sys(f, FAULT_UNSURE, errno, "eth0 of a pod");
	if (status == 0)
		status = open_ports(f);
	net_leave(n);
	if (status != 0)
		net_pod_release(n, p);
	return status;
}

void
net_pod_release(struct net *n, struct net_pod *p)
{
	close_all(&p->net, &p->ipc, &p->uts);
	if (p->host != 0)
		n->used[p->host / 8] &= (unsigned char)~(1 << (p->host % 8));
	p->host = 0;
	p->ip[0] = '\0';
}
