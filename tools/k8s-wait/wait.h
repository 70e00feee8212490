/*
 * k8s-wait's rooms and what they share: goal.c knows what is waited for,
 * target.c follows the objects that are waited for, select.c finds those of
 * -l, pods.c follows the pods behind them, watch.c feeds them all, explain.c
 * shows logs and events of what failed, report.c speaks, live.c draws the
 * lines on a terminal.
 */
#ifndef WAIT_H
#define WAIT_H

#include <sys/types.h>

#include <time.h>

#include "lib/fault.h"
#include "lib/jqx.h"
#include "lib/kube.h"
#include "lib/kube_refs.h"
#include "lib/kube_status.h"
#include "lib/kube_watch.h"
#include "lib/loop.h"

enum goal { FOR_READY, FOR_COMPLETE, FOR_DELETED, FOR_CONDITION, FOR_JQ };

enum outcome { WAITING, MET, FAILED, TIMED_OUT, UNSURE };

/* A pod of a workload, or one that is itself waited for. */
struct pod {
	struct pod *next;
	char *ns, *name;
	char uid[64];
	char revision[64]; /* which version of the workload it belongs to */
	cJSON *labels;
	const struct feed *feed; /* that told of it first */
	struct target *target;   /* whose it is, or NULL */
	struct kube_verdict now;
	struct kube_verdict *cause; /* the first doom, or NULL */
	double first_ms;            /* clock: seen first */
	double ready_ms;            /* clock: seen ready, or 0 */
	int listed;                 /* it was there before the watch: */
	time_t made;                /* its creation by the server's time */
	double met_ms;              /* the time of day when it was first seen */
	double start_ms; /* creation to ready by the server's times, or -1 */
	int was_ready;   /* it was ready when first seen */
	int replaced;    /* it was evicted: another one counts */
	unsigned long long order; /* of creation */
};

/* An object that is waited for. */
struct target {
	struct wait *wait;
	struct kube_kind kind;
	char *ns; /* NULL: cluster-scoped */
	char *name;
	struct feed *feed;
	struct feed *pods_feed; /* of a workload, or NULL */
	int workload;           /* its pods are watched */
	int job;                /* its own backoffLimit decides on crashes */
	int there;              /* it exists */
	int holds;              /* FOR_CONDITION, FOR_JQ: it held last time */
	struct kube_verdict now;
	cJSON *selector;
	double applied_ms; /* time of day of its change by k8s-apply, or 0 */
	char revision[64]; /* StatefulSet: of the pods that count */
	char pods_rev[64]; /* revision of the newest pods */
	double first_ms;   /* clock: seen first, or 0 */
	double ready_ms;   /* clock: first found ready, or 0 */
	double doomed_ms;  /* clock: doomed since, or 0 */
	double failed_ms;  /* clock: first found failed, or 0 */
	int asked_class;   /* PersistentVolumeClaim: its class was asked */
	struct kube_call_state *asking; /* for it, or NULL */
	int binds_late;                 /* and binds when a pod comes */
	enum outcome outcome;
	struct kube_verdict end; /* why, of the outcome */
	struct pod *culprit;     /* the pod that failed it, or NULL */
	double end_ms;
};

/*
 * One watch: a collection in a namespace, what a selector matches of it, or
 * one object.
 */
struct feed {
	struct feed *next;
	struct wait *wait;
	struct kube_kind kind;
	char *ns;
	const char *name;       /* the only one that is wanted, or NULL */
	const char *selector;   /* -l, or NULL */
	size_t members;         /* targets that it matches at present */
	int pods;               /* the pods of workloads are wanted */
	struct feed *pods_feed; /* of workloads that it selects, or NULL */
	struct kube_watch *watch;
	int synced, broken;
};

struct wait {
	/* options */
	enum goal goal;
	struct jqx *expression;      /* FOR_JQ */
	char condition[128];         /* FOR_CONDITION: its type */
	const char *condition_value; /* and the status that is wanted */
	const char *goal_text;
	const char *selector; /* -l, or NULL */
	double timeout_ms, each_ms, grace_ms;
	unsigned log_lines;
	/* the run */
	struct loop *loop;
	struct kube *kube;
	const char *ns;
	struct target **v;
	size_t n, left;
	struct feed *feeds;
	struct pod *pods;
	unsigned long long pods_seen;
	double start_ms, deadline;
	int stop; /* something has failed for good */
	int live; /* standard error is a terminal */
	size_t live_lines;
	double drawn_ms;    /* clock: of the last drawing */
	struct fault fault; /* of a callback */
};

