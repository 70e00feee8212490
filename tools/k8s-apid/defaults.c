/*
 * Defaults: see defaults.h.
 */
#include "k8s-apid/defaults.h"

#include <string.h>

int
defaults_create(const struct type *t, cJSON *v, struct status *st)
{
	if (t->subs & SUB_STATUS)
		cJSON_DeleteItemFromObjectCaseSensitive(v, "status");
	if (strcmp(t->plural, "namespaces") == 0) {
		cJSON *labels = json_sub(json_sub(v, "metadata"), "labels");
		cJSON *spec = json_sub(v, "spec");
		cJSON *list = cJSON_CreateArray();

		cJSON_AddItemToArray(list, cJSON_CreateString("kubernetes"));
		if (json_set(spec, "finalizers", list) != 0 ||
		    json_set_str(labels, "kubernetes.io/metadata.name",
			json_str(v, "metadata", "name", NULL)) != 0 ||
		    json_set_str(json_sub(v, "status"), "phase", "Active"))
			return status_nomem(st);
	}
	if (strcmp(t->plural, "pods") == 0 && t->group[0] == '\0')
		json_set_str(json_sub(v, "status"), "phase", "Pending");
	return defaults_update(t, NULL, v, st);
}

int
defaults_update(
    const struct type *t, const cJSON *old, cJSON *v, struct status *st)
{
	(void)t;
	(void)old;
	(void)v;
	(void)st;
	return 0;
}
