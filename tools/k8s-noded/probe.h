/*
 * Probes of a container: when to check, and what the results mean.
 *
 * A deliberate deviation from the kubelet, for speed: while a probe has never
 * succeeded it is tried much more often than periodSeconds, so that a pod is
 * ready within milliseconds of being able to.  Only the success of such an
 * early look counts; failures are counted every periodSeconds as ever, the
 * first one period after initialDelaySeconds, so that failureThreshold *
 * periodSeconds is the time that a start may take.
 */
#ifndef NODED_PROBE_H
#define NODED_PROBE_H

#include "k8s-noded/pod.h"

/* The result of a kind of probe has changed: ok, or not any more. */
typedef void probe_fn(struct container *c, enum probe_kind kind, int ok);

/*
 * Starts to probe c as spec (readinessProbe ...) says.  With no answer yet
 * result is not called.  NULL with f filled.
 */
struct probe *probe_new(struct container *c, enum probe_kind kind,
    const cJSON *spec, probe_fn *result, struct fault *f);
void probe_free(struct probe *p);

#endif
