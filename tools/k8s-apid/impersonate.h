/*
 * Acting as somebody else, which is what "kubectl --as" asks for: the headers
 * Impersonate-User, -Group and -Uid.  Impersonate-Extra is not looked at, as
 * nothing here depends on it.
 */
#ifndef IMPERSONATE_H
#define IMPERSONATE_H

#include "k8s-apid/request.h"

/*
 * Fills as (zeroed) with whom rq's user wants to act as, and makes that the
 * user of rq; without such headers both stay as they are.  -1 with st: 403
 * when the user may not impersonate them, 500 (as kube-apiserver) for a group
 * or uid without a user.  as is to be released after rq has been answered.
 */
int impersonate(struct request *rq, struct auth_user *as, struct status *st);

#endif
