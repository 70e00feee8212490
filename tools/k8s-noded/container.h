/*
 * One container of a pod: when it is started, with what, and what is made of
 * its end.
 */
#ifndef NODED_CONTAINER_H
#define NODED_CONTAINER_H

#include "k8s-noded/pod.h"

#define CONTAINER_BACKOFF_MS 10000.0 /* the kubelet's figures */
#define CONTAINER_BACKOFF_MAX_MS 300000.0

/* Fills c (zeroed) for spec of p's object. */
void container_init(struct container *c, struct pod *p, const cJSON *spec,
    enum container_kind kind);

/* Points c at its spec in a newer version of the pod's object. */
void container_rebase(struct container *c);

/* Starts or restarts it if it should run and nothing delays it. */
void container_step(struct container *c);

/* 1 when it has ended and will not be started again. */
int container_finished(const struct container *c);

/* 1 when it has ended with exit code 0 and will not be started again. */
int container_succeeded(const struct container *c);

/* 1 when an init container no longer holds up those behind it. */
int container_passed(const struct container *c);

/* Kills without waiting for anything, frees all but c itself. */
void container_release(struct container *c);

/* Waiting, with a reason and a formatted message ("" for none). */
void container_wait(struct container *c, const char *reason, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Tries again after ms: until then container_step does nothing. */
void container_retry(struct container *c, double ms);

/*
 * It will not be started again: what waits for a restart has the end that it
 * had, by which its pod is judged.
 */
void container_stay_ended(struct container *c);

/* How often it was started again; a restart that is due does not count yet. */
unsigned container_restarts(const struct container *c);

/* Tries at once what waits for a ConfigMap or Secret: one has changed. */
void container_hurry(struct container *c);

/*
 * container_create.c: the next instance.  0 when it runs; -1 after it was
 * set to waiting with its reason and a retry.
 */
int container_create(struct container *c);

/* container_create.c: the environment of a program in c, for probes too. */
struct env;
int container_env(
    struct container *c, struct env *own, struct env *all, struct fault *f);

/* Path of the folder with c's logs, into out (PATH_MAX bytes); 0 or -1. */
int container_log_dir(const struct container *c, char *out);

/* Frees what an instance's record holds and zeroes it. */
void instance_clear(struct instance *i);

#endif
