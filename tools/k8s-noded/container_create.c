/*
 * The next instance of a container: image, environment, root, process; and
 * what its end is called.  Each step that fails leaves the container waiting
 * under the name that a kubelet gives to that failure.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/container.h"
#include "k8s-noded/env.h"
#include "k8s-noded/event.h"
#include "k8s-noded/image.h"
#include "k8s-noded/lifecycle.h"
#include "k8s-noded/path.h"
#include "k8s-noded/probe.h"
#include "k8s-noded/process.h"
#include "k8s-noded/rootfs.h"
#include "lib/digest.h"

#define CONFIG_RETRY_MS 10000 /* the kubelet's next look at a failed pod */
#define CONFIG_GRACE_MS 300   /* an object's watch may lag behind the pod's */
/*
 * How long ErrImagePull is shown before it becomes ImagePullBackOff: the
 * kubelet's next look comes 10 to 15 s later.
 */
#define PULL_SHOWN_MS 12000
#define TERMINATION_MAX 4096 /* bytes of a termination message */

static int
image_failed(struct container *c, const char *reason, const char *message)
{
	container_wait(c, reason, "%s", message);
	container_retry(c, CONFIG_RETRY_MS);
	event_pod(c->pod, c, "Warning", "Failed", "Error: %s", reason);
	return -1;
}

/* ErrImagePull, then ImagePullBackOff until it is tried again. */
static int
pull_failed(struct container *c, const char *ref, const struct fault *f)
{
	double now = clock_ms(), ms;

	/* the first delay of a back-off is 0: a pull has no free try */
	ms = backoff_next(
	    &c->pull, now, CONTAINER_BACKOFF_MS, CONTAINER_BACKOFF_MAX_MS);
	if (ms <= 0)
		ms = backoff_next(&c->pull, now, CONTAINER_BACKOFF_MS,
		    CONTAINER_BACKOFF_MAX_MS);
	event_pod(c->pod, c, "Warning", "Failed",
	    "Failed to pull image \"%s\": %s", ref, f->msg);
	event_pod(c->pod, c, "Warning", "Failed", "Error: ErrImagePull");
	container_wait(c, "ErrImagePull",
	    "failed to pull and unpack image \"%s\": %s", ref, f->msg);
	c->pull.until_ms = now + PULL_SHOWN_MS + ms;
	container_retry(c, PULL_SHOWN_MS);
	return -1;
}

/* In between: the same image, not tried again yet. */
static int
pull_waits(struct container *c, const char *ref)
{
	double left = c->pull.until_ms - clock_ms();
	char *why;

	if (c->state != CONTAINER_WAITING ||
	    strcmp(c->reason, "ErrImagePull") != 0 || left <= 0)
		return 0;
	event_pod(c->pod, c, "Normal", "BackOff",
	    "Back-off pulling image \"%s\"", ref);
	event_pod(c->pod, c, "Warning", "Failed", "Error: ImagePullBackOff");
	why = c->message;
	c->message = NULL;
	container_wait(c, "ImagePullBackOff",
	    "Back-off pulling image \"%s\"%s%s", ref,
	    why != NULL ? ": ErrImagePull: " : "", why != NULL ? why : "");
	free(why);
	container_retry(c, left);
	return 1;
}

/* Sets c->image: 0, or -1 with the container waiting. */
static int
find_image(struct container *c)
{
	const char *ref = json_str(c->spec, "image", NULL);
	const char *policy = json_str(c->spec, "imagePullPolicy", NULL);
	const char *why;
	char message[1024];
	struct fault f = { 0 };

	if (ref == NULL)
		ref = "";
	if (pull_waits(c, ref))
		return -1;
	if (!image_valid(ref, &why)) {
		snprintf(message, sizeof(message),
		    "Failed to apply default image tag \"%.256s\": couldn't "
		    "parse image name \"%.256s\": %s",
		    ref, ref, why);
		event_pod(c->pod, c, "Warning", "InspectFailed", "%s", message);
		return image_failed(c, "InvalidImageName", message);
	}
	if (images_find(c->pod->node->images, ref, &c->image, &f) != 0) {
		if (policy == NULL || strcmp(policy, "Never") != 0)
			return pull_failed(c, ref, &f);
		snprintf(message, sizeof(message),
		    "Container image \"%s\" is not present with pull policy "
		    "of Never",
		    ref);
		event_pod(
		    c->pod, c, "Warning", "ErrImageNeverPull", "%s", message);
		return image_failed(c, "ErrImageNeverPull", message);
	}
	c->pull = (struct backoff){ 0 };
	snprintf(c->image_id, sizeof(c->image_id), "%s", c->image->id);
	event_pod(c->pod, c, "Normal", "Pulled",
	    "Container image \"%s\" already present on machine", ref);
	return 0;
}

static const cJSON *
lookup_config_map(void *arg, const char *name)
{
	const struct pod *p = arg;

	return kube_cache_get(p->node->config_maps, p->ns, name);
}

