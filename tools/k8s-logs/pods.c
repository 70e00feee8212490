/*
 * Which containers of which pods.  Without --follow the pods are listed and
 * told one after the other; with it they are watched, so that new pods of a
 * selector, and the next run of a container that was restarted, join in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs.h"
#include "tool.h"

#define FOLLOW_PATIENCE_MS 100
#define DEFAULT_CONTAINER "kubectl.kubernetes.io/default-container"

int
logs_source(struct logs *l, const char *query, const char *subject, int by_name,
    struct fault *f)
{
	struct source **v, *s = calloc(1, sizeof(*s));

	v = reallocarray(l->sources, l->nsources + 1, sizeof(*v));
	if (v != NULL)
		l->sources = v;
	if (s == NULL || v == NULL)
		goto nomem;
	s->logs = l;
	s->by_name = by_name;
	s->query = strdup(query);
	s->subject = strdup(subject);
	if (s->query == NULL || s->subject == NULL)
		goto nomem;
	v[l->nsources++] = s;
	return 0;
nomem:
	if (s != NULL) {
		free(s->query);
		free(s->subject);
		free(s);
	}
	return fault_nomem(f);
}

void
logs_release(struct logs *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		stream_free(l->v[i]);
	free(l->v);
	for (i = 0; i < l->nsources; i++) {
		kube_cache_free(l->sources[i]->cache);
		free(l->sources[i]->query);
		free(l->sources[i]->subject);
		free(l->sources[i]);
	}
	free(l->sources);
	record_release(&l->record);
}

/* The i-th of the three kinds of containers that a pod's spec may have. */
static const cJSON *
containers(const cJSON *pod, int i)
{
	static const char *const lists[] = { "initContainers", "containers",
		"ephemeralContainers" };

	return json_at(pod, "spec", lists[i], NULL);
}

/* 1 when the pod has that container. */
static int
has_container(const cJSON *pod, const char *name)
{
	const cJSON *c;
	const char *s;
	int i;

	for (i = 0; i < 3; i++)
		cJSON_ArrayForEach(c, containers(pod, i)) {
			s = json_str(c, "name", NULL);
			if (s != NULL && strcmp(s, name) == 0)
				return 1;
		}
	return 0;
}

/*
 * The one container whose log is meant when none was named, or NULL: what the
 * annotation says, which kubectl knows as well, else the first.
 */
static const char *
default_container(const cJSON *pod)
{
	const char *name =
	    json_str(pod, "metadata", "annotations", DEFAULT_CONTAINER, NULL);

	if (name != NULL && has_container(pod, name))
		return name;
	return json_str(
	    cJSON_GetArrayItem(containers(pod, 1), 0), "name", NULL);
}

/* 1 when the log of this container of the pod is wanted. */
static int
wanted(const struct logs *l, const cJSON *pod, const char *name)
{
	const char *one;

	if (l->all)
		return 1;
	one = l->container != NULL ? l->container : default_container(pod);
	return one != NULL && strcmp(one, name) == 0;
}

/* The status of a pod's container, or NULL. */
static const cJSON *
container_status(const cJSON *pod, const char *name)
{
	static const char *const lists[] = { "initContainerStatuses",
		"containerStatuses", "ephemeralContainerStatuses" };
	const cJSON *c;
	const char *s;
	int i;

	for (i = 0; i < 3; i++)
		cJSON_ArrayForEach(c, json_at(pod, "status", lists[i], NULL)) {
			s = json_str(c, "name", NULL);
			if (s != NULL && strcmp(s, name) == 0)
				return c;
		}
	return NULL;
}

/* The id of the container's present run, "" before its first. */
static const char *
run_id(const cJSON *pod, const char *name)
{
	const cJSON *c = container_status(pod, name);
	const char *id;

	/* while it waits, its log is that of the last run */
	id = json_at(c, "state", "waiting", NULL) != NULL ?
		 json_str(c, "lastState", "terminated", "containerID", NULL) :
		 json_str(c, "containerID", NULL);
	return id != NULL ? id : "";
}

/* s's pod as a watch knows it, or NULL: it is gone, or nothing is followed. */
static const cJSON *
watched_pod(const struct logs *l, const struct stream *s)
{
	const cJSON *pod = NULL;
	size_t i;

	for (i = 0; i < l->nsources && pod == NULL; i++)
		if (l->sources[i]->cache != NULL)
			pod =
			    kube_cache_get(l->sources[i]->cache, l->ns, s->pod);
	return pod;
}

