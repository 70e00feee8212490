/*
 * Validation of pods and of templates of pods: see validate.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "k8s-apid/names.h"
#include "k8s-apid/validate.h"
#include "lib/quantity.h"

#define PORT_MAX 65535

/* 1 when an item before `item` has the same string at key. */
static int
is_repeated(const cJSON *list, const cJSON *item, const char *key)
{
	const char *s = json_str(item, key, NULL), *t;
	const cJSON *i;

	for (i = list->child; s != NULL && i != item; i = i->next) {
		t = json_str(i, key, NULL);
		if (t != NULL && strcmp(s, t) == 0)
			return 1;
	}
	return 0;
}

/* Names are what Services refer to: unique within a container. */
static void
check_ports(struct validation *x, const cJSON *c)
{
	static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
	const cJSON *list = json_at(c, "ports", NULL), *p, *name;
	const char *why;
	size_t was;
	int i = 0;

	cJSON_ArrayForEach(p, list) {
		was = go_in(x, ".ports[%d]", i++);
		name = json_at(p, "name", NULL);
		why = name != NULL ? names_port(name->valuestring) : NULL;
		if (why != NULL)
			bad_value(x, "name", name, why);
		else if (name != NULL && is_repeated(list, p, "name"))
			bad_duplicate(x, "name", name);
		if (json_at(p, "containerPort", NULL) == NULL)
			bad_required(x, "containerPort", NULL);
		may_count(x, p, "containerPort", 1, PORT_MAX);
		may_count(x, p, "hostPort", 1, PORT_MAX);
		may_choose(x, p, "protocol", protocols);
		go_back(x, was);
	}
}

/* Of several members exactly one has to be there. */
static void
one_source(struct validation *x, const cJSON *o, const char *const *names,
    const char *missing)
{
	int n = 0;

	for (; *names != NULL; names++) {
		if (json_at(o, *names, NULL) == NULL)
			continue;
		if (n++ > 0)
			bad_forbidden(
			    x, *names, "may not specify more than 1 of them");
	}
	if (n == 0)
		bad_required(x, NULL, missing);
}

