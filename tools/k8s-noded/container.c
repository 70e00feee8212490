/*
 * One container of a pod: see container.h.
 */
#include "k8s-noded/container.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-noded/event.h"
#include "k8s-noded/lifecycle.h"
#include "k8s-noded/path.h"
#include "k8s-noded/probe.h"
#include "k8s-noded/process.h"
#include "k8s-noded/rootfs.h"

void
container_init(struct container *c, struct pod *p, const cJSON *spec,
    enum container_kind kind)
{
	c->pod = p;
	c->spec = spec;
	c->kind = kind;
	c->name = json_str(spec, "name", NULL);
	if (c->name == NULL)
		c->name = "";
}

void
container_rebase(struct container *c)
{
	c->spec = field_container(c->pod->object, c->name);
	c->name = json_str(c->spec, "name", NULL);
}

void
container_wait(struct container *c, const char *reason, const char *fmt, ...)
{
	char *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	if (message != NULL && *message == '\0') {
		free(message);
		message = NULL;
	}
	c->state = CONTAINER_WAITING;
	snprintf(c->reason, sizeof(c->reason), "%s", reason);
	free(c->message);
	c->message = message;
}

static void
on_retry(void *arg)
{
	struct container *c = arg;

	c->retry = NULL;
	pod_kick(c->pod);
}

void
container_retry(struct container *c, double ms)
{
	loop_timer_cancel(c->pod->node->loop, &c->retry);
	/* without memory the next change of the pod tries again */
	c->retry = loop_timer(c->pod->node->loop, ms, on_retry, c, NULL);
}

/* 1 when the policy wants it to run again after the end that it had. */
static int
wants_restart(const struct container *c)
{
	const char *policy = pod_restart_policy(c->pod);

	if (c->pod->state == POD_ENDING || c->pod->state == POD_OVER)
		return 0;
	if (c->kind == CONTAINER_SIDECAR)
		return 1;
	if (c->kind == CONTAINER_INIT)
		return c->now.exit_code != 0 && strcmp(policy, "Never") != 0;
	if (strcmp(policy, "OnFailure") == 0)
		return c->now.exit_code != 0;
	return strcmp(policy, "Never") != 0;
}

int
container_finished(const struct container *c)
{
	return c->state == CONTAINER_TERMINATED && !wants_restart(c);
}

int
container_succeeded(const struct container *c)
{
	return container_finished(c) && c->now.exit_code == 0;
}

int
container_passed(const struct container *c)
{
	if (c->kind == CONTAINER_SIDECAR)
		return c->state == CONTAINER_RUNNING && c->started;
	return container_succeeded(c);
}

void
instance_clear(struct instance *i)
{
	free(i->message);
	*i = (struct instance){ 0 };
}

/*
 * An ended container that is to run again: at once after the first end, then
 * after the back-off, which its status calls CrashLoopBackOff.
 */
static void
restart(struct container *c)
{
	double ms = backoff_next(&c->crash, clock_ms(), CONTAINER_BACKOFF_MS,
	    CONTAINER_BACKOFF_MAX_MS);
	int minutes = (int)(ms / 60000);
	char delay[32];

	instance_clear(&c->last);
	c->last = c->now;
	c->now = (struct instance){ 0 };
	if (ms <= 0) {
		container_wait(c, "ContainerCreating", "%s", "");
		return;
	}
	snprintf(delay, sizeof(delay), minutes > 0 ? "%dm%ds" : "%.0d%ds",
	    minutes, (int)(ms / 1000) % 60);
	container_wait(c, "CrashLoopBackOff",
	    "back-off %s restarting failed container=%s pod=%s_%s(%s)", delay,
	    c->name, c->pod->name, c->pod->ns, c->pod->uid);
	container_retry(c, ms);
	event_pod(c->pod, c, "Warning", "BackOff",
	    "Back-off restarting failed container %s in pod %s_%s(%s)", c->name,
	    c->pod->name, c->pod->ns, c->pod->uid);
}

void
container_step(struct container *c)
{
	if (c->retry != NULL || c->state == CONTAINER_RUNNING)
		return;
	if (c->state == CONTAINER_TERMINATED) {
		if (!wants_restart(c))
			return;
		restart(c);
		if (c->retry != NULL)
			return;
	}
	container_create(c);
}

void
container_stay_ended(struct container *c)
{
	loop_timer_cancel(c->pod->node->loop, &c->retry);
	if (c->state != CONTAINER_WAITING || c->last.finished[0] == '\0')
		return;
	c->now = c->last;
	c->last = (struct instance){ 0 };
	c->state = CONTAINER_TERMINATED;
}

unsigned
container_restarts(const struct container *c)
{
	return c->instances > 0 ? c->instances - 1 : 0;
}

void
container_hurry(struct container *c)
{
	if (c->state != CONTAINER_WAITING || c->retry == NULL ||
	    strcmp(c->reason, "CrashLoopBackOff") == 0)
		return;
	if (c->config_ms == 0 && strcmp(c->reason, "CreateContainerError") != 0)
		return;
	loop_timer_cancel(c->pod->node->loop, &c->retry);
	pod_kick(c->pod);
}

int
container_log_dir(const struct container *c, char *out)
{
	return pod_path(c->pod, out, c->name);
}

void
container_release(struct container *c)
{
	struct loop *loop = c->pod->node->loop;
	int i;

	for (i = 0; i < PROBE_KINDS; i++) {
		probe_free(c->probes[i]);
		c->probes[i] = NULL;
	}
	lifecycle_ended(c);
	process_free(c->process);
	c->process = NULL;
	c->log = NULL;
	loop_timer_cancel(loop, &c->retry);
	rootfs_remove(c);
	instance_clear(&c->now);
	instance_clear(&c->last);
	free(c->message);
	c->message = NULL;
}