/* goal.c: takes --for's argument, kept.  -1: FAULT_INPUT. */
int goal_parse(struct wait *w, const char *arg, struct fault *f);

/* Asks object, which is t's, what --for asks; t->holds and the reason. */
void goal_test(struct target *t, const cJSON *object);

/* target.c: makes targets of refs; an exit status, told when not 0. */
int targets_make(struct wait *w, const struct kube_refs *refs);
void targets_release(struct wait *w);

/* A new target, without a feed yet; ns is not looked at for a cluster-scoped
 * kind.  NULL: w->fault is set. */
struct target *target_new(struct wait *w, const struct kube_kind *kind,
    const char *ns, const char *name);

/* Frees t, which is not waited for any more. */
void target_drop(struct target *t);

/* 1 when a kind's pods are to be watched for that goal. */
int kind_has_pods(const struct wait *w, const struct kube_kind *kind);

/* "Kind NS/NAME" into out, which is returned. */
char *target_name(const struct target *t, char *out, size_t size);

/* Takes an event on the object of t. */
void target_event(
    struct target *t, enum kube_event ev, const cJSON *object, double at_ms);

/*
 * Decides on every target that is still waited for.  Returns the clock time
 * at which to look again without an event, or 0.
 */
double targets_check(struct wait *w);

/* Ends t; what is printed is the record. */
void target_end(
    struct target *t, enum outcome outcome, const struct kube_verdict *why);

/* select.c: makes a feed for each kind; an exit status, told when not 0. */
int selections_make(struct wait *w, char **kinds);

/* Takes an event of a feed with a selector: makes or drops its target. */
void selection_event(struct feed *d, enum kube_event ev, const cJSON *object);

/* 1 while nothing that d selects is known, though it is waited for. */
int selection_waits(const struct feed *d);

/* 1 while that is so of any. */
int selections_wait(const struct wait *w);

/* The time is up: names those, on standard error; an exit status. */
int selections_verdict(const struct wait *w);

/* pods.c: takes an event on a pod. */
void pod_event(
    struct feed *d, enum kube_event ev, const cJSON *object, double at_ms);
void pods_release(struct wait *w);

/* 1 when a pod was evicted or so: it lies about for long, its controller has
 * made another. */
int pod_is_replaced(const cJSON *object);

/* Assigns pods anew, after a target's selector became known. */
void pods_assign(struct wait *w);

/*
 * What t's current pods say: KUBE_DOOMED when there are some and none can
 * get ready, else KUBE_PROGRESSING with the first one's trouble, or
 * KUBE_READY.  *which (may be NULL) gets the pod that speaks.
 */
struct kube_verdict pods_verdict(struct target *t, struct pod **which);

/*
 * How long t's slowest pod took to get ready, in milliseconds.  *from says
 * how that is known: "watch" when this tool saw all of it, "apply" when the
 * pod was there before, but not before the object was applied, "status" when
 * the server's times (whole seconds) had to help.  -1: no pod is there.
 */
double pods_startup(const struct target *t, double now_ms, const char **from);

/* watch.c: a new feed; NULL without memory. */
struct feed *
feed_new(struct wait *w, const struct kube_kind *kind, const char *ns);

/* Starts the watches that targets and selections need: 0 or -1. */
int feeds_start(struct wait *w, struct fault *f);

/* 1 when all first lists are there, or will never be. */
int feeds_synced(const struct wait *w);

void feeds_release(struct wait *w);

/* explain.c: the pod's last log lines and events, on standard error. */
void explain(struct target *t);

/* report.c: t's record on standard output, its end on standard error. */
void report_end(struct target *t);
void report_timeout(struct target *t);

/* live.c: draws, or takes away, the lines of what is waited for. */
void live_draw(struct wait *w);
void live_clear(struct wait *w);

#endif
