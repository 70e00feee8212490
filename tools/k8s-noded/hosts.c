/*
 * Names: see hosts.h.  All files are written anew when any service or its
 * ready endpoints change: with tens of services that is some kilobytes, and
 * a write of the same text is left out.
 */
#include "k8s-noded/hosts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "k8s-noded/path.h"
#include "k8s-noded/pods.h"

#define HOSTS_MAX (8 << 20)
#define DOMAIN "svc.cluster.local"

struct hosts {
	struct node *node;
	const char *file; /* of the command, or NULL */
	char *head;       /* what it held before */
	struct loop_timer *write;
};

struct walk {
	struct hosts *hosts;
	struct buf *out;
	const char *ns;
};

static int
walk_service(void *arg, const cJSON *service)
{
	struct walk *w = arg;
	const char *name = json_str(service, "metadata", "name", NULL);
	const char *ns = json_str(service, "metadata", "namespace", NULL);

	if (name != NULL && ns != NULL)
		hosts_service(w->out, service,
		    kube_cache_get(w->hosts->node->endpoints, ns, name), w->ns);
	return 0;
}

/*
 * Replaces the content of the same inode.  A reader may see a mixture for an
 * instant; the new text is written before the old end is cut off, so names
 * that stay are never missing.
 */
static void
write_in_place(const char *path, const struct buf *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return;
	while (done < b->len) {
		n = pwrite(fd, b->data + done, b->len - done, (off_t)done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == b->len && ftruncate(fd, (off_t)b->len) != 0)
		done = 0;
	close(fd);
}

static void
write_changed(const char *path, const struct buf *b)
{
	struct buf old;

	if (b->failed)
		return;
	buf_init(&old, HOSTS_MAX);
	if (buf_read_file(&old, path, NULL) != 0 || old.len != b->len ||
	    memcmp(buf_str(&old), buf_str(b), b->len) != 0)
		write_in_place(path, b);
	buf_release(&old);
}

static void
add_services(struct hosts *h, struct buf *out, const char *ns)
{
	struct walk w = { .hosts = h, .out = out, .ns = ns };

	if (h->node->services != NULL)
		kube_cache_each(h->node->services, walk_service, &w);
}

/* hostname and subdomain of the pod, as the kubelet writes them. */
static void
add_own_name(struct buf *out, const struct pod *p)
{
	const char *host = pod_hostname(p);
	const char *sub = json_str(p->object, "spec", "subdomain", NULL);

	if (p->net.ip[0] == '\0')
		return;
	buf_addf(out, "%s\t", p->net.ip);
	if (sub != NULL && *sub != '\0')
		buf_addf(out, "%.63s.%s.%s." DOMAIN " ", host, sub, p->ns);
	buf_addf(out, "%.63s\n", host);
}

void
hosts_write_pod(struct hosts *h, struct pod *p)
{
	const cJSON *alias, *name;
	const char *ip;
	char path[PATH_MAX];
	struct buf b;

	buf_init(&b, HOSTS_MAX);
	buf_adds(&b, "127.0.0.1\tlocalhost\n"
		     "::1\tlocalhost ip6-localhost ip6-loopback\n");
	add_own_name(&b, p);
	cJSON_ArrayForEach(
	    alias, json_at(p->object, "spec", "hostAliases", NULL)) {
		ip = json_str(alias, "ip", NULL);
		cJSON_ArrayForEach(name, json_at(alias, "hostnames", NULL))
			if (ip != NULL && cJSON_IsString(name))
				buf_addf(&b, "%s\t%s\n", ip, name->valuestring);
	}
	add_services(h, &b, p->ns);
	if (pod_path(p, path, ".hosts") == 0)
		write_changed(path, &b);
	buf_release(&b);
}

static void
write_pod(void *arg, struct pod *p)
{
	hosts_write_pod(arg, p);
}

static void
write_all(void *arg)
{
	struct hosts *h = arg;
	struct buf b;

	h->write = NULL;
	if (h->file != NULL) {
		buf_init(&b, HOSTS_MAX);
		buf_adds(&b, h->head);
		add_services(h, &b, "");
		write_changed(h->file, &b);
		buf_release(&b);
	}
	if (h->node->pods != NULL)
		pods_each(h->node->pods, write_pod, h);
}

static void
on_change(
    void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct hosts *h = arg;

	if (ev == KUBE_SYNCED && h->node->pods != NULL)
		pods_kick(h->node->pods);
	if (object != NULL && before != NULL &&
	    json_equal(
		json_at(object, "spec", NULL), json_at(before, "spec", NULL)) &&
	    json_equal(json_at(object, "subsets", NULL),
		json_at(before, "subsets", NULL)))
		return;
	/* many changes of one turn are one writing */
	if (h->write == NULL)
		h->write = loop_timer(h->node->loop, 0, write_all, h, NULL);
}

/* What the command's file holds already, and the least that it must hold. */
static int
read_head(struct hosts *h, struct fault *f)
{
	struct buf b;

	buf_init(&b, HOSTS_MAX);
	if (h->file != NULL && access(h->file, F_OK) == 0 &&
	    buf_read_file(&b, h->file, f) != 0) {
		buf_release(&b);
		return -1;
	}
	if (b.len == 0)
		buf_adds(&b, "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	else if (b.data[b.len - 1] != '\n')
		buf_addc(&b, '\n');
	h->head = buf_take(&b);
	return h->head != NULL ? 0 : fault_nomem(f);
}

struct hosts *
hosts_new(struct node *n, const char *file, struct fault *f)
{
	struct hosts *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		fault_nomem(f);
		return NULL;
	}
	h->node = n;
	h->file = file;
	if (read_head(h, f) == 0) {
		n->services = kube_cache_new(
		    n->kube, "/api/v1/services", NULL, on_change, h, f);
		if (n->services != NULL)
			n->endpoints = kube_cache_new(n->kube,
			    "/api/v1/endpoints", NULL, on_change, h, f);
		if (n->endpoints != NULL)
			return h;
	}
	hosts_free(h);
	return NULL;
}

int
hosts_synced(const struct hosts *h)
{
	return kube_cache_synced(h->node->services);
}

void
hosts_free(struct hosts *h)
{
	if (h == NULL)
		return;
	loop_timer_cancel(h->node->loop, &h->write);
	kube_cache_free(h->node->services);
	kube_cache_free(h->node->endpoints);
	h->node->services = h->node->endpoints = NULL;
	free(h->head);
	free(h);
}
