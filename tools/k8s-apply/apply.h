/*
 * k8s-apply's rooms and what they share: plan.c decides what is applied and
 * in which order, send.c talks to the server, crd.c waits for new kinds,
 * report.c says what became of each object.
 */
#ifndef APPLY_H
#define APPLY_H

#include "lib/clock.h"
#include "lib/fault.h"
#include "lib/kube.h"
#include "lib/loop.h"
#include "lib/manifest.h"

/*
 * Objects of one tier are sent side by side, tiers one behind another.
 * Within a tier, rank is the order in which requests start.
 */
enum tier {
	TIER_NAMESPACE,
	TIER_CRD,
	TIER_CONFIG, /* what workloads need to be there: accounts, secrets */
	TIER_WORKLOAD,
	TIER_REST,
	TIERS,
};

enum result { R_PENDING, R_CREATED, R_CONFIGURED, R_UNCHANGED, R_FAILED };

struct object {
	const struct manifest *from;
	struct kube_kind kind;
	int known;  /* kind is filled: 0 for kinds that a CRD here defines */
	int is_new; /* such a CRD was applied just now */
	enum tier tier;
	unsigned rank;
	size_t index;   /* in the input */
	const char *ns; /* NULL: cluster-scoped */
	const char *name;
	cJSON *before; /* the object as it was, when that is asked for */
	cJSON *after;  /* for --diff: as it was answered */
	int asked;     /* 1: before has been asked for */
	char ts[CLOCK_TS_SIZE]; /* when it was started */
	double started, retry_ms;
	struct apply *run;
	enum result result;
	double ms;
	char uid[64];
	char *error; /* of a failed one */
	enum fault_code code;
};

struct apply {
	/* options */
	const char *ns, *manager;
	unsigned jobs; /* 0: as the connection is */
	int force, dry_run, diff, forced_ns;
	double timeout_ms;
	/* the run */
	struct loop *loop;
	struct kube *kube;
	struct object *v;
	size_t n;
	struct object **order; /* by tier, then rank, then input */
	size_t next, busy;
	unsigned long long baseline; /* resourceVersion at the start; 0: not
					known */
	int asking;                  /* 1: for baseline */
	double deadline;
	size_t reported, done;
	int progress;    /* a line on standard error is wanted */
	double drawn_ms; /* clock: when it was drawn; 0: it is not there */
};

/*
 * Makes a's objects from manifests: kinds by discovery, namespaces, order.
 * Everything that is wrong is told on standard error; the exit status, 0
 * when nothing is.
 */
int plan_make(struct apply *a, const struct manifests *m);

/*
 * Looks up the kinds that were not known at first, until the deadline when all
 * that define them are established, else once.  As plan_make.
 */
int plan_again(struct apply *a, int established);

void plan_release(struct apply *a);

/* "FILE:LINE: Kind NS/NAME" into out, which is returned. */
char *object_name(const struct object *o, char *out, size_t size);

/*
 * Sends the objects of a tier and turns the loop until all are answered or
 * the deadline is over (they have failed then).  -1 when the loop fails.
 */
int send_tier(struct apply *a, enum tier tier, struct fault *f);

/*
 * Asks for the resourceVersion from which on changes are ours, before kinds
 * are known: any list tells, so that of the namespace's ConfigMaps may.
 */
void send_baseline_early(struct apply *a);

/* Waits for it, or asks with a kind of the input where it was refused. */
void send_baseline(struct apply *a);

/* Ends an object: prints what people must know, keeps the rest. */
void object_fail(struct object *o, enum fault_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Waits until the CRDs that were applied are established.  An exit status: not
 * 0 (told) when one is not by the deadline, or never will be.
 */
int crd_wait(struct apply *a);

/* Prints records of ended objects as far as input order allows: 0 or -1. */
int report_ready(struct apply *a, struct fault *f);

/*
 * A copy of the object, the caller's, without what the server keeps count with
 * at each write (managedFields, resourceVersion, generation); or NULL.
 */
cJSON *object_content(const cJSON *object);

/*
 * --diff: what was changed by applying o, on standard error; nothing when
 * there is nothing to tell.  0 or -1.
 */
int diff_print(struct object *o, struct fault *f);

/* The line of progress, on a terminal; done: takes it away. */
void report_progress(struct apply *a, int done);

/*
 * Tells what to do about a refusal where that is known: a conflict, with
 * field and manager of each cause; fields that are fixed at the creation.
 */
void report_refusal(const struct object *o, const cJSON *status);

#endif