/* What a pod can tell its containers of itself. */
static void
check_field_path(struct validation *x, const cJSON *path)
{
	static const char *const paths[] = { "metadata.name",
		"metadata.namespace", "metadata.uid", "spec.nodeName",
		"spec.serviceAccountName", "status.hostIP", "status.hostIPs",
		"status.podIP", "status.podIPs" };
	const char *s = path->valuestring;
	char why[300];
	size_t i;

	if (strncmp(s, "metadata.labels['", 17) == 0 ||
	    strncmp(s, "metadata.annotations['", 22) == 0)
		return;
	for (i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (strcmp(s, paths[i]) == 0)
			return;
	snprintf(why, sizeof why,
	    "error converting fieldPath: field label not supported: %.200s", s);
	bad_value(x, "fieldPath", path, why);
}

/* Whether the ConfigMap is there shows when the container starts. */
static void
check_env_source(struct validation *x, const cJSON *from)
{
	static const char *const sources[] = { "fieldRef", "resourceFieldRef",
		"configMapKeyRef", "secretKeyRef", NULL };
	static const char *const with_key[] = { "configMapKeyRef",
		"secretKeyRef" };
	const cJSON *ref;
	size_t was, i;

	one_source(x, from, sources,
	    "must specify one of: `fieldRef`, `resourceFieldRef`, "
	    "`configMapKeyRef` or `secretKeyRef`");
	for (i = 0; i < 2; i++) {
		ref = json_at(from, with_key[i], NULL);
		if (ref == NULL)
			continue;
		was = go_in(x, ".%s", with_key[i]);
		must_have(x, ref, "name");
		must_be(x, ref, "key", names_config_key);
		go_back(x, was);
	}
	ref = json_at(from, "fieldRef", NULL);
	was = go_in(x, ".fieldRef");
	if (ref != NULL && must_have(x, ref, "fieldPath") != NULL)
		check_field_path(x, json_at(ref, "fieldPath", NULL));
	go_back(x, was);
}

/* value and valueFrom exclude each other. */
static void
check_env(struct validation *x, const cJSON *c)
{
	static const char *const sources[] = { "configMapRef", "secretRef",
		NULL };
	const cJSON *e, *from;
	const char *value;
	size_t was, in;
	int i = 0;

	cJSON_ArrayForEach(e, json_at(c, "env", NULL)) {
		was = go_in(x, ".env[%d]", i++);
		must_be(x, e, "name", names_env);
		from = json_at(e, "valueFrom", NULL);
		value = json_str(e, "value", NULL);
		in = go_in(x, ".valueFrom");
		if (from != NULL && value != NULL && value[0] != '\0')
			bad_value(x, NULL, from,
			    "may not be specified when `value` is not empty");
		else if (from != NULL)
			check_env_source(x, from);
		go_back(x, in);
		go_back(x, was);
	}
	i = 0;
	cJSON_ArrayForEach(e, json_at(c, "envFrom", NULL)) {
		was = go_in(x, ".envFrom[%d]", i++);
		one_source(x, e, sources,
		    "must specify one of: `configMapRef` or `secretRef`");
		go_back(x, was);
	}
}

static void
check_inner_path(struct validation *x, const cJSON *o, const char *key)
{
	const char *s = json_str(o, key, NULL);
	const char *why = s != NULL ? names_inner_path(s) : NULL;

	if (why != NULL)
		bad_value(x, key, json_at(o, key, NULL), why);
}

/* A mount without its volume would only fail on the node. */
static void
check_mounts(struct validation *x, const cJSON *c, const cJSON *volumes)
{
	const cJSON *list = json_at(c, "volumeMounts", NULL), *m;
	const char *name;
	size_t was;
	int i = 0;

	cJSON_ArrayForEach(m, list) {
		was = go_in(x, ".volumeMounts[%d]", i++);
		name = must_have(x, m, "name");
		if (name != NULL && json_find(volumes, "name", name) == NULL)
			bad_missing(x, "name", json_at(m, "name", NULL));
		if (must_have(x, m, "mountPath") != NULL &&
		    is_repeated(list, m, "mountPath"))
			bad_value(x, "mountPath", json_at(m, "mountPath", NULL),
			    "must be unique");
		check_inner_path(x, m, "subPath");
		check_inner_path(x, m, "subPathExpr");
		go_back(x, was);
	}
}

/* Only readiness may ask for several successes: the others end a container. */
static void
check_probe(struct validation *x, const cJSON *c, const char *key)
{
	static const char *const handlers[] = { "exec", "httpGet", "tcpSocket",
		"grpc", NULL };
	static const char *const counts[] = { "initialDelaySeconds",
		"periodSeconds", "timeoutSeconds" };
	const cJSON *p = json_at(c, key, NULL), *port;
	size_t was = go_in(x, ".%s", key), i;

	if (p != NULL) {
		one_source(x, p, handlers, "must specify a handler type");
		for (i = 0; i < sizeof counts / sizeof counts[0]; i++)
			may_count(x, p, counts[i], 0, INT32_MAX);
		may_count(x, p, "successThreshold", 1,
		    strcmp(key, "readinessProbe") == 0 ? INT32_MAX : 1);
		may_count(x, p, "failureThreshold", 1, INT32_MAX);
		for (i = 1; i < 3; i++) {
			if (json_at(p, handlers[i], NULL) == NULL)
				continue;
			port = json_at(p, handlers[i], "port", NULL);
			go_in(x, ".%s", handlers[i]);
			if (port == NULL)
				bad_required(x, "port", NULL);
			else if (cJSON_IsNumber(port))
				may_count(x, json_at(p, handlers[i], NULL),
				    "port", 1, PORT_MAX);
		}
	}
	go_back(x, was);
}

/* A container that wants more than it may have is a mistake. */
static void
check_requests(struct validation *x, const cJSON *c)
{
	const cJSON *m, *limit;
	double want, most;
	char why[200];
	size_t was;

	cJSON_ArrayForEach(m, json_at(c, "resources", "requests", NULL)) {
		limit = json_at(c, "resources", "limits", m->string, NULL);
		if (quantity_json(m, &want) != 0 ||
		    quantity_json(limit, &most) != 0 || want <= most)
			continue;
		snprintf(why, sizeof why,
		    "must be less than or equal to %.60s limit of %.60s",
		    m->string, limit->valuestring);
		was = go_in(x, ".resources");
		bad_value(x, "requests", m, why);
		go_back(x, was);
	}
}

static void
check_resources(struct validation *x, const cJSON *c)
{
	static const char *const lists[] = { "limits", "requests" };
	const cJSON *m;
	size_t i, was;

	for (i = 0; i < 2; i++)
		cJSON_ArrayForEach(m, json_at(c, "resources", lists[i], NULL)) {
			was =
			    go_in(x, ".resources.%s[%s]", lists[i], m->string);
			if (m->valuestring[0] == '-')
				bad_value(x, NULL, m,
				    "must be greater than or equal to 0");
			go_back(x, was);
		}
	check_requests(x, c);
}

/* The image is required for pods and templates alike. */
static void
check_container(
    struct validation *x, const cJSON *spec, const cJSON *list, const cJSON *c)
{
	static const char *const pull[] = { "Always", "IfNotPresent", "Never",
		NULL };
	const char *image;

	if (must_be(x, c, "name", names_label) != NULL &&
	    is_repeated(list, c, "name"))
		bad_duplicate(x, "name", json_at(c, "name", NULL));
	image = must_have(x, c, "image");
	if (image != NULL &&
	    (strchr(" \t", image[0]) != NULL ||
		strchr(" \t", image[strlen(image) - 1]) != NULL))
		bad_value(x, "image", json_at(c, "image", NULL),
		    "must not have leading or trailing whitespace");
	may_choose(x, c, "imagePullPolicy", pull);
	check_ports(x, c);
	check_env(x, c);
	check_mounts(x, c, json_at(spec, "volumes", NULL));
	check_resources(x, c);
	check_probe(x, c, "livenessProbe");
	check_probe(x, c, "readinessProbe");
	check_probe(x, c, "startupProbe");
}

/* It runs to its end and is not looked after, unless it is a sidecar. */
static void
check_init(struct validation *x, const cJSON *spec, const cJSON *c)
{
	static const char *const policies[] = { "Always", NULL };
	static const char *const sidecars[] = { "lifecycle", "livenessProbe",
		"readinessProbe", "startupProbe" };
	const char *name = json_str(c, "name", NULL);
	size_t i;

	if (name != NULL &&
	    json_find(json_at(spec, "containers", NULL), "name", name) != NULL)
		bad_duplicate(x, "name", json_at(c, "name", NULL));
	may_choose(x, c, "restartPolicy", policies);
	if (json_is(c, "restartPolicy", "Always"))
		return;
	for (i = 0; i < sizeof sidecars / sizeof sidecars[0]; i++)
		if (json_at(c, sidecars[i], NULL) != NULL)
			bad_forbidden(x, sidecars[i],
			    "may not be set for init containers without "
			    "restartPolicy=Always");
}

static void
check_containers(struct validation *x, const cJSON *spec, const char *key)
{
	const cJSON *list = json_at(spec, key, NULL), *c;
	size_t was;
	int i = 0;

	cJSON_ArrayForEach(c, list) {
		was = go_in(x, ".%s[%d]", key, i++);
		check_container(x, spec, list, c);
		if (strcmp(key, "initContainers") == 0)
			check_init(x, spec, c);
		else if (json_at(c, "restartPolicy", NULL) != NULL)
			bad_forbidden(x, "restartPolicy",
			    "may not be set for non-init containers");
		go_back(x, was);
	}
}

static void
check_mode(struct validation *x, const cJSON *o, const char *key)
{
	const cJSON *v = json_at(o, key, NULL);

	if (v != NULL && (v->valuedouble < 0 || v->valuedouble > 0777))
		bad_value(x, key, v,
		    "must be a number between 0 and 0777 (octal), both "
		    "inclusive");
}

/* The object that a volume's files come from, by the member that names it. */
static void
check_source(struct validation *x, const cJSON *source, const char *name)
{
	const cJSON *item;
	size_t was;
	int i = 0;

	must_have(x, source, name);
	check_mode(x, source, "defaultMode");
	cJSON_ArrayForEach(item, json_at(source, "items", NULL)) {
		was = go_in(x, ".items[%d]", i++);
		must_have(x, item, "key");
		if (must_have(x, item, "path") != NULL)
			check_inner_path(x, item, "path");
		check_mode(x, item, "mode");
		go_back(x, was);
	}
}

/* name and one source: more than two members is too many. */
static void
check_volumes(struct validation *x, const cJSON *spec)
{
	const cJSON *list = json_at(spec, "volumes", NULL), *v;
	size_t was;
	int i = 0;

	cJSON_ArrayForEach(v, list) {
		was = go_in(x, ".volumes[%d]", i++);
		if (must_be(x, v, "name", names_label) != NULL &&
		    is_repeated(list, v, "name"))
			bad_duplicate(x, "name", json_at(v, "name", NULL));
		if (cJSON_GetArraySize(v) > 2)
			bad_forbidden(
			    x, NULL, "may not specify more than 1 volume type");
		if (json_at(v, "configMap", NULL) != NULL) {
			go_in(x, ".configMap");
			check_source(x, json_at(v, "configMap", NULL), "name");
		} else if (json_at(v, "secret", NULL) != NULL) {
			go_in(x, ".secret");
			check_source(
			    x, json_at(v, "secret", NULL), "secretName");
		}
		go_back(x, was);
	}
}

void
validate_pod_spec(struct validation *x, const cJSON *spec)
{
	static const char *const restart[] = { "Always", "OnFailure", "Never",
		NULL };
	static const char *const dns[] = { "ClusterFirst",
		"ClusterFirstWithHostNet", "Default", "None", NULL };

	if (cJSON_GetArraySize(json_at(spec, "containers", NULL)) == 0)
		bad_required(x, "containers", NULL);
	check_volumes(x, spec);
	check_containers(x, spec, "containers");
	check_containers(x, spec, "initContainers");
	may_choose(x, spec, "restartPolicy", restart);
	may_choose(x, spec, "dnsPolicy", dns);
	may_count(x, spec, "activeDeadlineSeconds", 1, INT32_MAX);
}

/* The spec without what a running pod may change. */
static cJSON *
fixed_part(const cJSON *pod)
{
	static const char *const lists[] = { "containers", "initContainers",
		"ephemeralContainers" };
	cJSON *spec = cJSON_Duplicate(json_at(pod, "spec", NULL), 1), *c;
	size_t i;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
		cJSON_ArrayForEach(c, json_at(spec, lists[i], NULL)) {
			cJSON_DeleteItemFromObjectCaseSensitive(c, "image");
		}
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "activeDeadlineSeconds");
	cJSON_DeleteItemFromObjectCaseSensitive(spec, "tolerations");
	cJSON_DeleteItemFromObjectCaseSensitive(
	    spec, "terminationGracePeriodSeconds");
	return spec;
}

