/*
 * Access to requests: what a request asks to do, held against rbac.h, and
 * the answers to those who ask what they may do.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "k8s-apid/request.h"

/*
 * 0 when the request's user may do what it asks (without a user: what is
 * public), -1 with a 403 in st.  Looks at method, path and query alone: it
 * comes before anything is read.
 */
int access_check(const struct request *rq, struct status *st);

/* As access_check with another verb, for an apply that creates. */
int access_check_verb(
    const struct request *rq, const char *verb, struct status *st);

/* The same for a question of the caller's. */
struct rbac_ask;
int access_check_ask(
    const struct request *rq, const struct rbac_ask *ask, struct status *st);

/*
 * Fills status of a SelfSubjectAccessReview.  0, or -1 (422) when its spec
 * does not ask one thing.
 */
int access_review(const struct request *rq, cJSON *v, struct status *st);

/*
 * Fills status of a SelfSubjectRulesReview: the rules that hold for the user
 * in the namespace of its spec.  0, or -1 (400) without one.
 */
int access_rules_review(const struct request *rq, cJSON *v, struct status *st);

/*
 * Creates the roles and bindings that every cluster has: of discovery, and
 * cluster-admin, admin, edit and view.  Aggregation is not served, so theirs
 * are for the kinds of this server.  0, or -1 with st filled.
 */
int access_boot(struct apid *a, struct status *st);

#endif
