/*
 * Admission: see admission.h.
 */
#include "k8s-apid/admission.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/limits.h"
#include "k8s-apid/quota.h"

static const struct {
	const char *name;
	enum admission bit;
} plugins[] = {
	{ "LimitRanger", ADMIT_LIMIT_RANGER },
	{ "ResourceQuota", ADMIT_RESOURCE_QUOTA },
	{ "ServiceAccount", ADMIT_SERVICE_ACCOUNT },
};

int
admission_disable(const char *list, unsigned *off, struct fault *f)
{
	size_t n, i;

	*off = 0;
	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		for (i = 0; i < sizeof plugins / sizeof plugins[0]; i++)
			if (strlen(plugins[i].name) == n &&
			    strncmp(plugins[i].name, list, n) == 0)
				break;
		if (i == sizeof plugins / sizeof plugins[0])
			return fault_set(f, FAULT_INPUT,
			    "%.*s: no such admission plugin", (int)n, list);
		*off |= plugins[i].bit;
	}
	return 0;
}

/*
 * What a pod leaves open its account decides.  That no token is wanted is
 * written into the pod, since here it is the node that adds the volume.
 */
static int
inherit(cJSON *spec, const cJSON *account)
{
	const cJSON *secrets = json_at(account, "imagePullSecrets", NULL);
	int rc = 0;

	if (secrets != NULL && json_at(spec, "imagePullSecrets", NULL) == NULL)
		rc |= json_set(
		    spec, "imagePullSecrets", cJSON_Duplicate(secrets, 1));
	if (!json_bool(account, "automountServiceAccountToken", 1) &&
	    json_at(spec, "automountServiceAccountToken", NULL) == NULL)
		rc |= json_set_bool(spec, "automountServiceAccountToken", 0);
	return rc;
}

/* Its token is what a pod speaks to the API with: it has to be there. */
static int
service_account(
    struct apid *a, const struct type *t, cJSON *v, struct status *st)
{
	struct object *account = NULL;
	const char *ns = json_str(v, "metadata", "namespace", NULL);
	const char *name = json_str(v, "spec", "serviceAccountName", NULL);
	char key[2 * PATH_NAME], why[3 * PATH_NAME];

	if (strcmp(t->kind, "Pod") != 0 || name == NULL)
		return 0;
	if (store_key(ns, name, key, sizeof key) == 0)
		account = store_get(a->store,
		    type_index(type_named("", "serviceaccounts")), key);
	if (account != NULL)
		return inherit(json_at(v, "spec", NULL),
			   object_value(account)) == 0 ?
			   0 :
			   status_nomem(st);
	snprintf(why, sizeof why,
	    "error looking up service account %s/%s: serviceaccount \"%s\" "
	    "not found",
	    ns, name, name);
	return status_forbidden(
	    st, t, json_str(v, "metadata", "name", NULL), why);
}

int
admission_create(
    struct apid *a, const struct type *t, cJSON *v, struct status *st)
{
	if (!(a->admission_off & ADMIT_SERVICE_ACCOUNT) &&
	    service_account(a, t, v, st) != 0)
		return -1;
	if (!(a->admission_off & ADMIT_LIMIT_RANGER))
		return limits_admit(a, t, v, st);
	return 0;
}

int
admission_store(struct apid *a, const struct type *t, const cJSON *old,
    const cJSON *v, struct status *st)
{
	if (a->admission_off & ADMIT_RESOURCE_QUOTA)
		return 0;
	return quota_admit(a, t, old, v, st);
}