enum run
logs_run(const struct logs *l, const struct stream *s)
{
	const cJSON *pod = watched_pod(l, s), *status;
	const char *before;

	if (pod == NULL)
		return RUN_LOST;
	status = container_status(pod, s->container);
	if (strcmp(run_id(pod, s->container), s->id) == 0)
		return json_at(status, "state", "running", NULL) != NULL ?
			   RUN_GOES_ON :
			   RUN_OVER;
	before =
	    json_str(status, "lastState", "terminated", "containerID", NULL);
	return before != NULL && strcmp(before, s->id) == 0 ? RUN_BEFORE :
							      RUN_LOST;
}

/* Warns, once a pod, that there is more than what is told. */
static void
hint(const struct logs *l, const cJSON *pod)
{
	const char *name = json_str(pod, "metadata", "name", NULL);

	if (l->container != NULL) {
		if (!l->all && !has_container(pod, l->container))
			tool_warn("%s: no container %s", name, l->container);
	} else if (!l->all && cJSON_GetArraySize(containers(pod, 1)) > 1) {
		tool_warn("%s: container %s of %d; -c or --all-containers "
			  "for others",
		    name, default_container(pod),
		    cJSON_GetArraySize(containers(pod, 1)));
	}
}

/* Adds the streams of a pod's wanted containers that are not there yet. */
static int
add_pod(struct logs *l, const cJSON *pod, int old, int running_only,
    struct fault *f)
{
	const char *pod_name = json_str(pod, "metadata", "name", NULL), *name;
	const char *id;
	struct stream *s;
	const cJSON *c;
	size_t j;
	int i;

	for (i = 0; i < 3 && pod_name != NULL; i++)
		cJSON_ArrayForEach(c, containers(pod, i)) {
			name = json_str(c, "name", NULL);
			if (name == NULL || !wanted(l, pod, name))
				continue;
			id = run_id(pod, name);
			/* before its first run the API answers 400: the
			 * watch will tell of it */
			if (running_only && id[0] == '\0')
				continue;
			for (j = 0; j < l->n; j++)
				if (strcmp(l->v[j]->pod, pod_name) == 0 &&
				    strcmp(l->v[j]->container, name) == 0 &&
				    strcmp(l->v[j]->id, id) == 0)
					break;
			if (j < l->n)
				continue;
			s = stream_add(l, pod_name, name, id, f);
			if (s == NULL)
				return -1;
			s->old = old;
			if (running_only && stream_begin(s, f) != 0)
				return -1;
		}
	return 0;
}

static int
pods_path(const struct logs *l, struct buf *path)
{
	buf_adds(path, "/api/v1/namespaces/");
	http_escape(path, l->ns, strlen(l->ns), 0);
	return buf_adds(path, "/pods");
}

static void
absent(const struct source *s)
{
	tool_warn("%s: %s", s->subject, s->by_name ? "no such pod" : "no pods");
	s->logs->status = tool_worse(s->logs->status, FAULT_NO);
}

/* A pod as it is now, and what is to be said of it. */
static int
take_pod(struct logs *l, const cJSON *pod, struct fault *f)
{
	hint(l, pod);
	if (l->container != NULL && !l->all &&
	    !has_container(pod, l->container))
		l->status = tool_worse(l->status, FAULT_NO);
	return add_pod(l, pod, 1, 0, f);
}

/* One by its name: the right to list is not needed for it. */
static int
get_pod(struct source *s, struct fault *f)
{
	const char *slash = strrchr(s->subject, '/');
	const char *name = slash != NULL ? slash + 1 : s->subject;
	struct kube_answer a = { 0 };
	cJSON *pod = NULL;
	struct buf path;
	int r;

	buf_init(&path, 1 << 17);
	pods_path(s->logs, &path);
	buf_addc(&path, '/');
	http_escape(&path, name, strlen(name), 0);
	r = buf_check(&path, s->subject, f);
	if (r == 0)
		r = kube_call(s->logs->kube, "GET", buf_str(&path), NULL, NULL,
		    &pod, &a.status, f);
	buf_release(&path);
	if (r == 0 && a.status == 404) {
		absent(s);
	} else if (r == 0 && !kube_ok(&a)) {
		a.message = json_str(pod, "message", NULL);
		if (a.message == NULL)
			a.message = "refused";
		r = kube_fault(&a, s->subject, f);
	} else if (r == 0) {
		r = take_pod(s->logs, pod, f);
	}
	cJSON_Delete(pod);
	return r;
}

