/*
 * Views: see views.h.  An Event's two API versions differ in member names
 * alone, so that a conversion is a list of pairs.
 */
#include "k8s-apid/views.h"

#include <string.h>

static const char *const event_names[][2] = {
	/* core/v1, events.k8s.io/v1 */
	{ "involvedObject", "regarding" },
	{ "message", "note" },
	{ "source", "deprecatedSource" },
	{ "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "lastTimestamp", "deprecatedLastTimestamp" },
	{ "count", "deprecatedCount" },
	{ "reportingComponent", "reportingController" },
};

cJSON *
views_metadata(const cJSON *object)
{
	cJSON *v = cJSON_CreateObject();

	if (v == NULL)
		return NULL;
	json_set_str(v, "kind", "PartialObjectMetadata");
	json_set_str(v, "apiVersion", "meta.k8s.io/v1");
	if (json_set(v, "metadata",
		cJSON_Duplicate(json_at(object, "metadata", NULL), 1)) == 0)
		return v;
	cJSON_Delete(v);
	return NULL;
}

/* Moves the members named in column from to those in column to. */
static int
rename_members(cJSON *v, int from, int to)
{
	cJSON *item;
	size_t i;

	for (i = 0; i < sizeof event_names / sizeof event_names[0]; i++) {
		item = cJSON_DetachItemFromObjectCaseSensitive(
		    v, event_names[i][from]);
		if (item != NULL && json_set(v, event_names[i][to], item) != 0)
			return -1;
	}
	return json_set_str(
	    v, "apiVersion", to == 0 ? "v1" : "events.k8s.io/v1");
}

cJSON *
views_event(const cJSON *core)
{
	cJSON *v = cJSON_Duplicate(core, 1);

	if (v != NULL && rename_members(v, 0, 1) == 0)
		return v;
	cJSON_Delete(v);
	return NULL;
}

int
views_core_event(cJSON *event)
{
	return rename_members(event, 1, 0);
}
