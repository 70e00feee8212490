/*
 * k8s-forward in rooms: main.c (arguments, the command), target.c (what a
 * local port leads to: a Service or pod, and which pod that is now), link.c
 * (one connection, carried over a WebSocket).
 */
#ifndef FORWARD_H
#define FORWARD_H

#include "lib/kube_watch.h"
#include "lib/kube_ws.h"

struct link;

struct forward {
	struct loop *loop;
	struct kube *kube;
	const char *ns, *address;
	double patience_ms; /* how long a connection waits for a ready pod */
	struct target *targets;
	size_t ntargets;
	size_t nlinks, max_links;
};

struct target {
	struct forward *fw;
	char *name; /* of the Service or pod */
	int is_pod;
	char *port;       /* as given: a number, or a port's name */
	const char *text; /* the operand, for messages; borrowed */
	int local;        /* port; 0 until target_listen for a free one */
	int fd;           /* listening, or -1 */
	struct loop_timer *full; /* while there is no room for connections */
	int was_full;            /* has been told */

	struct kube_call_state *call; /* for the Service, or NULL */
	struct loop_timer *timer;     /* until it is asked for again */
	char *pod_port;               /* number or name at the pod */
	struct kube_cache *pods;      /* NULL until the Service is known */
	unsigned turn;                /* which of the ready pods is next */
	struct link *links;
	char why[1100]; /* what it last waited for */
};

/*
 * Reads an operand, [LOCAL:]NAME:PORT or [LOCAL:]pod/NAME:PORT.  -1:
 * FAULT_INPUT.
 */
int target_parse(struct target *t, const char *arg, struct fault *f);

/* Listens; t->local is the port then.  -1: FAULT_UNSURE. */
int target_listen(struct target *t, struct fault *f);

/*
 * Chooses a ready pod, a different one in turn: copies its name (size bytes)
 * and gives the port there; 0, or -1 while there is none (t->why says why).
 * The first call begins to look for it.
 */
int target_pod(struct target *t, char *pod, size_t size, int *port);

void target_release(struct target *t);

/* Carries a new local connection; fd is the link's from now on. */
void link_new(struct target *t, int fd);

/* Something has changed: links of t that wait for a pod try again. */
void link_wake(struct target *t);

void link_free(struct link *k);

#endif
