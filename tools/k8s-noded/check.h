/*
 * One check of a container, as probes and hooks ask for it: httpGet,
 * tcpSocket or exec.
 */
#ifndef NODED_CHECK_H
#define NODED_CHECK_H

#include "k8s-noded/pod.h"

struct check;

/*
 * Called once; output is for people ("HTTP probe failed with statuscode:
 * 500"), or what an exec'ed program printed; "" when there is nothing.
 */
typedef void check_fn(void *arg, int ok, const char *output);

/*
 * Starts the check that handler (a probe, postStart or preStop) describes.
 * NULL with f filled: malformed, or a kind that a sandbox does not have.
 */
struct check *check_start(struct container *c, const cJSON *handler,
    double timeout_ms, check_fn *done, void *arg, struct fault *f);

/* Ends it without its callback.  NULL is fine. */
void check_cancel(struct check *k);

/* A port: a number, or the name of one of c's ports; 0 when neither. */
int check_port(const struct container *c, const cJSON *port);

#endif