static const cJSON *
lookup_secret(void *arg, const char *name)
{
	const struct pod *p = arg;

	return kube_cache_get(p->node->secrets, p->ns, name);
}

struct service_walk {
	struct env *env;
	const char *ns;
	int links; /* 0: only the API server's own */
	struct fault *f;
};

static int
add_service(void *arg, const cJSON *service)
{
	struct service_walk *w = arg;
	const char *ns = json_str(service, "metadata", "namespace", NULL);
	const char *name = json_str(service, "metadata", "name", NULL);

	if (ns == NULL || name == NULL)
		return 0;
	if (!(strcmp(ns, "default") == 0 && strcmp(name, "kubernetes") == 0) &&
	    !(w->links && strcmp(ns, w->ns) == 0))
		return 0;
	return env_service(w->env, service, w->f);
}

/* What the image gives, below what the pod asks for. */
static int
add_image_env(struct env *all, const struct container *c, struct fault *f)
{
	const cJSON *m;
	char host[64];

	snprintf(host, sizeof(host), "%.63s", pod_hostname(c->pod));
	if (env_set(all, "PATH", ROOTFS_PATH, f) != 0 ||
	    env_set(all, "HOSTNAME", host, f) != 0 ||
	    env_set(all, "HOME", rootfs_uid(c) == 0 ? "/root" : "/", f) != 0)
		return -1;
	cJSON_ArrayForEach(m, json_at(c->image->variant, "env", NULL))
		if (cJSON_IsString(m) &&
		    env_set(all, m->string, m->valuestring, f) != 0)
			return -1;
	return 0;
}

int
container_env(
    struct container *c, struct env *own, struct env *all, struct fault *f)
{
	struct pod *p = c->pod;
	struct env_sources src = { .config_map = lookup_config_map,
		.secret = lookup_secret,
		.arg = p,
		.pod = p->object,
		.node = p->node->size };
	struct service_walk walk = { .env = own, .ns = p->ns, .f = f };
	char *eq;
	size_t i;
	int status = 0;

	walk.links = json_bool(
	    json_at(p->object, "spec", NULL), "enableServiceLinks", 1);
	if (kube_cache_each(p->node->services, add_service, &walk) != 0 ||
	    env_build(own, &src, c->spec, f) != 0 ||
	    add_image_env(all, c, f) != 0)
		return -1;
	for (i = 0; i < own->n && status == 0; i++) {
		eq = strchr(own->v[i], '=');
		*eq = '\0';
		status = env_set(all, own->v[i], eq + 1, f);
		*eq = '=';
	}
	return status;
}

/* The last bytes of a file that may have grown to any size. */
static void
read_end(struct buf *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t from;
	ssize_t n;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > 0 &&
	    buf_reserve(b, TERMINATION_MAX) == 0) {
		from = st.st_size > TERMINATION_MAX ?
			   st.st_size - TERMINATION_MAX :
			   0;
		n = pread(fd, b->data, TERMINATION_MAX, from);
		b->len = n > 0 ? (size_t)n : 0;
		b->data[b->len] = '\0';
	}
	close(fd);
}

/* The file that the container left its last words in, or its log's end. */
static char *
last_words(const struct container *c)
{
	const char *policy =
	    json_str(c->spec, "terminationMessagePolicy", NULL);
	char path[PATH_MAX];
	struct buf b;
	buf_init(&b, LOG_FILE_MAX);
	if (rootfs_termination_log(c, path) == 0)
		read_end(&b, path);
	if (b.len == 0 && c->now.exit_code != 0 && policy != NULL &&
	    strcmp(policy, "FallbackToLogsOnError") == 0 &&
	    container_log_dir(c, path) == 0)
		log_tail(path, c->instances - 1, TERMINATION_MAX / 2, &b);
	if (b.len > 0)
		return buf_take(&b);
	buf_release(&b);
	return NULL;
}

static void
on_end(void *arg, const struct process_end *end)
{
	struct container *c = arg;
	char message[1280];
	int i;

	c->process = NULL;
	c->log = NULL;
	for (i = 0; i < PROBE_KINDS; i++) {
		probe_free(c->probes[i]);
		c->probes[i] = NULL;
	}
	lifecycle_ended(c);
	c->state = CONTAINER_TERMINATED;
	c->started = c->ready = 0;
	c->now.exit_code = end->started ? end->code : 128;
	clock_ts(c->now.finished);
	snprintf(c->now.reason, sizeof(c->now.reason), "%s",
	    c->oom         ? "OOMKilled" :
	    !end->started  ? "StartError" :
	    end->code == 0 ? "Completed" :
			     "Error");
	if (end->started || c->oom) {
		c->now.message = last_words(c);
	} else {
		snprintf(message, sizeof(message),
		    "failed to start container \"%s\": %s", c->name, end->why);
		c->now.message = strdup(message);
		event_pod(c->pod, c, "Warning", "Failed", "Error: %s", message);
	}
	rootfs_remove(c);
	pod_kick(c->pod);
}

