/*
 * k8s-logs in rooms: main.c (arguments), pods.c (which containers of which
 * pods, once or as they come), stream.c (one container's log into records),
 * away.c (what is waited for, in words).
 */
#ifndef LOGS_H
#define LOGS_H

#include <time.h>

#include "lib/kube.h"
#include "lib/kube_log.h"
#include "lib/kube_refs.h"
#include "lib/kube_watch.h"
#include "lib/opt.h"
#include "lib/record.h"

struct logs;

/* A set of pods: one by name, or those of a selector. */
struct source {
	struct logs *logs;
	char *query;              /* of the collection of pods */
	char *subject;            /* for messages */
	int by_name;              /* a single pod, which has to exist */
	struct kube_cache *cache; /* with --follow */
};

/* The log of one run of one container. */
struct stream {
	struct logs *logs;
	char *pod, *container;
	char *id; /* containerID: a restarted container is another */
	struct kube_call_state *call;
	struct loop_timer *timer; /* to go on after a lost connection */
	struct kube_log log;
	struct buf refusal; /* what came instead of a log */
	int lost;           /* how often, without a line meanwhile */
	int waits;          /* has been told of that */
	int before; /* its container has been restarted: ask for that run */
	int old;    /* was running when we came: --tail and --since apply */
	int checks; /* whether its container has ended */
	int over;
};

struct logs {
	struct loop *loop;
	struct kube *kube;
	const char *ns, *container;
	int all, follow, previous, text;
	int prefix;             /* several containers: text lines say whose */
	long long tail;         /* lines, -1: all */
	long long since;        /* seconds, 0: all */
	const char *since_time; /* or a time as the API takes it, or NULL */
	int timestamps;         /* text lines say when they were written */
	struct source **sources;
	size_t nsources;
	struct stream **v;
	size_t n;
	struct record record;
	double
	    away_since; /* clock_ms when the server was lost, 0: it is there */
	int away_told;
	int heard;  /* a log came though a watch is down */
	int status; /* exit status so far */
	int stopped;
};

/* Adds a source; query and subject are copied.  0 or -1. */
int logs_source(struct logs *l, const char *query, const char *subject,
    int by_name, struct fault *f);

/* Tells the logs of all sources as they are now, one after the other. */
int logs_once(struct logs *l, struct fault *f);

/* Follows the sources' pods until all of them have ended. */
int logs_follow(struct logs *l, struct fault *f);

/* What has become of the run that s is of, as far as the watches know. */
enum run {
	RUN_GOES_ON,
	RUN_OVER,   /* ended; its log is the container's still */
	RUN_BEFORE, /* another runs: its log is the container's previous one */
	RUN_LOST,   /* that is no more to be had */
};
enum run logs_run(const struct logs *l, const struct stream *s);

void logs_release(struct logs *l);

/*
 * While following, after each turn: says once that the server is away, and
 * that it is back.  One that has never answered ends it.  How long the next
 * turn may wait (ms; -1: for ever).
 */
double away_look(struct logs *l);

/* A stream is lost, why says "subject: reason": told once if it stays so. */
void away_stream(struct stream *s, const struct fault *why);

/* A line of s has come. */
void away_line(struct stream *s);

/* Adds the log of a container, not yet begun; NULL without memory. */
struct stream *stream_add(struct logs *l, const char *pod,
    const char *container, const char *id, struct fault *f);

/* Asks for the log.  0 or -1. */
int stream_begin(struct stream *s, struct fault *f);

void stream_free(struct stream *s);

#endif
