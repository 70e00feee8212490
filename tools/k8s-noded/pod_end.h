/*
 * The end of a pod: its containers are stopped, what it held is given back,
 * and when it is being deleted the API is told to forget it.
 */
#ifndef NODED_POD_END_H
#define NODED_POD_END_H

#include "k8s-noded/pod.h"

/* 1 when it is being deleted. */
int pod_deleted(const struct pod *p);

/* spec.terminationGracePeriodSeconds in milliseconds. */
double pod_grace_ms(const struct pod *p);

/* From now on nothing is started; the next steps stop what runs. */
void pod_begin_ending(struct pod *p, double grace_ms);

/* Stops what runs, sidecars last; when nothing does the pod is over. */
void pod_step_ending(struct pod *p);

/*
 * Tells the API to forget a pod that is over, once its last status has been
 * written; tried again until the API has taken it.
 */
void pod_remove(struct pod *p);

/* Ends the pod after ms, as activeDeadlineSeconds wants it. */
void pod_set_deadline(struct pod *p, double ms);

#endif