static int
list_pods(struct source *s, struct fault *f)
{
	cJSON *list = NULL, *items, *pod;
	struct buf path;
	int r;

	buf_init(&path, 1 << 17);
	pods_path(s->logs, &path);
	buf_addf(&path, "?%s", s->query);
	r = buf_check(&path, s->subject, f);
	if (r == 0)
		r = kube_call(s->logs->kube, "GET", buf_str(&path), NULL, NULL,
		    &list, NULL, f);
	buf_release(&path);
	if (r != 0)
		return -1;
	items = json_at(list, "items", NULL);
	if (cJSON_GetArraySize(items) == 0)
		absent(s);
	cJSON_ArrayForEach(pod, items) {
		if (r == 0)
			r = take_pod(s->logs, pod, f);
	}
	cJSON_Delete(list);
	return r;
}

int
logs_once(struct logs *l, struct fault *f)
{
	struct fault own = { 0 };
	struct source *s;
	size_t i;

	for (i = 0; i < l->nsources; i++) {
		s = l->sources[i];
		if ((s->by_name ? get_pod : list_pods)(s, &own) != 0)
			l->status = tool_worse(l->status, tool_fault(&own));
	}
	if (l->n > 1)
		l->prefix = 1;
	/* one after the other: a log within another is hard to read */
	for (i = 0; i < l->n && !l->stopped; i++) {
		if (stream_begin(l->v[i], f) != 0)
			return -1;
		while (!l->v[i]->over)
			if (loop_once(l->loop, -1, f) != 0)
				return -1;
	}
	return 0;
}

static int
is_live(void *arg, const cJSON *pod)
{
	const char *phase = json_str(pod, "status", "phase", NULL);

	(void)arg;
	return phase == NULL || (strcmp(phase, "Succeeded") != 0 &&
				    strcmp(phase, "Failed") != 0);
}

/*
 * Following ends when no pod can say anything more, as kubectl's does; of a
 * selector it begins with the first pod.
 */
static int
all_over(const struct logs *l)
{
	size_t i;

	for (i = 0; i < l->nsources; i++)
		if (l->sources[i]->cache != NULL &&
		    (!kube_cache_synced(l->sources[i]->cache) ||
			kube_cache_each(l->sources[i]->cache, is_live, NULL) !=
			    0))
			return 0;
	for (i = 0; i < l->n; i++)
		if (!l->v[i]->over)
			return 0;
	/* nothing yet of a selector: pods may come */
	return l->n > 0 || l->status != 0;
}

/* For kube_cache_each: there is one. */
static int
is_there(void *arg, const cJSON *pod)
{
	(void)arg;
	(void)pod;
	return 1;
}

static void
on_pod(void *arg, enum kube_event ev, const cJSON *pod, const cJSON *before)
{
	struct source *s = arg;
	struct logs *l = s->logs;
	struct fault f = { 0 };
	const char *why;

	(void)before;
	if (ev == KUBE_ADDED)
		hint(l, pod);
	if (ev == KUBE_ADDED || ev == KUBE_MODIFIED) {
		if (add_pod(l, pod, !kube_cache_synced(s->cache), 1, &f) != 0)
			l->status = tool_worse(l->status, tool_fault(&f));
	} else if (ev == KUBE_SYNCED &&
		   kube_cache_each(s->cache, is_there, NULL) == 0) {
		tool_warn("%s: %s", s->subject,
		    s->by_name ? "no such pod" :
				 "no pods yet: waiting for them");
		if (s->by_name)
			l->status = tool_worse(l->status, FAULT_NO);
	} else if (ev == KUBE_BROKEN) {
		why = json_str(pod, "message", NULL);
		tool_warn("%s: %s", s->subject,
		    why != NULL ? why : kube_cache_trouble(s->cache));
		l->status = tool_worse(l->status, FAULT_UNSURE);
		l->stopped = 1;
	}
}

int
logs_follow(struct logs *l, struct fault *f)
{
	double wait = -1;
	struct buf path;
	size_t i;
	int r = 0;

	buf_init(&path, 8192);
	pods_path(l, &path);
	if (buf_check(&path, "namespace", f) != 0)
		r = -1;
	for (i = 0; i < l->nsources && r == 0; i++) {
		if (!l->sources[i]->by_name || l->nsources > 1 || l->all)
			l->prefix = 1;
		l->sources[i]->cache = kube_cache_new(l->kube, buf_str(&path),
		    l->sources[i]->query, on_pod, l->sources[i], f);
		if (l->sources[i]->cache == NULL)
			r = -1;
	}
	buf_release(&path);
	/* a log is asked for by who knows whether its container still runs */
	kube_set_patience(l->kube, FOLLOW_PATIENCE_MS);
	while (r == 0 && !l->stopped && !all_over(l)) {
		r = loop_once(l->loop, wait, f);
		wait = away_look(l);
	}
	return r;
}
