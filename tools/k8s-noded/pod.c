/*
 * The state machine of a pod: see pod.h.  Callbacks never decide anything;
 * they change data and kick, and a step reads the data.  So whatever comes in
 * whatever order, a step is right.
 */
#include "k8s-noded/pod.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-noded/container.h"
#include "k8s-noded/event.h"
#include "k8s-noded/hosts.h"
#include "k8s-noded/metrics.h"
#include "k8s-noded/path.h"
#include "k8s-noded/payload.h"
#include "k8s-noded/pod_end.h"
#include "k8s-noded/status.h"
#include "k8s-noded/token.h"
#include "k8s-noded/volume.h"

#define NETWORK_RETRY_MS 1000
#define MOUNT_QUIET_MS 300 /* a watch may be behind the pod's */
#define MOUNT_RETRY_MS 500.0
#define MOUNT_RETRY_MAX_MS 122000.0
#define REFRESH_MS 60000 /* looks whether tokens need renewal */

int
pod_path(const struct pod *p, char *out, const char *rest)
{
	return path_make(out, "%s/pods/%s/%s", p->node->root, p->uid, rest);
}

const char *
pod_restart_policy(const struct pod *p)
{
	const char *s = json_str(p->object, "spec", "restartPolicy", NULL);

	return s != NULL ? s : "Always";
}

const char *
pod_hostname(const struct pod *p)
{
	const char *s = json_str(p->object, "spec", "hostname", NULL);

	return s != NULL && *s != '\0' ? s : p->name;
}

struct container *
pod_container(struct pod *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->containers[i].name, name) == 0)
			return &p->containers[i];
	return NULL;
}

int
pod_busy(const struct pod *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->containers[i].process != NULL)
			return 1;
	return 0;
}

/* Network and volumes: 1 when they are there. */
static int
set_up(struct pod *p)
{
	struct fault f = { 0 };
	int mounted = volumes_set_up(p, &f);
	cJSON *status;
	double ms;

	if (p->net.net < 0) {
		if (net_pod_make(p->node->net, &p->net, pod_hostname(p), &f) !=
		    0) {
			event_pod(p, NULL, "Warning", "FailedCreatePodSandBox",
			    "Failed to create pod sandbox: %s", f.msg);
			pod_retry(p, NETWORK_RETRY_MS);
			return 0;
		}
		status = json_sub(p->object, "status");
		json_set_str(status, "podIP", p->net.ip);
		json_set_str(status, "hostIP", p->node->address);
		hosts_write_pod(p->node->hosts, p);
	}
	if (mounted >= 0)
		return mounted;
	ms = backoff_next(
	    &p->mount, clock_ms(), MOUNT_RETRY_MS, MOUNT_RETRY_MAX_MS);
	if (ms > 0)
		event_pod(p, NULL, "Warning", "FailedMount", "%s", f.msg);
	pod_retry(p, ms > 0 ? ms : MOUNT_QUIET_MS);
	return 0;
}

/* Init containers in their order: 1 when the others may start. */
static int
step_init(struct pod *p)
{
	struct container *c;
	size_t i;

	for (i = 0; i < p->n_init; i++) {
		c = &p->containers[i];
		if (container_passed(c))
			continue;
		if (container_finished(c)) {
			pod_begin_ending(p, pod_grace_ms(p));
			return 0;
		}
		container_step(c);
		if (!container_passed(c))
			return 0;
	}
	return 1;
}

static void
step_run(struct pod *p)
{
	size_t i;
	int finished = 1;

	for (i = 0; i < p->n; i++) {
		if (p->containers[i].kind == CONTAINER_INIT)
			continue;
		container_step(&p->containers[i]);
		if (p->containers[i].kind == CONTAINER_APP)
			finished &= container_finished(&p->containers[i]);
	}
	if (finished)
		pod_begin_ending(p, pod_grace_ms(p));
}

static void
on_refresh(void *arg)
{
	struct pod *p = arg;

	p->refresh = loop_timer(p->node->loop, REFRESH_MS, on_refresh, p, NULL);
	p->stale = 1;
	pod_kick(p);
}

/* Changed objects show in the volumes of what runs; failures change nothing. */
static void
refresh(struct pod *p)
{
	struct fault f = { 0 };

	if (!p->stale)
		return;
	p->stale = 0;
	volumes_set_up(p, &f);
}

static void
step(void *arg)
{
	struct pod *p = arg;

	p->kick = NULL;
	if (p->state == POD_SETUP && set_up(p)) {
		p->state = POD_INIT;
		p->refresh =
		    loop_timer(p->node->loop, REFRESH_MS, on_refresh, p, NULL);
	}
	if (p->state == POD_INIT || p->state == POD_RUN)
		refresh(p);
	if (p->state == POD_INIT && step_init(p))
		p->state = POD_RUN;
	if (p->state == POD_RUN)
		step_run(p);
	if (p->state == POD_ENDING)
		pod_step_ending(p);
	status_update(p);
	if (p->state == POD_OVER && pod_deleted(p))
		pod_remove(p);
}

void
pod_kick(struct pod *p)
{
	if (p->kick == NULL)
		p->kick = loop_timer(p->node->loop, 0, step, p, NULL);
}

static void
on_retry(void *arg)
{
	struct pod *p = arg;

	p->retry = NULL;
	pod_kick(p);
}