/* Gates go one by one until the pod may be scheduled; none is added. */
static void
pass_gates(cJSON *was, cJSON *now)
{
	static const char key[] = "schedulingGates";

	if (cJSON_GetArraySize(json_at(now, key, NULL)) >=
	    cJSON_GetArraySize(json_at(was, key, NULL)))
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(was, key);
	cJSON_DeleteItemFromObjectCaseSensitive(now, key);
}

/* A pod runs as it was made: almost nothing of its spec can change. */
void
validate_pod(struct validation *x, const cJSON *v)
{
	const char *node = json_str(x->old, "spec", "nodeName", NULL);
	size_t was = go_in(x, "spec");
	cJSON *a, *b;

	if (x->old == NULL)
		validate_pod_spec(x, json_at(v, "spec", NULL));
	else {
		a = fixed_part(x->old);
		b = fixed_part(v);
		/* the binding fills it in */
		if (node == NULL || node[0] == '\0')
			cJSON_DeleteItemFromObjectCaseSensitive(b, "nodeName");
		pass_gates(a, b);
		if (!json_equal(a, b))
			bad_forbidden(x, NULL,
			    "pod updates may not change fields other than "
			    "`spec.containers[*].image`,"
			    "`spec.initContainers[*].image`,"
			    "`spec.activeDeadlineSeconds`,`spec.tolerations` "
			    "(only additions to existing tolerations),"
			    "`spec.terminationGracePeriodSeconds` (allow it "
			    "to be set to 1 if it was previously negative)");
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
	go_back(x, was);
}
