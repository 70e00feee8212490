/*
 * Columns of quotas, limit ranges, volume claims and revisions: see columns.h.
 */
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/columns.h"

#define SHOWN_MAX 64 /* resources of a quota in a cell */

static int
by_key(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string,
	    (*(const cJSON *const *)b)->string);
}

/* "pods: 1/2, secrets: 0/5": used of hard, of limits or of all else. */
static void
quota_cell(const cJSON *v, int limits, struct buf *out)
{
	const cJSON *list[SHOWN_MAX], *m;
	const char *used;
	size_t n = 0, i;

	cJSON_ArrayForEach(m, json_at(v, "status", "hard", NULL))
		if (n < SHOWN_MAX && cJSON_IsString(m) &&
		    (strncmp(m->string, "limits.", 7) == 0) == limits)
			list[n++] = m;
	if (n > 1)
		qsort(list, n, sizeof(*list), by_key);
	for (i = 0; i < n; i++) {
		used = json_str(v, "status", "used", list[i]->string, NULL);
		buf_addf(out, "%s%s: %s/%s", i > 0 ? ", " : "", list[i]->string,
		    used != NULL ? used : "", list[i]->valuestring);
	}
}

static void
quota_request(const cJSON *v, struct buf *out)
{
	quota_cell(v, 0, out);
}

static void
quota_limit(const cJSON *v, struct buf *out)
{
	quota_cell(v, 1, out);
}

const struct column columns_quotas[] = {
	COLUMN("Name", column_name),
	COLUMN("Age", column_age),
	COLUMN("Request", quota_request),
	COLUMN("Limit", quota_limit),
	{ 0 },
};

const struct column columns_limits[] = {
	COLUMN("Name", column_name),
	COLUMN("Created At", column_text, "metadata", "creationTimestamp"),
	{ 0 },
};

/* A claim that is not bound has neither capacity nor modes. */
const struct column columns_claims[] = {
	COLUMN("Name", column_name),
	COLUMN("Status", column_text, "status", "phase"),
	COLUMN("Volume", column_text, "spec", "volumeName"),
	COLUMN("Capacity", column_text, "status", "capacity", "storage"),
	COLUMN("Access Modes", column_text, "status", "accessModes"),
	COLUMN("StorageClass", column_text, "spec", "storageClassName"),
	COLUMN("Age", column_age),
	COLUMN_WIDE("VolumeMode", column_text, "spec", "volumeMode"),
	{ 0 },
};

/* "daemonset.apps/web", as kubectl get takes it. */
static void
revision_owner(const cJSON *v, struct buf *out)
{
	const cJSON *ref = cJSON_GetArrayItem(
	    json_at(v, "metadata", "ownerReferences", NULL), 0);
	const char *kind = json_str(ref, "kind", NULL);
	const char *version = json_str(ref, "apiVersion", NULL);
	const char *name = json_str(ref, "name", NULL);

	if (kind == NULL || version == NULL || name == NULL) {
		column_or_none(NULL, out);
		return;
	}
	for (; *kind != '\0'; kind++)
		buf_addc(out,
		    *kind >= 'A' && *kind <= 'Z' ? (char)(*kind + 32) : *kind);
	buf_addf(out, ".%.*s/%s", (int)strcspn(version, "/"), version, name);
}

const struct column columns_revisions[] = {
	COLUMN("Name", column_name),
	COLUMN("Controller", revision_owner),
	COLUMN("Revision", column_number, "revision"),
	COLUMN("Age", column_age),
	{ 0 },
};
