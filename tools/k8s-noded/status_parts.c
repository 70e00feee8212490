/*
 * The parts of a pod's status: see status_parts.h.
 */
#include "k8s-noded/status_parts.h"

#include <stdio.h>
#include <string.h>

#include "k8s-noded/container.h"
#include "lib/quantity.h"

static const cJSON *
find_condition(const cJSON *status, const char *type)
{
	return json_find(json_at(status, "conditions", NULL), "type", type);
}

/* Adds a condition; times have whole seconds, as all of the API's. */
static void
add(cJSON *list, const struct pod *p, const cJSON *before, const char *type,
    int is, const char *reason, const char *message)
{
	const cJSON *old = find_condition(before, type);
	const char *was, *since;
	char now[CLOCK_TS_SIZE];
	struct timespec ts;
	cJSON *c = cJSON_CreateObject();

	if (old == NULL)
		old = find_condition(json_at(p->object, "status", NULL), type);
	was = json_str(old, "status", NULL);
	since = json_str(old, "lastTransitionTime", NULL);
	clock_gettime(CLOCK_REALTIME, &ts);
	clock_format(now, &ts, 1);
	json_set_str(c, "type", type);
	json_set_str(c, "status", is ? "True" : "False");
	json_set_str(c, "lastTransitionTime",
	    was != NULL && since != NULL &&
		    strcmp(was, is ? "True" : "False") == 0 ?
		since :
		now);
	if (reason != NULL)
		json_set_str(c, "reason", reason);
	if (message != NULL)
		json_set_str(c, "message", message);
	cJSON_AddItemToArray(list, c);
}

/* The names of containers that are not ready (or not passed), with blanks. */
static int
unready(const struct pod *p, int init, char *out, size_t size)
{
	const struct container *c;
	size_t i, n = 0;
	int count = 0;

	out[0] = '\0';
	for (i = 0; i < p->n; i++) {
		c = &p->containers[i];
		if (init ? c->kind == CONTAINER_APP || container_passed(c) :
			   c->kind == CONTAINER_INIT || c->ready)
			continue;
		if (n < size)
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    count > 0 ? " " : "", c->name);
		count++;
	}
	return count;
}

/*
 * 1 when all conditions that spec.readinessGates names are True; else which
 * are not, in the kubelet's words.
 */
static int
gates_open(const struct pod *p, char *out, size_t size)
{
	const cJSON *g, *status = json_at(p->object, "status", NULL);
	const char *type, *is;
	size_t n = 0;

	out[0] = '\0';
	cJSON_ArrayForEach(
	    g, json_at(p->object, "spec", "readinessGates", NULL)) {
		type = json_str(g, "conditionType", NULL);
		if (type == NULL)
			continue;
		is = json_str(find_condition(status, type), "status", NULL);
		if (is != NULL && strcmp(is, "True") == 0)
			continue;
		if (n >= size)
			break;
		n += (size_t)snprintf(out + n, size - n,
		    is == NULL ? "%scorresponding condition of pod readiness "
				 "gate \"%s\" does not exist." :
				 "%sthe status of pod readiness gate \"%s\" is "
				 "not \"True\", but %s",
		    n > 0 ? ", " : "", type, is);
	}
	return out[0] == '\0';
}

static int
is_ours(const char *type)
{
	static const char *const ours[] = { "PodReadyToStartContainers",
		"Initialized", "Ready", "ContainersReady", "PodScheduled" };
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(type, ours[i]) == 0)
			return 1;
	return 0;
}

cJSON *
status_conditions(const struct pod *p, const char *phase, const cJSON *before)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *c;
	const char *type, *reason = NULL, *why = NULL;
	char names[512], message[640];
	int over, failed, initialized, ready;

	over = strcmp(phase, "Succeeded") == 0;
	/* one that is being ended for good is as good as failed */
	failed = strcmp(phase, "Failed") == 0 || p->phase_reason[0] != '\0';
	initialized = unready(p, 1, names, sizeof(names)) == 0;
	snprintf(message, sizeof(message),
	    "containers with incomplete status: [%s]", names);
	if (p->state > POD_INIT && strcmp(phase, "Failed") != 0)
		initialized = 1;
	add(list, p, before, "PodReadyToStartContainers",
	    p->state > POD_SETUP && p->net.net >= 0, NULL, NULL);
	add(list, p, before, "Initialized", initialized || over,
	    over        ? "PodCompleted" :
	    initialized ? NULL :
			  "ContainersNotInitialized",
	    initialized || over ? NULL : message);

	ready = unready(p, 0, names, sizeof(names)) == 0 && !over && !failed;
	snprintf(message, sizeof(message),
	    "containers with unready status: [%s]", names);
	if (over || failed) {
		reason = over ? "PodCompleted" : "PodFailed";
	} else if (!ready) {
		reason = "ContainersNotReady";
		why = message;
	}
	if (ready && !gates_open(p, message, sizeof(message)))
		add(list, p, before, "Ready", 0, "ReadinessGatesNotReady",
		    message);
	else
		add(list, p, before, "Ready", ready, reason, why);
	add(list, p, before, "ContainersReady", ready, reason, why);
	add(list, p, before, "PodScheduled", 1, NULL, NULL);
	cJSON_ArrayForEach(
	    c, json_at(p->object, "status", "conditions", NULL)) {
		type = json_str(c, "type", NULL);
		if (type != NULL && !is_ours(type))
			cJSON_AddItemToArray(list, cJSON_Duplicate(c, 1));
	}
	return list;
}