/* Runs the command line; the log becomes the process's. */
static int
run(struct container *c, const struct args *args, const struct env *env,
    struct fault *f)
{
	struct node *n = c->pod->node;
	struct process_spec spec = { .loop = n->loop,
		.net = n->net,
		.pod = &c->pod->net,
		.bwrap = n->bwrap,
		.args = (const char *const *)args->v,
		.envp = (const char *const *)env->v,
		.ended = on_end,
		.arg = c };
	char dir[PATH_MAX], uuid[37];

	if (container_log_dir(c, dir) != 0 || digest_uuid(uuid, f) != 0)
		return -1;
	/* as the kubelet: this instance's log and the one before are kept */
	if (c->instances >= 2)
		log_remove(dir, c->instances - 2);
	c->log = log_open(dir, c->instances, f);
	if (c->log == NULL)
		return -1;
	spec.log = c->log;
	c->process = process_start(&spec, f);
	if (c->process == NULL) {
		log_close(c->log);
		c->log = NULL;
		return -1;
	}
	snprintf(c->now.id, sizeof(c->now.id), "sandbox://%s", uuid);
	return 0;
}

static void
start_probes(struct container *c, probe_fn *result)
{
	static const char *const keys[PROBE_KINDS] = { "startupProbe",
		"readinessProbe", "livenessProbe" };
	const cJSON *spec;
	struct fault f;
	int i;

	for (i = 0; i < PROBE_KINDS; i++) {
		/* the others wait until the start is over */
		if (i > PROBE_STARTUP && !c->started)
			break;
		spec = json_at(c->spec, keys[i], NULL);
		if (spec == NULL || c->probes[i] != NULL)
			continue;
		if (i == PROBE_STARTUP && c->started)
			continue;
		c->probes[i] =
		    probe_new(c, (enum probe_kind)i, spec, result, &f);
		if (c->probes[i] == NULL)
			event_pod(
			    c->pod, c, "Warning", "Unhealthy", "%s", f.msg);
	}
}

static void
on_probe(struct container *c, enum probe_kind kind, int ok)
{
	static const char *const names[PROBE_KINDS] = { "startup", "readiness",
		"liveness" };

	if (kind == PROBE_READINESS) {
		c->ready = ok;
	} else if (!ok) {
		event_pod(c->pod, c, "Normal", "Killing",
		    "Container %s failed %s probe, will be restarted", c->name,
		    names[kind]);
		lifecycle_stop(c,
		    1000 * json_num(json_at(c->spec,
					kind == PROBE_STARTUP ? "startupProbe" :
								"livenessProbe",
					NULL),
			       "terminationGracePeriodSeconds",
			       json_num(json_at(c->pod->object, "spec", NULL),
				   "terminationGracePeriodSeconds", 30)));
	} else if (kind == PROBE_STARTUP) {
		c->started = 1;
		c->ready = json_at(c->spec, "readinessProbe", NULL) == NULL;
		start_probes(c, on_probe);
	}
	pod_kick(c->pod);
}

/* It runs, and its postStart is over: what nobody probes is ready. */
static void
go_on(struct container *c)
{
	c->started = json_at(c->spec, "startupProbe", NULL) == NULL;
	c->ready =
	    c->started && json_at(c->spec, "readinessProbe", NULL) == NULL;
	start_probes(c, on_probe);
	pod_kick(c->pod);
}

static void
running(struct container *c)
{
	c->state = CONTAINER_RUNNING;
	c->instances++;
	c->oom = 0;
	clock_ts(c->now.started);
	c->started_ms = clock_ms();
	event_pod(
	    c->pod, c, "Normal", "Created", "Created container: %s", c->name);
	event_pod(
	    c->pod, c, "Normal", "Started", "Started container %s", c->name);
	lifecycle_started(c, go_on);
}

/*
 * Missing objects: quiet for a moment, since the watch that brings them may
 * be behind the one that brought the pod; then said, and tried again when
 * anything changes or ten seconds later.
 */
static void
config_failed(struct container *c, const char *reason, const struct fault *f)
{
	int first = c->config_ms == 0;

	if (first)
		c->config_ms = clock_ms();
	if (first && f->code == FAULT_NO) {
		container_retry(c, CONFIG_GRACE_MS);
		return;
	}
	container_wait(c, reason, "%s", f->msg);
	container_retry(c, CONFIG_RETRY_MS);
	event_pod(c->pod, c, "Warning", "Failed", "Error: %s", f->msg);
}

int
container_create(struct container *c)
{
	struct env own = { 0 }, all = { 0 };
	struct args args = { 0 };
	struct fault f = { 0 };
	int status = -1;

	if (find_image(c) != 0)
		return -1;
	if (container_env(c, &own, &all, &f) != 0 ||
	    rootfs_args(&args, c, &own, &f) != 0) {
		config_failed(c, "CreateContainerConfigError", &f);
	} else if (run(c, &args, &all, &f) != 0) {
		config_failed(c, "CreateContainerError", &f);
	} else {
		c->config_ms = 0;
		running(c);
		status = 0;
	}
	args_release(&args);
	env_release(&own);
	env_release(&all);
	return status;
}
