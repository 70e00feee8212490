/*
 * The cluster IPs of Services: a listening socket for each TCP port that has
 * a ready endpoint, none for one that has not, so that a connection to it is
 * refused at once.
 */
#ifndef SERVICES_H
#define SERVICES_H

#include "forward.h"
#include "lib/fault.h"
#include "lib/json.h"
#include "lib/loop.h"

struct services;

/* Serves nothing yet; fw is borrowed.  NULL without memory. */
struct services *
services_new(struct loop *l, struct forward *fw, struct fault *f);

/* Stops listening; connections that are carried already go on. */
void services_free(struct services *all);

/*
 * Brings one Service in line with its objects: service NULL is one that is
 * gone, endpoints NULL one without.  Says on standard error what it cannot
 * serve.
 */
void services_update(struct services *all, const char *ns, const char *name,
    const cJSON *service, const cJSON *endpoints);

#endif
