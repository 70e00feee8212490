/*
 * Acting as somebody else: see impersonate.h.  Each name and group asked for
 * needs the verb impersonate of its own, as in kube-apiserver's filter.
 */
#include "k8s-apid/impersonate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/access.h"
#include "k8s-apid/rbac.h"

#define ACCOUNT "system:serviceaccount:"
#define GROUPS_MAX 64

/* "system:serviceaccount:NS:NAME" in two; 0 when it is another user's name. */
static int
split_account(const char *user, char *ns, size_t size, const char **name)
{
	const char *colon;

	if (strncmp(user, ACCOUNT, sizeof ACCOUNT - 1) != 0)
		return 0;
	user += sizeof ACCOUNT - 1;
	colon = strchr(user, ':');
	if (colon == NULL || colon == user || (size_t)(colon - user) >= size)
		return 0;
	snprintf(ns, size, "%.*s", (int)(colon - user), user);
	*name = colon + 1;
	return **name != '\0';
}

static int
may_be(const struct request *rq, const char *group, const char *resource,
    const char *ns, const char *name, struct status *st)
{
	struct rbac_ask ask = { "impersonate", group, resource, "", ns, name,
		"" };

	return access_check_ask(rq, &ask, st);
}

static int
add_group(struct auth_user *as, size_t *n, const char *group)
{
	as->groups[*n] = strdup(group);
	return as->groups[(*n)++] != NULL ? 0 : -1;
}

/* Groups that are named stand for all; else an account has those of its own. */
static int
add_groups(struct auth_user *as, const struct request *rq, const char *ns)
{
	const char *all = strcmp(as->name, "system:anonymous") == 0 ?
			      "system:unauthenticated" :
			      "system:authenticated";
	const char *group;
	char own[PATH_NAME + 32];
	size_t i, n = 0;
	int bad = 0, said = 0;

	for (i = 0; i < GROUPS_MAX; i++) {
		group = httpd_header_nth(rq->http, "Impersonate-Group", i);
		if (group == NULL)
			break;
		said |= strcmp(group, "system:authenticated") == 0 ||
			strcmp(group, "system:unauthenticated") == 0;
		bad |= add_group(as, &n, group);
	}
	if (i == 0 && ns[0] != '\0') {
		snprintf(own, sizeof own, "system:serviceaccounts:%s", ns);
		bad |= add_group(as, &n, "system:serviceaccounts") |
		       add_group(as, &n, own);
	}
	if (!said)
		bad |= add_group(as, &n, all);
	return bad;
}

/* Whether rq's user may act as them: asked before anything is taken over. */
static int
check(const struct request *rq, const char *user, const char *ns,
    const char *account, struct status *st)
{
	const char *uid = httpd_header(rq->http, "Impersonate-Uid"), *group;
	size_t i;

	if (ns[0] != '\0') {
		if (may_be(rq, "", "serviceaccounts", ns, account, st) != 0)
			return -1;
	} else if (may_be(rq, "", "users", "", user, st) != 0)
		return -1;
	for (i = 0; i < GROUPS_MAX; i++) {
		group = httpd_header_nth(rq->http, "Impersonate-Group", i);
		if (group == NULL)
			break;
		if (may_be(rq, "", "groups", "", group, st) != 0)
			return -1;
	}
	if (i == GROUPS_MAX)
		return status_bad_request(st, "too many groups");
	return uid == NULL ?
		   0 :
		   may_be(rq, "authentication.k8s.io", "uids", "", uid, st);
}

int
impersonate(struct request *rq, struct auth_user *as, struct status *st)
{
	const char *user = httpd_header(rq->http, "Impersonate-User");
	const char *uid = httpd_header(rq->http, "Impersonate-Uid");
	const char *account = "";
	char ns[PATH_NAME] = "";

	if (user == NULL || user[0] == '\0') {
		if (uid == NULL &&
		    httpd_header(rq->http, "Impersonate-Group") == NULL)
			return 0;
		return status_set(st, 500, "InternalError",
		    "Internal error occurred: a group or uid is impersonated "
		    "without a user");
	}
	if (!split_account(user, ns, sizeof ns, &account))
		ns[0] = '\0';
	if (check(rq, user, ns, account, st) != 0)
		return -1;
	as->name = strdup(user);
	as->uid = strdup(uid != NULL ? uid : "");
	as->groups = calloc(GROUPS_MAX + 4, sizeof *as->groups);
	if (as->name == NULL || as->uid == NULL || as->groups == NULL ||
	    add_groups(as, rq, ns) != 0)
		return status_nomem(st);
	rq->user = as;
	return 0;
}
