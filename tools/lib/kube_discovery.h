/*
 * What discovery has found, shared by kube_discovery.c (which fetches it) and
 * kube_kind.c (which looks kinds up in it); for these two files only.
 */
#ifndef KUBE_DISCOVERY_H
#define KUBE_DISCOVERY_H

#include "kube_impl.h"

/* A group in one version, with its list of resources once fetched. */
struct gv {
	struct kube_discovery *d;
	char group[128];
	char version[64];
	int preferred; /* the group's preferred version */
	int asked, done;
	cJSON *list; /* APIResourceList, or NULL: none, or not to be had */
	char trouble[256];
};

struct kube_discovery {
	struct kube *k;
	struct gv **v; /* core first, then as the server lists them */
	size_t n;
	int complete; /* all lists have been asked for */
	int running;  /* requests under way */
	int waiting;  /* who waits for them */
	cJSON *groups;
	char trouble[256];            /* why groups could not be had, or "" */
	struct kube_discovery *older; /* forgotten, may be in use */
};

/* The client's discovery, empty at first; NULL without memory. */
struct kube_discovery *kube_discovery(struct kube *k, struct fault *f);

/* Fetches all groups and their lists; -1 when that cannot be done at all. */
int kube_discovery_all(struct kube_discovery *d, struct fault *f);

/* Starts to fetch the list of a group's version, unless that was done. */
int kube_discovery_ask(struct kube_discovery *d, const char *group,
    const char *version, struct fault *f);

/*
 * Fetches the one list of a group's version unless it is there: the version,
 * without a list when the server has none.  NULL with f filled.
 */
struct gv *kube_discovery_one(struct kube_discovery *d, const char *group,
    const char *version, struct fault *f);

#endif
