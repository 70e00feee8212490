/*
 * A pod and its containers: the data that the rooms share, and the pod's
 * state machine.  pod_kick asks for a step; a step looks at everything and
 * does what can be done now, so callbacks need not know what comes next.
 */
#ifndef NODED_POD_H
#define NODED_POD_H

#include "k8s-noded/backoff.h"
#include "k8s-noded/logs.h"
#include "k8s-noded/net.h"
#include "k8s-noded/node.h"
#include "lib/clock.h"

struct image;
struct pod;
struct probe;
struct process;
struct run_ending;

enum container_kind { CONTAINER_INIT, CONTAINER_SIDECAR, CONTAINER_APP };
enum container_state {
	CONTAINER_WAITING,
	CONTAINER_RUNNING,
	CONTAINER_TERMINATED
};
enum probe_kind { PROBE_STARTUP, PROBE_READINESS, PROBE_LIVENESS, PROBE_KINDS };

/* A start and, when finished is not "", an end: the API's terminated. */
struct instance {
	char id[64]; /* sandbox://UUID, "" for none */
	char started[CLOCK_TS_SIZE], finished[CLOCK_TS_SIZE];
	int exit_code;
	char reason[64];
	char *message; /* or NULL; owned */
};

/* What a container uses, as sampled last. */
struct sample {
	double at_ms;           /* clock_ms; 0: never */
	double cpu_s;           /* used since its start */
	double nanocores;       /* over the window */
	size_t memory;          /* bytes */
	double base_ms, base_s; /* where the window of CPU time begins */
	double next_ms, next_s; /* where the one after it will */
};

struct container {
	struct pod *pod;
	const cJSON *spec; /* in pod->object */
	const char *name;
	enum container_kind kind;
	enum container_state state;
	char reason[64];           /* of waiting */
	char *message;             /* of waiting, or NULL; owned */
	struct instance now, last; /* running or terminated; the one before */
	unsigned instances; /* started so far: the number of the next log */
	struct backoff crash, pull;
	double config_ms; /* clock_ms of a first failure not yet told; 0 */
	struct loop_timer *retry; /* while set, nothing is tried */
	struct process *process;
	struct log *log; /* owned by process */
	const struct image *image;
	char image_id[256];
	struct probe *probes[PROBE_KINDS];
	int started, ready;
	double started_ms;
	struct run_ending *ending; /* while it is being stopped */
	int oom;                   /* killed for its memory */
	struct sample sample;
	char rootfs[4096]; /* the instance's private folder, or "" */
};

enum pod_state {
	POD_SETUP,  /* network, volumes */
	POD_INIT,   /* init containers */
	POD_RUN,    /* app containers */
	POD_ENDING, /* containers are stopped, since it is deleted or over */
	POD_OVER,   /* phase Succeeded or Failed; nothing runs */
};

struct pod {
	struct node *node;
	struct pod *next;
	cJSON *object; /* own copy as last seen, with our podIP in its status */
	const char *ns, *name, *uid; /* in object */
	enum pod_state state;
	struct net_pod net;
	struct container *containers; /* init containers first */
	size_t n, n_init;
	int prepared;          /* network and volumes are there */
	int removed;           /* the API has taken our final DELETE */
	char phase_reason[64]; /* of the pod: DeadlineExceeded */
	char phase_message[256];
	char started[CLOCK_TS_SIZE];
	double grace_ms; /* while ending */
	int stale;       /* a ConfigMap, Secret or token has changed */
	struct backoff mount;
	struct loop_timer *kick, *retry, *deadline, *refresh;
	double retry_ms;                 /* clock_ms at which retry is due */
	struct kube_call_state *removal; /* the final DELETE under way */
	struct status *status;           /* status.c's */
	struct token *tokens;            /* token.c's */
	struct usage *usage;             /* metrics.c's */
};

/* A new pod for an object bound to this node (copied).  NULL without memory. */
struct pod *pod_new(struct node *n, const cJSON *object, struct fault *f);

/*
 * The object has changed in the API (labels, deletionTimestamp, status
 * written by others).
 */
void pod_update(struct pod *p, const cJSON *object);

/* Kills what runs and frees everything. */
void pod_free(struct pod *p);

/* Asks for a step at the next turn of the loop. */
void pod_kick(struct pod *p);

/* As pod_kick after ms, unless one is due earlier. */
void pod_retry(struct pod *p, double ms);

/* 1 while any container's process is there. */
int pod_busy(const struct pod *p);

/* The container of that name, or NULL. */
struct container *pod_container(struct pod *p, const char *name);

/* Path of a file or folder of the pod: ROOT/pods/UID/REST, into out. */
int pod_path(const struct pod *p, char *out, const char *rest);

/* Its host name: spec.hostname, or the pod's own. */
const char *pod_hostname(const struct pod *p);

/* "Always", "OnFailure" or "Never". */
const char *pod_restart_policy(const struct pod *p);

#endif
