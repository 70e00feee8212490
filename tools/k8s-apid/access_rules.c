/*
 * What a user may do, listed: see access.h.
 */
#include "k8s-apid/access.h"

#include "k8s-apid/rbac.h"

struct rules {
	cJSON *resources, *paths; /* lists in the review's status */
	int failed;
};

/* A copy of the rule with these members alone. */
static cJSON *
part_of(const cJSON *rule, const char *const *members)
{
	cJSON *v = cJSON_CreateObject();
	const cJSON *m;

	for (; v != NULL && *members != NULL; members++) {
		m = json_at(rule, *members, NULL);
		if (m == NULL ||
		    json_set(v, *members, cJSON_Duplicate(m, 1)) == 0)
			continue;
		cJSON_Delete(v);
		return NULL;
	}
	return v;
}

/* A role that is bound and does not exist grants nothing. */
static int
add(void *arg, const cJSON *rule, const struct rbac_source *from)
{
	static const char *const resource[] = { "verbs", "apiGroups",
		"resources", "resourceNames", NULL };
	static const char *const path[] = { "verbs", "nonResourceURLs", NULL };
	struct rules *r = arg;

	(void)from;
	if (cJSON_GetArraySize(json_at(rule, "resources", NULL)) > 0)
		r->failed |= json_append(r->resources, part_of(rule, resource));
	if (cJSON_GetArraySize(json_at(rule, "nonResourceURLs", NULL)) > 0)
		r->failed |= json_append(r->paths, part_of(rule, path));
	return r->failed;
}

int
access_rules_review(const struct request *rq, cJSON *v, struct status *st)
{
	const char *ns = json_str(v, "spec", "namespace", NULL);
	struct rules r = { NULL, NULL, 0 };
	cJSON *status;

	if (ns == NULL || ns[0] == '\0')
		return status_bad_request(st, "no namespace on request");
	cJSON_DeleteItemFromObjectCaseSensitive(v, "status");
	status = json_sub(v, "status");
	r.resources = cJSON_AddArrayToObject(status, "resourceRules");
	r.paths = cJSON_AddArrayToObject(status, "nonResourceRules");
	if (r.resources == NULL || r.paths == NULL ||
	    json_set_bool(status, "incomplete", 0) != 0)
		return status_nomem(st);
	rbac_visit(rq->a->store, rq->user, ns, add, &r);
	return r.failed ? status_nomem(st) : 0;
}
