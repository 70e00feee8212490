/*
 * Conditions: see cond.h.
 */
#include "k8s-controllerd/cond.h"

#include <string.h>

#include "k8s-controllerd/meta.h"
#include "lib/clock.h"

cJSON *
cond_get(const cJSON *status, const char *type)
{
	return json_find(json_at(status, "conditions", NULL), "type", type);
}

/* The condition of a type, made without a status when it is not there. */
static cJSON *
cond_make(cJSON *status, const char *type)
{
	cJSON *c = cond_get(status, type);
	cJSON *list = cJSON_GetObjectItemCaseSensitive(status, "conditions");

	if (c != NULL)
		return c;
	if (!cJSON_IsArray(list)) {
		if (json_set(status, "conditions", cJSON_CreateArray()) != 0)
			return NULL;
		list = cJSON_GetObjectItemCaseSensitive(status, "conditions");
	}
	c = cJSON_CreateObject();
	if (c != NULL && json_set_str(c, "type", type) == 0 &&
	    cJSON_AddItemToArray(list, c))
		return c;
	cJSON_Delete(c);
	return NULL;
}

int
cond_set(cJSON *status, const char *type, const char *value, const char *reason,
    const char *message, int updates)
{
	cJSON *c = cond_make(status, type);
	char now[CLOCK_TS_SIZE];
	int bad = 0;

	if (c == NULL)
		return -1;
	if (updates < 2 && json_is(c, "status", value) &&
	    json_is(c, "reason", reason) && json_is(c, "message", message))
		return 0;
	meta_now(now);
	if (!json_is(c, "status", value))
		bad |= json_set_str(c, "lastTransitionTime", now);
	if (updates)
		bad |= json_set_str(c, "lastUpdateTime", now);
	bad |= json_set_str(c, "status", value);
	bad |= json_set_str(c, "reason", reason);
	bad |= json_set_str(c, "message", message);
	return bad;
}

void
cond_drop(cJSON *status, const char *type)
{
	cJSON *c = cond_get(status, type);

	if (c != NULL)
		cJSON_Delete(cJSON_DetachItemViaPointer(
		    cJSON_GetObjectItemCaseSensitive(status, "conditions"), c));
}

int
status_count(cJSON *status, const char *key, long n)
{
	if (n > 0)
		return json_set_num(status, key, (double)n);
	cJSON_DeleteItemFromObjectCaseSensitive(status, key);
	return 0;
}
