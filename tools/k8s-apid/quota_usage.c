/*
 * What objects use of quotas: see quota.h.  The model is kubernetes'
 * pkg/quota/v1/evaluator/core.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "k8s-apid/quota.h"
#include "lib/quantity.h"

/* Where a pod's containers say it: "requests" or "limits", and of what. */
struct compute {
	const char *list, *what;
};

static int
compute_of(const char *name, struct compute *c)
{
	static const char *const all[] = { "cpu", "memory",
		"ephemeral-storage" };
	size_t i;

	c->list = strncmp(name, "limits.", 7) == 0 ? "limits" : "requests";
	c->what = strncmp(name, "limits.", 7) == 0   ? name + 7 :
		  strncmp(name, "requests.", 9) == 0 ? name + 9 :
						       name;
	for (i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(c->what, all[i]) == 0)
			return 1;
	return 0;
}

int
quota_is_compute(const char *name)
{
	struct compute c;

	return compute_of(name, &c);
}

int
quota_counts(const char *name)
{
	static const char *const counted[] = { "configmaps",
		"persistentvolumeclaims", "pods", "replicationcontrollers",
		"requests.storage", "resourcequotas", "secrets", "services",
		"services.loadbalancers", "services.nodeports" };
	size_t i;

	for (i = 0; i < sizeof counted / sizeof counted[0]; i++)
		if (strcmp(counted[i], name) == 0)
			return 1;
	return strncmp(name, "count/", 6) == 0 || quota_is_compute(name);
}

int
quota_specifies(const cJSON *container, const char *name)
{
	struct compute c;

	return compute_of(name, &c) &&
	       json_at(container, "resources", c.list, c.what, NULL) != NULL;
}

static struct amount
read_amount(const cJSON *v)
{
	struct amount a = { 0, 0 };
	const char *s = cJSON_GetStringValue(v);

	if (quantity_json(v, &a.n) != 0)
		a.n = 0;
	a.binary = s != NULL && *s != '\0' && s[strlen(s) - 1] == 'i';
	return a;
}

/* Containers run side by side, init containers one by one before them. */
static struct amount
pod_compute(const cJSON *pod, const struct compute *c)
{
	struct amount sum = { 0, 0 }, one;
	const cJSON *i;

	cJSON_ArrayForEach(i, json_at(pod, "spec", "containers", NULL)) {
		one = read_amount(
		    json_at(i, "resources", c->list, c->what, NULL));
		sum.n += one.n;
		sum.binary |= one.binary;
	}
	cJSON_ArrayForEach(i, json_at(pod, "spec", "initContainers", NULL)) {
		one = read_amount(
		    json_at(i, "resources", c->list, c->what, NULL));
		if (one.n > sum.n)
			sum = one;
	}
	return sum;
}

/* A pod that has ended is an object, but uses nothing. */
static int
has_ended(const cJSON *pod)
{
	const cJSON *status = json_at(pod, "status", NULL);

	return json_is(status, "phase", "Succeeded") ||
	       json_is(status, "phase", "Failed");
}

static double
service_usage(const cJSON *v, const char *name)
{
	const cJSON *spec = json_at(v, "spec", NULL);
	int balanced = json_is(spec, "type", "LoadBalancer");

	if (strcmp(name, "services.loadbalancers") == 0)
		return balanced;
	if (strcmp(name, "services.nodeports") == 0 &&
	    (balanced || json_is(spec, "type", "NodePort")))
		return cJSON_GetArraySize(json_at(spec, "ports", NULL));
	return 0;
}

struct amount
quota_usage(const struct type *t, const cJSON *v, const char *name)
{
	struct amount a = { 0, 0 };
	struct compute c;
	char resource[160];
	int pod = strcmp(t->kind, "Pod") == 0;

	if (strncmp(name, "count/", 6) == 0)
		a.n = strcmp(name + 6,
			  type_resource(t, resource, sizeof resource)) == 0;
	else if (pod && has_ended(v))
		a.n = 0;
	else if (pod && compute_of(name, &c))
		a = pod_compute(v, &c);
	else if (strcmp(t->kind, "PersistentVolumeClaim") == 0 &&
		 strcmp(name, "requests.storage") == 0)
		a = read_amount(json_at(
		    v, "spec", "resources", "requests", "storage", NULL));
	else if (strcmp(t->kind, "Service") == 0 &&
		 strncmp(name, "services.", 9) == 0)
		a.n = service_usage(v, name);
	else
		a.n = t->group[0] == '\0' && strcmp(t->plural, name) == 0;
	return a;
}

int
quota_in_scope(const cJSON *quota, const struct type *t, const cJSON *v)
{
	const cJSON *scopes = json_at(quota, "spec", "scopes", NULL), *s;
	int best, ends, want, is;

	if (cJSON_GetArraySize(scopes) == 0)
		return 1;
	if (strcmp(t->kind, "Pod") != 0)
		return 0;
	best = json_is(json_at(v, "status", NULL), "qosClass", "BestEffort");
	ends = json_at(v, "spec", "activeDeadlineSeconds", NULL) != NULL;
	cJSON_ArrayForEach(s, scopes) {
		want = strncmp(s->valuestring, "Not", 3) != 0;
		is = strstr(s->valuestring, "BestEffort") != NULL ? best : ends;
		if (want != is)
			return 0;
	}
	return 1;
}

/* The largest unit that leaves no fraction, as resource.Quantity prints. */
const char *
quota_show(struct amount a, char *out, size_t size)
{
	static const char *const binary[] = { "Ki", "Mi", "Gi", "Ti", "Pi" };
	static const char *const decimal[] = { "k", "M", "G", "T", "P" };
	double step = a.binary ? 1024 : 1000, n = a.n;
	const char *unit = "";
	size_t i;

	if (n != floor(n)) {
		snprintf(out, size, "%.0fm", ceil(n * 1000 - 1e-6));
		return out;
	}
	for (i = 0; i < 5 && n != 0 && fmod(n, step) == 0; i++) {
		n /= step;
		unit = a.binary ? binary[i] : decimal[i];
	}
	snprintf(out, size, "%.0f%s", n, unit);
	return out;
}