/* {"terminated": ...} of an instance. */
static cJSON *
terminated(const struct instance *i)
{
	cJSON *v = cJSON_CreateObject(), *t = json_sub(v, "terminated");
	char when[CLOCK_TS_SIZE];

	json_set_num(t, "exitCode", i->exit_code);
	json_set_str(t, "reason", i->reason);
	if (i->message != NULL)
		json_set_str(t, "message", i->message);
	snprintf(when, sizeof(when), "%.19sZ", i->started);
	json_set_str(t, "startedAt", when);
	snprintf(when, sizeof(when), "%.19sZ", i->finished);
	json_set_str(t, "finishedAt", when);
	json_set_str(t, "containerID", i->id);
	return v;
}

static cJSON *
state_of(const struct container *c)
{
	cJSON *v, *s;
	char when[CLOCK_TS_SIZE];

	if (c->state == CONTAINER_TERMINATED)
		return terminated(&c->now);
	v = cJSON_CreateObject();
	if (c->state == CONTAINER_RUNNING) {
		snprintf(when, sizeof(when), "%.19sZ", c->now.started);
		json_set_str(json_sub(v, "running"), "startedAt", when);
		return v;
	}
	s = json_sub(v, "waiting");
	if (c->reason[0] != '\0')
		json_set_str(s, "reason", c->reason);
	else
		json_set_str(s, "reason",
		    c->pod->n_init > 0 ? "PodInitializing" :
					 "ContainerCreating");
	if (c->message != NULL)
		json_set_str(s, "message", c->message);
	return v;
}

static cJSON *
one_status(const struct container *c)
{
	const char *image = json_str(c->spec, "image", NULL);
	const struct instance *i = c->now.id[0] != '\0' ? &c->now : &c->last;
	cJSON *v = cJSON_CreateObject();

	json_set_str(v, "name", c->name);
	json_set(v, "state", state_of(c));
	json_set(v, "lastState",
	    c->last.finished[0] != '\0' ? terminated(&c->last) :
					  cJSON_CreateObject());
	json_set_bool(v, "ready",
	    c->kind == CONTAINER_INIT ? container_succeeded(c) : c->ready);
	json_set_num(v, "restartCount", container_restarts(c));
	json_set_str(v, "image", image != NULL ? image : "");
	json_set_str(v, "imageID", c->image_id);
	if (i->id[0] != '\0')
		json_set_str(v, "containerID", i->id);
	json_set_bool(
	    v, "started", c->state == CONTAINER_RUNNING && c->started);
	return v;
}

cJSON *
status_containers(const struct pod *p, size_t from, size_t to)
{
	cJSON *list = cJSON_CreateArray();
	size_t i;

	for (i = from; i < to; i++)
		cJSON_AddItemToArray(list, one_status(&p->containers[i]));
	return list;
}

const char *
status_qos(const struct pod *p)
{
	static const char *const what[] = { "cpu", "memory" };
	const cJSON *limit, *request;
	double l, r;
	size_t i, k;
	int any = 0, all = 1;

	for (i = 0; i < p->n; i++) {
		for (k = 0; k < 2; k++) {
			limit = json_at(p->containers[i].spec, "resources",
			    "limits", what[k], NULL);
			request = json_at(p->containers[i].spec, "resources",
			    "requests", what[k], NULL);
			any |= limit != NULL || request != NULL;
			if (quantity_json(limit, &l) != 0 ||
			    (request != NULL &&
				(quantity_json(request, &r) != 0 || r != l)))
				all = 0;
		}
	}
	return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}
