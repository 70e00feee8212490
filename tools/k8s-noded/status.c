/*
 * The status of a pod: see status.h.  Composed from scratch each time and
 * compared: nothing has to remember what it changed.
 */
#include "k8s-noded/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-noded/container.h"
#include "k8s-noded/status_parts.h"

#define STATUS_RETRY_MS 1000
#define STATUS_MAX (1 << 20)

struct status {
	cJSON *now;  /* as composed last */
	cJSON *sent; /* as the API has it, or has it under way */
	struct kube_call_state *call;
	int refused; /* the API will never take it: the pod is gone */
};

const char *
status_phase(const struct pod *p)
{
	const char *policy = pod_restart_policy(p);
	size_t i, waiting = 0, running = 0, failed = 0;
	const struct container *c;

	if (p->phase_reason[0] != '\0')
		return pod_busy(p) ? "Running" : "Failed";
	for (i = 0; i < p->n; i++) {
		c = &p->containers[i];
		if (c->kind == CONTAINER_INIT && container_finished(c) &&
		    !container_succeeded(c))
			return "Failed";
		if (c->kind != CONTAINER_APP)
			continue;
		if (c->state == CONTAINER_RUNNING)
			running++;
		else if (c->state == CONTAINER_WAITING && c->instances == 0)
			waiting++;
		else if (c->state == CONTAINER_TERMINATED &&
			 c->now.exit_code != 0)
			failed++;
	}
	if (p->state == POD_OVER && waiting == 0)
		return failed > 0 ? "Failed" : "Succeeded";
	if (p->state <= POD_INIT || waiting > 0)
		return "Pending";
	if (running > 0 || strcmp(policy, "Always") == 0 ||
	    p->state != POD_OVER)
		return "Running";
	return "Running";
}

cJSON *
status_compose(const struct pod *p, const cJSON *before)
{
	cJSON *v = cJSON_CreateObject(), *list, *ip;
	const char *phase = status_phase(p);
	char seconds[CLOCK_TS_SIZE];

	json_set_str(v, "phase", phase);
	/* what has ended it is not told before its containers are gone */
	if (p->phase_reason[0] != '\0' && strcmp(phase, "Failed") == 0) {
		json_set_str(v, "reason", p->phase_reason);
		json_set_str(v, "message", p->phase_message);
	}
	json_set(v, "conditions", status_conditions(p, phase, before));
	json_set_str(v, "hostIP", p->node->address);
	list = cJSON_AddArrayToObject(v, "hostIPs");
	ip = cJSON_CreateObject();
	json_set_str(ip, "ip", p->node->address);
	cJSON_AddItemToArray(list, ip);
	if (json_str(p->object, "status", "podIP", NULL) != NULL) {
		json_set_str(
		    v, "podIP", json_str(p->object, "status", "podIP", NULL));
		list = cJSON_AddArrayToObject(v, "podIPs");
		ip = cJSON_CreateObject();
		json_set_str(
		    ip, "ip", json_str(p->object, "status", "podIP", NULL));
		cJSON_AddItemToArray(list, ip);
	}
	snprintf(seconds, sizeof(seconds), "%.19sZ", p->started);
	json_set_str(v, "startTime", seconds);
	if (p->n_init > 0)
		json_set(v, "initContainerStatuses",
		    status_containers(p, 0, p->n_init));
	json_set(v, "containerStatuses", status_containers(p, p->n_init, p->n));
	json_set_str(v, "qosClass", status_qos(p));
	return v;
}

static void send_status(struct pod *p);

static void
on_sent(void *arg, const struct kube_answer *a)
{
	struct pod *p = arg;
	struct status *s = p->status;

	s->call = NULL;
	if (a->status == 404 || a->status == 409) {
		s->refused = 1;
	} else if (!kube_ok(a)) {
		cJSON_Delete(s->sent);
		s->sent = NULL;
		pod_retry(p, STATUS_RETRY_MS);
		return;
	}
	send_status(p);
	/* a deleted pod waits for its last status before it goes */
	if (s->call == NULL)
		pod_kick(p);
}

/* The patch: the status, and the uid, so that a namesake is left alone. */
static int
write_patch(struct buf *b, const struct pod *p)
{
	cJSON *v = cJSON_CreateObject();
	int status;

	json_set_str(json_sub(v, "metadata"), "uid", p->uid);
	cJSON_AddItemReferenceToObject(v, "status", p->status->now);
	status = json_write(b, v);
	cJSON_Delete(v);
	return status;
}

static void
send_status(struct pod *p)
{
	struct status *s = p->status;
	struct kube_request rq = { .method = "PATCH",
		.content_type = "application/merge-patch+json",
		.done = on_sent,
		.arg = p };
	char path[512];
	struct buf b;

	if (s->call != NULL || s->refused || json_equal(s->now, s->sent))
		return;
	buf_init(&b, STATUS_MAX);
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s/status",
	    p->ns, p->name);
	if (write_patch(&b, p) == 0) {
		rq.path = path;
		rq.body = b.data;
		rq.body_len = b.len;
		s->call = kube_start(p->node->kube, &rq, NULL);
	}
	buf_release(&b);
	cJSON_Delete(s->sent);
	s->sent = s->call != NULL ? cJSON_Duplicate(s->now, 1) : NULL;
	if (s->call == NULL)
		pod_retry(p, STATUS_RETRY_MS);
}

void
status_update(struct pod *p)
{
	struct status *s = p->status;
	cJSON *v;

	/* it was over before we came: its status is as it is */
	if (p->state == POD_OVER && s == NULL)
		return;
	if (s == NULL) {
		s = p->status = calloc(1, sizeof(*s));
		if (s == NULL) {
			pod_retry(p, STATUS_RETRY_MS);
			return;
		}
	}
	v = status_compose(p, s->now);
	if (v == NULL)
		return;
	cJSON_Delete(s->now);
	s->now = v;
	send_status(p);
}

int
status_settled(const struct pod *p)
{
	const struct status *s = p->status;

	return s == NULL || s->refused ||
	       (s->call == NULL && json_equal(s->now, s->sent));
}

void
status_free(struct pod *p)
{
	struct status *s = p->status;

	if (s == NULL)
		return;
	if (s->call != NULL)
		kube_cancel(p->node->kube, s->call);
	cJSON_Delete(s->now);
	cJSON_Delete(s->sent);
	free(s);
	p->status = NULL;
}
