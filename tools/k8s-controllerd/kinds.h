/*
 * The collections that namespaces hold, as discovery tells: what a
 * namespace's deletion has to empty, kinds without a controller of ours
 * included.
 */
#ifndef KINDS_H
#define KINDS_H

#include "k8s-controllerd/act.h"

struct kinds {
	char **paths; /* "/apis/apps/v1" and */
	char **names; /* "deployments", in the same place */
	size_t n;
	double at;       /* clock_ms when they were asked for */
	unsigned asking; /* requests under way */
	int failed;
};

/*
 * 1 when kinds are known and not older than max_age_ms.  Otherwise discovery
 * is asked through key w, which is reconciled again when it has answered.
 */
int kinds_ready(struct control *c, struct work *w, double max_age_ms);

void kinds_release(struct control *c);

#endif
