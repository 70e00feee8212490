/*
 * Is it ready?  The rules by kind, as pure functions over objects (kstatus
 * and kapp are the models; see k8s-wait(1)).
 */
#ifndef KUBE_STATUS_H
#define KUBE_STATUS_H

#include "json.h"

enum kube_state {
	KUBE_PROGRESSING, /* not yet */
	KUBE_READY,       /* ready, complete, bound, established */
	KUBE_FAILED,      /* cannot get better */
	KUBE_DOOMED,      /* fatal once it lasts longer than the grace */
	KUBE_TERMINATING,
};

struct kube_verdict {
	enum kube_state state;
	char reason[64];   /* "ProgressDeadlineExceeded", or "" */
	char message[512]; /* for people: "1 of 3 available", or "" */
};

/* The verdict on an object of any kind, by itself. */
struct kube_verdict kube_status(const cJSON *object);

/*
 * The verdict on a Pod, init containers included: KUBE_DOOMED with the
 * container's reason (CrashLoopBackOff, ErrImagePull, ...); message names the
 * container.  kube_status calls it for Pods.
 */
struct kube_verdict kube_status_pod(const cJSON *pod);

/* 1 when pod's ownerReferences name owner's uid (controller or not). */
int kube_owned_by(const cJSON *pod, const char *owner_uid);

/* 1 when labels match a LabelSelector object (matchLabels, matchExpressions).
 */
int kube_selects(const cJSON *selector, const cJSON *labels);

#endif
