/*
 * Defaults of pods and of templates of pods: see defaults.h.
 */
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/defaults.h"

#define MODE 420 /* 0644, of files in volumes */

static int
http_get(cJSON *get)
{
	if (get == NULL)
		return 0;
	return default_str(get, "path", "/") |
	       default_str(get, "scheme", "HTTP");
}

/* A probe without numbers is a probe every 10 s with a second to answer. */
static int
probe(cJSON *c, const char *key)
{
	cJSON *p = json_at(c, key, NULL);

	if (p == NULL)
		return 0;
	return default_num(p, "timeoutSeconds", 1) |
	       default_num(p, "periodSeconds", 10) |
	       default_num(p, "successThreshold", 1) |
	       default_num(p, "failureThreshold", 3) |
	       (json_at(p, "grpc", NULL) != NULL ?
		       default_str(json_at(p, "grpc", NULL), "service", "") :
		       0) |
	       http_get(json_at(p, "httpGet", NULL));
}

/* No tag is "latest", and "latest" is pulled always. */
static const char *
pull_policy(const char *image)
{
	const char *base = image != NULL ? strrchr(image, '/') : NULL, *tag;

	base = base != NULL ? base + 1 : image;
	if (base == NULL || strchr(base, '@') != NULL)
		return "IfNotPresent";
	tag = strchr(base, ':');
	return tag == NULL || strcmp(tag, ":latest") == 0 ? "Always" :
							    "IfNotPresent";
}

static int
env(cJSON *c)
{
	cJSON *e, *ref;
	int rc = 0;

	cJSON_ArrayForEach(e, json_at(c, "env", NULL)) {
		ref = json_at(e, "valueFrom", "fieldRef", NULL);
		if (ref != NULL)
			rc |= default_str(ref, "apiVersion", "v1");
	}
	return rc;
}

/* What is limited is requested, or the scheduler would count on too little. */
static int
resources(cJSON *c)
{
	cJSON *r = json_sub(c, "resources"), *m, *requests;
	cJSON *limits = json_at(r, "limits", NULL);
	int rc = r != NULL ? 0 : -1;

	cJSON_ArrayForEach(m, limits) {
		requests = json_sub(r, "requests");
		if (json_at(requests, m->string, NULL) == NULL)
			rc |= json_set(
			    requests, m->string, cJSON_Duplicate(m, 1));
	}
	return rc;
}

/* The same for init containers, which cannot be told from others here. */
static int
container(cJSON *c, int host_network)
{
	cJSON *p, *port;
	int rc =
	    default_str(c, "terminationMessagePath", "/dev/termination-log") |
	    default_str(c, "terminationMessagePolicy", "File") |
	    default_str(
		c, "imagePullPolicy", pull_policy(json_str(c, "image", NULL))) |
	    resources(c) | env(c) | probe(c, "livenessProbe") |
	    probe(c, "readinessProbe") | probe(c, "startupProbe") |
	    http_get(json_at(c, "lifecycle", "postStart", "httpGet", NULL)) |
	    http_get(json_at(c, "lifecycle", "preStop", "httpGet", NULL));

	cJSON_ArrayForEach(p, json_at(c, "ports", NULL)) {
		rc |= default_str(p, "protocol", "TCP");
		port = json_at(p, "containerPort", NULL);
		if (host_network && port != NULL &&
		    json_at(p, "hostPort", NULL) == NULL)
			rc |= json_set(p, "hostPort", cJSON_Duplicate(port, 1));
	}
	return rc;
}

static int
field_items(cJSON *source)
{
	cJSON *i, *ref;
	int rc = 0;

	cJSON_ArrayForEach(i, json_at(source, "items", NULL)) {
		ref = json_at(i, "fieldRef", NULL);
		if (ref != NULL)
			rc |= default_str(ref, "apiVersion", "v1");
	}
	return rc;
}

static int
projected(cJSON *source)
{
	cJSON *s, *token;
	int rc = 0;

	cJSON_ArrayForEach(s, json_at(source, "sources", NULL)) {
		rc |= field_items(json_at(s, "downwardAPI", NULL));
		token = json_at(s, "serviceAccountToken", NULL);
		if (token != NULL)
			rc |= default_num(token, "expirationSeconds", 3600);
	}
	return rc;
}

