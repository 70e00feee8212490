/*
 * k8s-delete in rooms: main.c (arguments), targets.c (what is to be deleted),
 * wait.c (deleting and waiting), blockers.c (why it is not gone yet).
 */
#ifndef DELETE_H
#define DELETE_H

#include "lib/kube.h"
#include "lib/kube_refs.h"
#include "lib/kube_watch.h"
#include "lib/manifest.h"

enum result { R_PENDING, R_DELETED, R_ABSENT, R_FAILED, R_TIMEOUT };

struct group;
struct job;

/* One object to be deleted. */
struct target {
	struct job *job;
	struct group *group;
	struct kube_kind kind;
	char *ns; /* NULL: cluster-scoped */
	char *name;
	char *path;
	char uid[64]; /* once known; another of that name is none of ours */
	int only_uid; /* delete only what has this uid (--expired) */
	enum result result;
	int accepted; /* the server has begun to delete it */
	char *error;  /* with R_FAILED and R_TIMEOUT */
	double ms;
};

/* Targets of one collection, which share a watch. */
struct group {
	struct job *job;
	char *path; /* of the collection */
	size_t n;   /* targets in it */
	const struct target *first;
	struct kube_cache *cache; /* once something has to be waited for */
};

struct job {
	struct loop *loop;
	struct kube *kube;
	const char *ns;      /* for what has none of its own */
	int forced_ns;       /* -n: for nothing else */
	const char *cascade; /* propagationPolicy */
	long long grace;     /* seconds; -1: the object's own */
	double timeout_ms, started, deadline;
	int progress;
	struct target **v;
	size_t n, sent, running, left;
	struct group **groups;
	size_t ngroups;
	int status; /* exit status so far */
};

/*
 * Adds the object that ref names; the kind is resolved.  unknown_is_gone: an
 * unknown kind is no error, as nothing of it can be there (1 returned then).
 * -1: f says why; also of one that names another namespace than -n.
 */
int targets_add(struct job *j, const struct kube_ref *ref, int unknown_is_gone,
    struct fault *f);

/* Adds the objects of manifests, last ones first; an exit status, told. */
int targets_add_manifests(struct job *j, const struct manifests *m);

/*
 * Adds the objects of a kind (as kube_kind_find takes it) that a label
 * selector matches: those that are there now, by their uids.
 */
int targets_add_selected(
    struct job *j, const char *kind, const char *selector, struct fault *f);

/*
 * Adds the expired namespaces of dead runs but the one named except (NULL:
 * all).  Warns about what is malformed.
 */
int targets_add_expired(struct job *j, const char *except, struct fault *f);

void targets_release(struct job *j);

/* "namespace/web" or "pod/web-0 in shop" for messages, into out. */
const char *target_name(const struct target *t, char *out, size_t size);

/* Deletes all targets, waits until they are gone or the time is up: 0 or -1. */
int delete_all(struct job *j, struct fault *f);

/* Appends what keeps t, of which object is the last state (NULL: not known),
 * from going. */
void blockers_why(const struct job *j, const struct target *t,
    const cJSON *object, struct buf *why);

/* Of a namespace: says on standard error what is left in it, and why. */
void blockers_tell(struct job *j, const struct target *t, const cJSON *object);

#endif
