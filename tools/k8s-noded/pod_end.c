/*
 * The end of a pod: see pod_end.h.
 */
#include "k8s-noded/pod_end.h"

#include <stdio.h>
#include <string.h>

#include "k8s-noded/container.h"
#include "k8s-noded/event.h"
#include "k8s-noded/lifecycle.h"
#include "k8s-noded/metrics.h"
#include "k8s-noded/status.h"

#define REMOVAL_RETRY_MS 1000

int
pod_deleted(const struct pod *p)
{
	return json_str(p->object, "metadata", "deletionTimestamp", NULL) !=
	       NULL;
}

static void
stop(struct container *c, double grace_ms)
{
	if (c->state != CONTAINER_RUNNING)
		return;
	if (c->ending == NULL)
		event_pod(c->pod, c, "Normal", "Killing",
		    "Stopping container %s", c->name);
	lifecycle_stop(c, grace_ms);
}

/* Ends the containers: sidecars when all others have ended. */
static void
stop_all(struct pod *p)
{
	int apps = 0;
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (p->containers[i].kind == CONTAINER_SIDECAR)
			continue;
		stop(&p->containers[i], p->grace_ms);
		apps += p->containers[i].process != NULL;
	}
	for (i = 0; i < p->n && apps == 0; i++)
		stop(&p->containers[i], p->grace_ms);
}

void
pod_begin_ending(struct pod *p, double grace_ms)
{
	size_t i;

	p->state = POD_ENDING;
	p->grace_ms = grace_ms;
	for (i = 0; i < p->n; i++)
		container_stay_ended(&p->containers[i]);
	loop_timer_cancel(p->node->loop, &p->deadline);
}

double
pod_grace_ms(const struct pod *p)
{
	return 1000 * json_num(json_at(p->object, "spec", NULL),
			  "terminationGracePeriodSeconds", 30);
}

void
pod_step_ending(struct pod *p)
{
	stop_all(p);
	if (pod_busy(p))
		return;
	metrics_forget(p);
	if (p->net.net >= 0)
		net_pod_release(p->node->net, &p->net);
	p->state = POD_OVER;
}

static void
on_removed(void *arg, const struct kube_answer *a)
{
	struct pod *p = arg;

	p->removal = NULL;
	/* 409: another pod of this name is there; 404: gone already */
	if (kube_ok(a) || a->status == 404 || a->status == 409)
		p->removed = 1;
	else
		pod_retry(p, REMOVAL_RETRY_MS);
}

void
pod_remove(struct pod *p)
{
	struct kube_request rq = {
		.method = "DELETE", .done = on_removed, .arg = p
	};
	char path[512], body[256];
	int n;

	if (p->removal != NULL || p->removed || !status_settled(p))
		return;
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/pods/%s", p->ns,
	    p->name);
	n = snprintf(body, sizeof(body),
	    "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
	    "\"gracePeriodSeconds\":0,\"preconditions\":{\"uid\":\"%s\"}}",
	    p->uid);
	rq.path = path;
	rq.body = body;
	rq.body_len = (size_t)n;
	p->removal = kube_start(p->node->kube, &rq, NULL);
	if (p->removal == NULL)
		pod_retry(p, REMOVAL_RETRY_MS);
}

static void
on_deadline(void *arg)
{
	struct pod *p = arg;

	p->deadline = NULL;
	snprintf(p->phase_reason, sizeof(p->phase_reason), "DeadlineExceeded");
	snprintf(p->phase_message, sizeof(p->phase_message),
	    "Pod was active on the node longer than the specified deadline");
	event_pod(
	    p, NULL, "Normal", "DeadlineExceeded", "%s", p->phase_message);
	pod_begin_ending(p, pod_grace_ms(p));
	pod_kick(p);
}

void
pod_set_deadline(struct pod *p, double ms)
{
	p->deadline = loop_timer(p->node->loop, ms, on_deadline, p, NULL);
}
