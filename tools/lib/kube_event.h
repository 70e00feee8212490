/*
 * Events in the order in which they came about.
 */
#ifndef KUBE_EVENT_H
#define KUBE_EVENT_H

#include <time.h>

#include "json.h"

/*
 * When an event happened last: 0 and *at, or -1 when it does not say.  Three
 * fields may: the old API has lastTimestamp, in whole seconds; events.k8s.io
 * has eventTime; some writers have only firstTimestamp.  Else it is as old as
 * its object.
 */
int kube_event_time(const cJSON *event, struct timespec *at);

/*
 * For qsort of const cJSON *: by that time, and within one by resourceVersion,
 * which counts up where seconds do not.  Those without a time come first.
 */
int kube_event_order(const void *left, const void *right);

#endif
