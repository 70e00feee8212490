/*
 * Caches and the hand-out of changes: see control.h.
 */
#include "k8s-controllerd/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/kinds.h"
#include "k8s-controllerd/meta.h"
#include "k8s-controllerd/work.h"
#include "lib/clock.h"

#define RBAC_VERSION "rbac.authorization.k8s.io/v1"
#define RBAC "/apis/" RBAC_VERSION

const struct resource_info resources[RESOURCES] = {
	[NAMESPACES] = { "/api/v1", "namespaces", "v1", "Namespace", 0 },
	[NODES] = { "/api/v1", "nodes", "v1", "Node", 0 },
	[PODS] = { "/api/v1", "pods", "v1", "Pod", 1 },
	[SERVICES] = { "/api/v1", "services", "v1", "Service", 1 },
	[ENDPOINTS] = { "/api/v1", "endpoints", "v1", "Endpoints", 1 },
	[SERVICEACCOUNTS] = { "/api/v1", "serviceaccounts", "v1",
	    "ServiceAccount", 1 },
	[CONFIGMAPS] = { "/api/v1", "configmaps", "v1", "ConfigMap", 1 },
	[SECRETS] = { "/api/v1", "secrets", "v1", "Secret", 1 },
	[QUOTAS] = { "/api/v1", "resourcequotas", "v1", "ResourceQuota", 1 },
	[LIMITS] = { "/api/v1", "limitranges", "v1", "LimitRange", 1 },
	[CLAIMS] = { "/api/v1", "persistentvolumeclaims", "v1",
	    "PersistentVolumeClaim", 1 },
	[REVISIONS] = { "/apis/apps/v1", "controllerrevisions", "apps/v1",
	    "ControllerRevision", 1 },
	[DAEMONSETS] = { "/apis/apps/v1", "daemonsets", "apps/v1", "DaemonSet",
	    1 },
	[DEPLOYMENTS] = { "/apis/apps/v1", "deployments", "apps/v1",
	    "Deployment", 1 },
	[REPLICASETS] = { "/apis/apps/v1", "replicasets", "apps/v1",
	    "ReplicaSet", 1 },
	[STATEFULSETS] = { "/apis/apps/v1", "statefulsets", "apps/v1",
	    "StatefulSet", 1 },
	[JOBS] = { "/apis/batch/v1", "jobs", "batch/v1", "Job", 1 },
	[LEASES] = { "/apis/coordination.k8s.io/v1", "leases",
	    "coordination.k8s.io/v1", "Lease", 1 },
	[ROLES] = { RBAC, "roles", RBAC_VERSION, "Role", 1 },
	[ROLEBINDINGS] = { RBAC, "rolebindings", RBAC_VERSION, "RoleBinding",
	    1 },
	[CLUSTERROLES] = { RBAC, "clusterroles", RBAC_VERSION, "ClusterRole",
	    0 },
	[CLUSTERROLEBINDINGS] = { RBAC, "clusterrolebindings", RBAC_VERSION,
	    "ClusterRoleBinding", 0 },
};

/* What a cache's callback is given: which one it is. */
struct feed {
	struct control *c;
	enum resource resource;
};

static struct feed *
feed_new(struct control *c, enum resource r)
{
	struct feed *f = calloc(1, sizeof *f);

	if (f != NULL) {
		f->c = c;
		f->resource = r;
	}
	return f;
}

static void
synced(struct control *c)
{
	if (++c->synced < RESOURCES)
		return;
	work_open(c);
	if (c->on_ready != NULL)
		c->on_ready(c->ready_arg);
}

static void
broken(struct control *c, enum resource r, const cJSON *status)
{
	const char *why = json_str(status, "message", NULL);

	fault_set(c->trouble, FAULT_UNSURE, "%s: watch ended: %s",
	    resources[r].plural, why != NULL ? why : "no reason given");
	loop_stop(c->loop);
}

static void
on_change(
    void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct feed *f = arg;
	struct control *c = f->c;
	struct change ch = { f->resource, ev, object, before };
	size_t i;

	if (ev == KUBE_SYNCED) {
		synced(c);
		return;
	}
	if (ev == KUBE_BROKEN) {
		broken(c, f->resource, object);
		return;
	}
	work_seen(c, &ch);
	for (i = 0; c->controllers[i] != NULL; i++)
		c->controllers[i]->event(c, &ch);
}

