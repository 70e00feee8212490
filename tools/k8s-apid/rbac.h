/*
 * Who may do what: role-based access control over the Roles, ClusterRoles and
 * bindings in the store, as kube-apiserver evaluates them.  Nothing is kept
 * between questions: a sandbox has a handful of bindings, and what was
 * granted a moment ago holds at once.
 */
#ifndef RBAC_H
#define RBAC_H

#include "k8s-apid/auth.h"
#include "k8s-apid/store.h"

/* A question; members that do not apply are "", none is NULL. */
struct rbac_ask {
	const char *verb;
	const char *group, *resource, *sub; /* resource "": path counts */
	const char *ns, *name;
	const char *path; /* of what is no resource: "/healthz" */
};

struct rbac_answer {
	int allowed;
	char reason[1024]; /* which binding, or what is wrong with them; "" */
};

/* Where a rule comes from. */
struct rbac_source {
	const cJSON *binding, *subject;
};

/*
 * A rule, or NULL for a role that is bound and does not exist; not 0 ends the
 * visit.
 */
typedef int
rbac_fn(void *arg, const cJSON *rule, const struct rbac_source *from);

/* 1 when the user is in the group that all is allowed to. */
int rbac_is_master(const struct auth_user *u);

/*
 * Visits the rules that hold for a user: those of the cluster, then (ns not
 * "") those of a namespace.  What fn returned last.
 */
int rbac_visit(struct store *s, const struct auth_user *u, const char *ns,
    rbac_fn *fn, void *arg);

/* Visits the rules of the role that a binding (in ns) refers to. */
int rbac_visit_role(struct store *s, const cJSON *binding, const cJSON *subject,
    rbac_fn *fn, void *arg);

/* 1 when the rule alone allows what is asked. */
int rbac_rule_allows(const cJSON *rule, const struct rbac_ask *ask);

/* Decides what a user may do. */
void rbac_decide(struct store *s, const struct auth_user *u,
    const struct rbac_ask *ask, struct rbac_answer *out);

#endif