/* No source at all is an emptyDir, by an old default. */
static int
volume(cJSON *v)
{
	static const char *const with_mode[] = { "secret", "configMap",
		"projected", "downwardAPI" };
	cJSON *s, *m;
	size_t i;
	int rc = 0, sources = 0;

	cJSON_ArrayForEach(m, v) {
		sources += strcmp(m->string, "name") != 0;
	}
	if (sources == 0)
		rc = default_object(v, "emptyDir");
	for (i = 0; i < sizeof with_mode / sizeof with_mode[0]; i++) {
		s = json_at(v, with_mode[i], NULL);
		if (s != NULL)
			rc |= default_num(s, "defaultMode", MODE) |
			      field_items(s) | projected(s);
	}
	s = json_at(v, "hostPath", NULL);
	if (s != NULL && json_at(s, "type", NULL) == NULL)
		rc |= json_set_str(s, "type", "");
	return rc;
}

/* Shared by pods and templates: a template is what its pods will be. */
int
defaults_pod_spec(cJSON *spec)
{
	int host, rc;
	cJSON *i;

	if (spec == NULL)
		return -1;
	host = json_bool(spec, "hostNetwork", 0);
	rc = default_str(spec, "restartPolicy", "Always") |
	     default_str(spec, "dnsPolicy", "ClusterFirst") |
	     default_str(spec, "schedulerName", "default-scheduler") |
	     default_num(spec, "terminationGracePeriodSeconds", 30) |
	     default_object(spec, "securityContext");
	cJSON_ArrayForEach(i, json_at(spec, "containers", NULL)) {
		rc |= container(i, host);
	}
	cJSON_ArrayForEach(i, json_at(spec, "initContainers", NULL)) {
		rc |= container(i, host);
	}
	cJSON_ArrayForEach(i, json_at(spec, "volumes", NULL)) {
		rc |= volume(i);
	}
	/* the old name of the account mirrors the new one */
	if (json_str(spec, "serviceAccountName", NULL) != NULL)
		rc |= json_set_str(spec, "serviceAccount",
		    json_str(spec, "serviceAccountName", NULL));
	else if (json_str(spec, "serviceAccount", NULL) != NULL)
		rc |= json_set_str(spec, "serviceAccountName",
		    json_str(spec, "serviceAccount", NULL));
	return rc;
}

/* ---- a pod itself ---- */

struct qos {
	int any;        /* something is requested or limited */
	int guaranteed; /* so far */
};

static void
qos_container(struct qos *q, const cJSON *c)
{
	static const char *const names[] = { "cpu", "memory" };
	const cJSON *limits = json_at(c, "resources", "limits", NULL);
	const cJSON *requests = json_at(c, "resources", "requests", NULL);
	const char *l, *r;
	size_t i;

	for (i = 0; i < 2; i++) {
		l = json_str(limits, names[i], NULL);
		r = json_str(requests, names[i], NULL);
		if (l != NULL || r != NULL)
			q->any = 1;
		if (l == NULL || (r != NULL && strcmp(l, r) != 0))
			q->guaranteed = 0;
	}
}

/* All requests equal to limits, some, or none. */
static const char *
qos_class(const cJSON *spec)
{
	struct qos q = { 0, 1 };
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(spec, "containers", NULL)) {
		qos_container(&q, c);
	}
	cJSON_ArrayForEach(c, json_at(spec, "initContainers", NULL)) {
		qos_container(&q, c);
	}
	return !q.any       ? "BestEffort" :
	       q.guaranteed ? "Guaranteed" :
			      "Burstable";
}

int
defaults_qos(cJSON *pod)
{
	return json_set_str(json_sub(pod, "status"), "qosClass",
	    qos_class(json_at(pod, "spec", NULL)));
}

/* The service account's token volume is k8s-noded's own doing. */
int
defaults_pod(cJSON *pod)
{
	cJSON *spec = json_sub(pod, "spec"), *status;
	int rc;

	cJSON_DeleteItemFromObjectCaseSensitive(pod, "status");
	status = json_sub(pod, "status");
	rc = defaults_pod_spec(spec) |
	     default_str(spec, "serviceAccountName", "default") |
	     default_str(spec, "serviceAccount",
		 json_str(spec, "serviceAccountName", NULL)) |
	     default_bool(spec, "enableServiceLinks", 1) |
	     default_num(spec, "priority", 0) |
	     default_str(spec, "preemptionPolicy", "PreemptLowerPriority");
	rc |= json_set_str(status, "phase", "Pending");
	return rc | defaults_qos(pod);
}
