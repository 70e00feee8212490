/*
 * The node: what every room of k8s-noded shares, and the Node object.
 */
#ifndef NODED_NODE_H
#define NODED_NODE_H

#include "k8s-noded/field.h"
#include "lib/http.h"
#include "lib/kube.h"
#include "lib/kube_watch.h"
#include "lib/loop.h"

struct events;
struct hosts;
struct images;
struct metrics;
struct net;
struct pods;
struct registration;

struct node {
	struct loop *loop;
	struct kube *kube;
	struct http *probes;    /* client of httpGet probes; verifies nothing */
	const char *name;       /* of the Node object */
	const char *address;    /* the bridge's address */
	const char *root;       /* state folder, on a tmpfs */
	const char *bin;        /* bound at /inttest/bin */
	const char *ca;         /* PEM of the cluster's CA, or NULL */
	char bwrap[4096];       /* bubblewrap's path */
	struct field_node size; /* capacity */
	struct images *images;
	struct net *net;
	struct events *events;
	struct hosts *hosts;
	struct metrics *metrics;
	struct pods *pods;
	struct kube_cache *services, *endpoints;  /* owned by hosts */
	struct kube_cache *config_maps, *secrets; /* owned by pods */
	struct registration *registration;
};

#define NODE_PORT 10250 /* the kubelet's API */

/* Called once the Node object is there and says Ready. */
typedef void node_ready_fn(void *arg);

/*
 * Registers the Node (or takes over one of the same name) and keeps its
 * status fresh with a heartbeat.  0 when under way; failures are tried again
 * for ever, with a warning each.
 */
int
node_register(struct node *n, node_ready_fn *ready, void *arg, struct fault *f);

/* Stops the heartbeat and frees; the Node object stays. */
void node_unregister(struct node *n);

/* Fills n->size with the machine's cores and memory. */
void node_measure(struct node *n);

#endif
