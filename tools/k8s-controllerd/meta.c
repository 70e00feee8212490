/*
 * Reading objects: see meta.h.
 */
#include "k8s-controllerd/meta.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

static const char *
text(const char *s)
{
	return s != NULL ? s : "";
}

const char *
meta_name(const cJSON *o)
{
	return text(json_str(o, "metadata", "name", NULL));
}

const char *
meta_ns(const cJSON *o)
{
	return text(json_str(o, "metadata", "namespace", NULL));
}

const char *
meta_uid(const cJSON *o)
{
	return text(json_str(o, "metadata", "uid", NULL));
}

const char *
meta_label(const cJSON *o, const char *key)
{
	return json_str(o, "metadata", "labels", key, NULL);
}

const char *
meta_note(const cJSON *o, const char *key)
{
	return json_str(o, "metadata", "annotations", key, NULL);
}

int
meta_dying(const cJSON *o)
{
	return json_str(o, "metadata", "deletionTimestamp", NULL) != NULL;
}

unsigned long long
meta_version(const cJSON *o)
{
	const char *s = json_str(o, "metadata", "resourceVersion", NULL);

	return s != NULL ? strtoull(s, NULL, 10) : 0;
}

const cJSON *
meta_controller(const cJSON *o)
{
	const cJSON *r;

	cJSON_ArrayForEach(r, json_at(o, "metadata", "ownerReferences", NULL))
		if (json_bool(r, "controller", 0))
			return r;
	return NULL;
}

int
meta_controlled_by(const cJSON *o, const cJSON *owner)
{
	const char *uid = json_str(meta_controller(o), "uid", NULL);

	return uid != NULL && strcmp(uid, meta_uid(owner)) == 0;
}

long
spec_num(const cJSON *o, const char *name, long otherwise)
{
	return (long)json_num(
	    json_at(o, "spec", NULL), name, (double)otherwise);
}

long
status_num(const cJSON *o, const char *name, long otherwise)
{
	return (long)json_num(
	    json_at(o, "status", NULL), name, (double)otherwise);
}

time_t
meta_time(const char *s)
{
	struct timespec ts;

	return s != NULL && clock_parse(s, &ts) == 0 ? ts.tv_sec : 0;
}

char *
meta_now(char *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return clock_format(out, &now, 1);
}

const cJSON *
meta_condition(const cJSON *o, const char *type)
{
	return json_find(
	    json_at(o, "status", "conditions", NULL), "type", type);
}

int
meta_is(const cJSON *o, const char *type)
{
	return json_is(meta_condition(o, type), "status", "True");
}

const char *
pod_phase(const cJSON *pod)
{
	return text(json_str(pod, "status", "phase", NULL));
}

int
pod_active(const cJSON *pod)
{
	const char *phase = pod_phase(pod);

	return !meta_dying(pod) && strcmp(phase, "Succeeded") != 0 &&
	       strcmp(phase, "Failed") != 0;
}

int
pod_ready(const cJSON *pod)
{
	return meta_is(pod, "Ready");
}

int
pod_available(const cJSON *pod, long min_ready, double *wait)
{
	const cJSON *c = meta_condition(pod, "Ready");
	time_t since, now = time(NULL);

	if (!pod_ready(pod))
		return 0;
	if (min_ready <= 0)
		return 1;
	since = meta_time(json_str(c, "lastTransitionTime", NULL));
	if (since != 0 && now - since >= min_ready)
		return 1;
	if (wait != NULL && since != 0 && since + min_ready - now < *wait)
		*wait = (double)(since + min_ready - now);
	return 0;
}