int
control_start(struct control *c, struct fault *f)
{
	const struct resource_info *info;
	struct feed *feed;
	char path[128];
	int r;

	if (work_init(c) != 0 || act_init(c) != 0)
		return fault_nomem(f);
	for (r = 0; r < RESOURCES; r++) {
		info = &resources[r];
		snprintf(path, sizeof path, "%s/%s", info->root, info->plural);
		feed = feed_new(c, (enum resource)r);
		if (feed == NULL)
			return fault_nomem(f);
		c->feeds[r] = feed;
		c->caches[r] =
		    kube_cache_new(c->kube, path, NULL, on_change, feed, f);
		if (c->caches[r] == NULL)
			return -1;
	}
	return 0;
}

void
control_release(struct control *c)
{
	int r;

	for (r = 0; r < RESOURCES; r++) {
		kube_cache_free(c->caches[r]);
		free(c->feeds[r]);
	}
	binds_release(c);
	passes_release(c);
	graves_release(c);
	kinds_release(c);
	act_release(c);
	work_release(c);
}

const cJSON *
control_get(
    const struct control *c, enum resource r, const char *ns, const char *name)
{
	return kube_cache_get(c->caches[r], ns, name);
}

int
control_ns_open(const struct control *c, const char *ns)
{
	const cJSON *o = control_get(c, NAMESPACES, "", ns);

	return o != NULL && !meta_dying(o);
}

struct listing {
	const char *ns;
	control_filter *filter;
	const void *arg;
	struct objects *out;
	size_t room;
};

static int
list_one(void *arg, const cJSON *object)
{
	struct listing *l = arg;
	const cJSON **v;

	if (l->ns != NULL && strcmp(meta_ns(object), l->ns) != 0)
		return 0;
	if (l->filter != NULL && !l->filter(l->arg, object))
		return 0;
	if (l->out->n == l->room) {
		l->room = l->room * 2 + 16;
		v = reallocarray(l->out->v, l->room, sizeof(*v));
		if (v == NULL)
			return -1;
		l->out->v = v;
	}
	l->out->v[l->out->n++] = object;
	return 0;
}

/* By creation (RFC 3339 in UTC sorts as text), then by name. */
static int
by_age(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;
	const char *s = json_str(*x, "metadata", "creationTimestamp", NULL);
	const char *t = json_str(*y, "metadata", "creationTimestamp", NULL);
	int order = s != NULL && t != NULL ? strcmp(s, t) : 0;

	return order != 0 ? order : strcmp(meta_name(*x), meta_name(*y));
}

int
control_list(const struct control *c, enum resource r, const char *ns,
    control_filter *filter, const void *arg, struct objects *out)
{
	struct listing l = { ns, filter, arg, out, 0 };

	memset(out, 0, sizeof *out);
	if (kube_cache_each(c->caches[r], list_one, &l) != 0)
		return -1;
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_age);
	return 0;
}

static int
is_controlled(const void *arg, const cJSON *object)
{
	return meta_controlled_by(object, arg);
}

int
control_owned(const struct control *c, enum resource r, const cJSON *owner,
    struct objects *out)
{
	return control_list(c, r, meta_ns(owner), is_controlled, owner, out);
}

void
objects_release(struct objects *o)
{
	free(o->v);
	memset(o, 0, sizeof *o);
}

enum resource
resource_of(const char *api_version, const char *kind)
{
	const char *a = strchr(api_version, '/'), *b;
	size_t n = a != NULL ? (size_t)(a - api_version) : 0, m;
	int r;

	for (r = 0; r < RESOURCES; r++) {
		b = strchr(resources[r].api_version, '/');
		m = b != NULL ? (size_t)(b - resources[r].api_version) : 0;
		if (n == m && strcmp(resources[r].kind, kind) == 0 &&
		    strncmp(resources[r].api_version, api_version, n) == 0)
			break;
	}
	return (enum resource)r;
}
