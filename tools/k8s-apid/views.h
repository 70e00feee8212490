/*
 * Other forms of a stored object: its metadata alone, and a core event as
 * events.k8s.io knows it and back.
 */
#ifndef VIEWS_H
#define VIEWS_H

#include "lib/json.h"

/* A PartialObjectMetadata, the caller's; NULL without memory. */
cJSON *views_metadata(const cJSON *object);

/* A core/v1 Event as events.k8s.io/v1, the caller's. */
cJSON *views_event(const cJSON *core);

/* An events.k8s.io/v1 Event turned, in place, into a core/v1 one: 0 or -1. */
int views_core_event(cJSON *event);

#endif