void
pod_retry(struct pod *p, double ms)
{
	double due = clock_ms() + ms;

	if (p->retry != NULL && p->retry_ms <= due)
		return;
	loop_timer_cancel(p->node->loop, &p->retry);
	p->retry_ms = due;
	p->retry = loop_timer(p->node->loop, ms, on_retry, p, NULL);
}

/*
 * 1 when object has all of our containers.  The API lets nobody change the
 * list; a server that did must not leave us with names of nothing.
 */
static int
same_containers(const struct pod *p, const cJSON *object)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (field_container(object, p->containers[i].name) == NULL)
			return 0;
	return 1;
}

/* Takes a copy of the object; the strings that point into it follow. */
static int
take_object(struct pod *p, const cJSON *object)
{
	cJSON *copy = cJSON_Duplicate(object, 1), *status, *old = p->object;
	const char *ns, *name, *uid;
	size_t i;

	if (copy == NULL)
		return -1;
	if (p->net.ip[0] != '\0') {
		status = json_sub(copy, "status");
		json_set_str(status, "podIP", p->net.ip);
		json_set_str(status, "hostIP", p->node->address);
	}
	ns = json_str(copy, "metadata", "namespace", NULL);
	name = json_str(copy, "metadata", "name", NULL);
	uid = json_str(copy, "metadata", "uid", NULL);
	if (ns == NULL || name == NULL || uid == NULL ||
	    strchr(uid, '/') != NULL || !same_containers(p, copy)) {
		cJSON_Delete(copy);
		return -1;
	}
	p->ns = ns;
	p->name = name;
	p->uid = uid;
	p->object = copy;
	for (i = 0; i < p->n; i++)
		container_rebase(&p->containers[i]);
	cJSON_Delete(old);
	return 0;
}

static void
add_containers(struct pod *p, const char *list)
{
	const char *policy;
	const cJSON *s;
	int init = strcmp(list, "initContainers") == 0;

	cJSON_ArrayForEach(s, json_at(p->object, "spec", list, NULL)) {
		policy = json_str(s, "restartPolicy", NULL);
		container_init(&p->containers[p->n++], p, s,
		    !init ? CONTAINER_APP :
		    policy != NULL && strcmp(policy, "Always") == 0 ?
			    CONTAINER_SIDECAR :
			    CONTAINER_INIT);
	}
	if (init)
		p->n_init = p->n;
}

/* What a step is to begin with: running, or over already. */
static void
first_state(struct pod *p)
{
	const char *phase = json_str(p->object, "status", "phase", NULL);
	double seconds = json_num(
	    json_at(p->object, "spec", NULL), "activeDeadlineSeconds", 0);

	clock_ts(p->started);
	if ((phase != NULL && (strcmp(phase, "Succeeded") == 0 ||
				  strcmp(phase, "Failed") == 0)) ||
	    pod_deleted(p))
		p->state = POD_OVER;
	else if (seconds > 0)
		pod_set_deadline(p, seconds * 1000);
}

struct pod *
pod_new(struct node *n, const cJSON *object, struct fault *f)
{
	struct pod *p = calloc(1, sizeof(*p));
	const cJSON *spec = json_at(object, "spec", NULL);
	char path[PATH_MAX];
	int total = cJSON_GetArraySize(json_at(spec, "initContainers", NULL)) +
		    cJSON_GetArraySize(json_at(spec, "containers", NULL));

	if (p == NULL) {
		fault_nomem(f);
		return NULL;
	}
	p->node = n;
	p->net = (struct net_pod)NET_POD_INIT;
	p->containers = calloc((size_t)total + 1, sizeof(*p->containers));
	if (p->containers == NULL || take_object(p, object) != 0) {
		fault_set(
		    f, FAULT_UNSURE, "a pod without a name, or no memory");
		goto bad;
	}
	add_containers(p, "initContainers");
	add_containers(p, "containers");
	if (pod_path(p, path, ".volumes") != 0 ||
	    path_make_dirs(path, 0755) != 0) {
		fault_sys(f, FAULT_UNSURE, errno, "%s", path);
		goto bad;
	}
	first_state(p);
	pod_kick(p);
	return p;
bad:
	pod_free(p);
	return NULL;
}

void
pod_update(struct pod *p, const cJSON *object)
{
	double grace;

	if (take_object(p, object) != 0)
		return;
	if (pod_deleted(p) && p->state != POD_OVER) {
		grace = 1000 * json_num(json_at(p->object, "metadata", NULL),
				   "deletionGracePeriodSeconds", 30);
		if (p->state != POD_ENDING || grace < p->grace_ms)
			pod_begin_ending(p, grace);
	}
	pod_kick(p);
}

void
pod_free(struct pod *p)
{
	struct loop *loop = p->node->loop;
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < p->n; i++)
		container_release(&p->containers[i]);
	loop_timer_cancel(loop, &p->kick);
	loop_timer_cancel(loop, &p->retry);
	loop_timer_cancel(loop, &p->deadline);
	loop_timer_cancel(loop, &p->refresh);
	if (p->removal != NULL)
		kube_cancel(p->node->kube, p->removal);
	if (p->object != NULL) {
		metrics_forget(p);
		events_forget(p->node->events, p->uid);
		if (pod_path(p, path, "") == 0)
			payload_remove_tree(path);
	}
	tokens_free(p);
	status_free(p);
	net_pod_release(p->node->net, &p->net);
	cJSON_Delete(p->object);
	free(p->containers);
	free(p);
}
