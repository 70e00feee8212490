/*
 * The pods bound to this node: see pods.h.
 */
#include "k8s-noded/pods.h"

#include <stdlib.h>
#include <string.h>

#include "k8s-noded/container.h"
#include "k8s-noded/hosts.h"
#include "tool.h"

struct pods {
	struct node *node;
	struct kube_cache *cache;
	struct pod *list;
	int begun; /* everything was listed: pods are made */
};

static const char *
uid_of(const cJSON *object)
{
	const char *s = json_str(object, "metadata", "uid", NULL);

	return s != NULL ? s : "";
}

static struct pod **
slot_of(struct pods *ps, const char *uid)
{
	struct pod **p;

	for (p = &ps->list; *p != NULL; p = &(*p)->next)
		if (strcmp((*p)->uid, uid) == 0)
			break;
	return p;
}

struct pod *
pods_find(struct pods *ps, const char *ns, const char *name)
{
	struct pod *p;

	for (p = ps->list; p != NULL; p = p->next)
		if (strcmp(p->ns, ns) == 0 && strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

void
pods_each(struct pods *ps, void (*fn)(void *arg, struct pod *p), void *arg)
{
	struct pod *p, *next;

	for (p = ps->list; p != NULL; p = next) {
		next = p->next;
		fn(arg, p);
	}
}

/* The pod as the API has it: made, or told of the change. */
static void
see(struct pods *ps, const cJSON *object)
{
	struct pod **slot = slot_of(ps, uid_of(object));
	struct fault f = { 0 };

	if (*slot != NULL) {
		pod_update(*slot, object);
		return;
	}
	*slot = pod_new(ps->node, object, &f);
	if (*slot == NULL)
		tool_warn("%s", f.msg);
}

static void
forget(struct pods *ps, const char *uid)
{
	struct pod **slot = slot_of(ps, uid), *p = *slot;

	if (p == NULL)
		return;
	*slot = p->next;
	pod_free(p);
}

static int
see_listed(void *arg, const cJSON *object)
{
	see(arg, object);
	return 0;
}

/* Begins once all that pods refer to is known. */
static void
begin(struct pods *ps)
{
	struct node *n = ps->node;

	if (ps->begun || !kube_cache_synced(n->config_maps) ||
	    !kube_cache_synced(n->secrets) || !hosts_synced(n->hosts) ||
	    !kube_cache_synced(ps->cache))
		return;
	ps->begun = 1;
	kube_cache_each(ps->cache, see_listed, ps);
}

void
pods_kick(struct pods *ps)
{
	begin(ps);
}

static void
on_pod(void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct pods *ps = arg;

	if (ev == KUBE_BROKEN)
		tool_warn("pods: the API server refuses to list them");
	if (!ps->begun || object == NULL) {
		begin(ps);
		return;
	}
	/* the same name with another uid: the old one went unseen */
	if (before != NULL && strcmp(uid_of(before), uid_of(object)) != 0)
		forget(ps, uid_of(before));
	if (ev == KUBE_DELETED)
		forget(ps, uid_of(object));
	else
		see(ps, object);
}

/* A ConfigMap or Secret has changed: volumes, and what waits for it. */
static void
on_config(
    void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct pods *ps = arg;
	const char *ns = json_str(object, "metadata", "namespace", NULL);
	struct pod *p;
	size_t i;

	(void)ev;
	(void)before;
	begin(ps);
	if (ns == NULL)
		return;
	for (p = ps->list; p != NULL; p = p->next) {
		if (strcmp(p->ns, ns) != 0 || p->state >= POD_ENDING)
			continue;
		p->stale = 1;
		pod_kick(p);
		for (i = 0; i < p->n; i++)
			container_hurry(&p->containers[i]);
	}
}

struct pods *
pods_new(struct node *n, struct fault *f)
{
	struct pods *ps = calloc(1, sizeof(*ps));
	struct buf query;

	if (ps == NULL) {
		fault_nomem(f);
		return NULL;
	}
	ps->node = n;
	buf_init(&query, 1024);
	buf_adds(&query, "fieldSelector=spec.nodeName%3D");
	http_escape(&query, n->name, strlen(n->name), 0);
	n->config_maps = kube_cache_new(
	    n->kube, "/api/v1/configmaps", NULL, on_config, ps, f);
	if (n->config_maps != NULL)
		n->secrets = kube_cache_new(
		    n->kube, "/api/v1/secrets", NULL, on_config, ps, f);
	if (n->secrets != NULL)
		ps->cache = kube_cache_new(
		    n->kube, "/api/v1/pods", buf_str(&query), on_pod, ps, f);
	buf_release(&query);
	if (ps->cache != NULL)
		return ps;
	pods_free(ps);
	return NULL;
}

void
pods_free(struct pods *ps)
{
	struct node *n;

	if (ps == NULL)
		return;
	n = ps->node;
	while (ps->list != NULL)
		forget(ps, ps->list->uid);
	kube_cache_free(ps->cache);
	kube_cache_free(n->config_maps);
	kube_cache_free(n->secrets);
	n->config_maps = n->secrets = NULL;
	free(ps);
}
