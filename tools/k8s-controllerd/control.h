/*
 * What the controllers share: one client, one cache per resource, and the
 * hand-out of changes.  A controller is a row of main.c's table: it says by
 * its event function which keys a change concerns, and its reconcile
 * function compares what a key's object wants with what is there, and acts.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "lib/json.h"
#include "lib/kube.h"
#include "lib/kube_watch.h"
#include "lib/loop.h"

enum resource {
	NAMESPACES,
	NODES,
	PODS,
	SERVICES,
	ENDPOINTS,
	SERVICEACCOUNTS,
	CONFIGMAPS,
	SECRETS,
	QUOTAS,    /* ResourceQuota */
	LIMITS,    /* LimitRange */
	CLAIMS,    /* PersistentVolumeClaim */
	REVISIONS, /* apps/v1 ControllerRevision */
	DAEMONSETS,
	DEPLOYMENTS,
	REPLICASETS,
	STATEFULSETS,
	JOBS,
	LEASES,
	ROLES,
	ROLEBINDINGS,
	CLUSTERROLES,
	CLUSTERROLEBINDINGS,
	RESOURCES /* how many; also "none of these" */
};

struct resource_info {
	const char *root;   /* "/apis/apps/v1" */
	const char *plural; /* "deployments" */
	const char *api_version, *kind;
	int namespaced;
};

extern const struct resource_info resources[RESOURCES];

struct control;
struct work;

/* A change in a cache. */
struct change {
	enum resource resource;
	enum kube_event event; /* KUBE_ADDED, _MODIFIED, _DELETED */
	const cJSON *object;   /* as it is, or was */
	const cJSON *before;   /* NULL when it was not known */
};

struct controller {
	const char *name; /* "deployment": in messages, "-controller" in
			     events */
	/* Enqueues the keys that a change concerns. */
	void (*event)(struct control *c, const struct change *ch);
	/* Brings a key's object nearer to what it wants; see work.h. */
	void (*reconcile)(struct control *c, struct work *w);
};

struct control {
	struct loop *loop;
	struct kube *kube;
	const struct controller *const *controllers; /* NULL-ended */
	const char *ca; /* PEM of the cluster's authority, or NULL */
	struct kube_cache *caches[RESOURCES];
	struct feed *feeds[RESOURCES]; /* their callbacks' arguments */
	size_t synced;                 /* caches that have their first list */
	void (*on_ready)(void *arg);   /* all caches have; may be NULL */
	void *ready_arg;
	struct works *works;   /* work.c */
	struct calls *calls;   /* act.c */
	struct binds *binds;   /* schedule.c: pods bound, not yet seen so */
	struct kinds *kinds;   /* kinds.c: what namespaces hold */
	struct pass *passes;   /* namespace.c: namespaces that go */
	struct grave *graves;  /* gc.c: who was deleted of late */
	struct fault *trouble; /* filled when the loop is to end */
};

/*
 * Starts the caches; controllers begin once all are synced.  loop, kube,
 * controllers and ca are set by the caller.  -1 with f filled; the end of a
 * watch for good (forbidden) ends the loop with trouble filled.
 */
int control_start(struct control *c, struct fault *f);

/* Frees caches, keys and calls; not loop and kube. */
void control_release(struct control *c);

/* The cached object, borrowed until the loop turns, or NULL. */
const cJSON *control_get(
    const struct control *c, enum resource r, const char *ns, const char *name);

/* 1 when the namespace is there and not being deleted. */
int control_ns_open(const struct control *c, const char *ns);

struct objects {
	const cJSON **v; /* borrowed objects */
	size_t n;
};

/* 1: into the list. */
typedef int control_filter(const void *arg, const cJSON *object);

/*
 * The objects of a namespace (NULL: of all) that pass the filter (NULL:
 * all), oldest first, by name where that is the same.  To be released in
 * either case; -1 without memory.
 */
int control_list(const struct control *c, enum resource r, const char *ns,
    control_filter *filter, const void *arg, struct objects *out);

/* Those that owner controls. */
int control_owned(const struct control *c, enum resource r, const cJSON *owner,
    struct objects *out);

void objects_release(struct objects *o);

/* The resource of a kind in an API group (any version), or RESOURCES. */
enum resource resource_of(const char *api_version, const char *kind);

/* Forget what these controllers keep; for control_release. */
void binds_release(struct control *c);
void passes_release(struct control *c);
void graves_release(struct control *c);

/* The controllers, one a file. */
extern const struct controller deployment_controller;
extern const struct controller replicaset_controller;
extern const struct controller statefulset_controller;
extern const struct controller daemonset_controller;
extern const struct controller job_controller;
extern const struct controller claim_controller;
extern const struct controller endpoints_controller;
extern const struct controller serviceaccount_controller;
extern const struct controller namespace_controller;
extern const struct controller scheduler;
extern const struct controller gc_controller;

#endif
