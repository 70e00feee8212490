/*
 * k8s-dump in rooms: main.c (arguments), objects.c (what is in the namespace),
 * logs.c (what its containers said), out.c (records, or files of a folder).
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdio.h>
#include <time.h>

#include "lib/kube.h"
#include "lib/record.h"

struct dump {
	struct loop *loop;
	struct kube *kube;
	const char *ns;
	const char *dir; /* NULL: records on standard output */
	long long tail;  /* lines of a log at most; -1: all */
	cJSON *pods;     /* the namespace's PodList, once listed */
	struct record record;
	FILE *events; /* of the folder */
	size_t objects, logs;
	struct buf withheld; /* names of the logs that may not be read */
	int status;          /* exit status so far */
	int failed;          /* output cannot be written: stop */
};

/* Makes the folder and its parts.  0 or -1. */
int out_open(struct dump *d, struct fault *f);

/* Ends the output: what could not be written counts. */
void out_close(struct dump *d);

/*
 * An Event; an object of a kind, of which Secrets are told without their
 * values and all without managedFields (object is changed so).
 */
void out_event(struct dump *d, const cJSON *event);
void out_object(struct dump *d, const struct kube_kind *kind, cJSON *object);

/* The log of a container: opened, told line by line, closed. */
struct out_log {
	struct dump *d;
	const char *pod, *container; /* borrowed */
	int previous;
	FILE *file; /* of the folder, once there is a line */
};
void out_log_line(
    struct out_log *l, const struct timespec *at, const char *text, size_t n);
void out_log_close(struct out_log *l);

/* The namespace itself and all that can be listed in it, events too. */
int dump_objects(struct dump *d, struct fault *f);

/* The logs of d->pods, current and previous. */
int dump_logs(struct dump *d, struct fault *f);

#endif
