/*
 * Who may grant what: a role or a binding gives away no permission that its
 * author does not hold, unless the verbs escalate or bind let it.
 */
#ifndef ACCESS_GRANT_H
#define ACCESS_GRANT_H

#include "k8s-apid/auth.h"
#include "k8s-apid/status.h"
#include "k8s-apid/store.h"

/*
 * Whether user u (NULL: the server itself) may store v of kind t over old
 * (NULL: a new object).  0 for all that grants nothing or nothing new; -1
 * with a 403 that names what is missing, or a 404 of the role to be bound.
 */
int access_grant(struct store *s, const struct auth_user *u,
    const struct type *t, const cJSON *old, const cJSON *v, struct status *st);

#endif
