/*
 * Validation of workloads, services, configuration and role bindings: see
 * validate.h.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "k8s-apid/names.h"
#include "k8s-apid/validate.h"

#define PORT_MAX 65535
#define CONFIG_MAX (1U << 20) /* bytes of all values of one object */

/* Its pods are validated now, not when a controller makes them. */
static void
check_template(struct validation *x, const cJSON *template)
{
	size_t was = go_in(x, ".template");

	if (template == NULL)
		bad_required(x, NULL, NULL);
	else {
		go_in(x, ".metadata");
		check_labels(x, json_at(template, "metadata", NULL), "labels");
		go_back(x, was);
		go_in(x, ".template.spec");
		validate_pod_spec(x, json_at(template, "spec", NULL));
	}
	go_back(x, was);
}

/* What can be changed is told, rather than what was. */
static void
check_stateful(struct validation *x, const cJSON *spec, const cJSON *old)
{
	static const char *const fixed[] = { "podManagementPolicy",
		"serviceName", "volumeClaimTemplates" };
	const cJSON *a, *b;
	size_t i;

	for (i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
		a = json_at(old, fixed[i], NULL);
		b = json_at(spec, fixed[i], NULL);
		if ((a == NULL) == (b == NULL) &&
		    (a == NULL || json_equal(a, b)))
			continue;
		bad_forbidden(x, NULL,
		    "updates to statefulset spec for fields other than "
		    "'replicas', 'ordinals', 'template', 'updateStrategy', "
		    "'persistentVolumeClaimRetentionPolicy' and "
		    "'minReadySeconds' are forbidden");
		return;
	}
}

/* The selector is fixed: changed, it would orphan every pod. */
void
validate_workload(struct validation *x, const cJSON *v)
{
	static const char *const strategies[] = { "Recreate", "RollingUpdate",
		NULL };
	const cJSON *spec = json_at(v, "spec", NULL);
	const cJSON *old = json_at(x->old, "spec", NULL);
	const cJSON *template = json_at(spec, "template", NULL);
	const char *restart = json_str(template, "spec", "restartPolicy", NULL);
	size_t was = go_in(x, "spec");

	may_count(x, spec, "replicas", 0, INT32_MAX);
	may_count(x, spec, "minReadySeconds", 0, INT32_MAX);
	may_count(x, spec, "revisionHistoryLimit", 0, INT32_MAX);
	check_selector(x, json_at(spec, "selector", NULL),
	    json_at(template, "metadata", "labels", NULL));
	check_template(x, template);
	if (restart != NULL && strcmp(restart, "Always") != 0)
		bad_choice(x, "template.spec.restartPolicy",
		    json_at(template, "spec", "restartPolicy", NULL),
		    "\"Always\"");
	go_in(x, ".strategy");
	may_choose(x, json_at(spec, "strategy", NULL), "type", strategies);
	go_back(x, was);
	go_in(x, "spec");
	if (old != NULL)
		must_stay(x, old, spec, "selector");
	if (old != NULL && strcmp(x->type->kind, "StatefulSet") == 0)
		check_stateful(x, spec, old);
	go_back(x, was);
}

/* Told to whoever asks for them, rather than passed over by the controller. */
static void
refuse_job_policies(struct validation *x, const cJSON *spec)
{
	static const char *const keys[] = { "backoffLimitPerIndex", "managedBy",
		"maxFailedIndexes", "podFailurePolicy", "successPolicy" };
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (json_at(spec, keys[i], NULL) != NULL)
			bad_forbidden(
			    x, keys[i], "not supported by this API server");
	/* the default beside a podFailurePolicy */
	if (json_is(spec, "podReplacementPolicy", "Failed") &&
	    json_at(spec, "podFailurePolicy", NULL) == NULL)
		bad_forbidden(x, "podReplacementPolicy",
		    "not supported by this API server: TerminatingOrFailed "
		    "is");
}

/* A Job that restarts its pods for ever would never end. */
void
validate_job(struct validation *x, const cJSON *v)
{
	static const char *const counts[] = { "parallelism", "completions",
		"backoffLimit", "ttlSecondsAfterFinished" };
	static const char *const modes[] = { "Indexed", "NonIndexed", NULL };
	const cJSON *spec = json_at(v, "spec", NULL);
	const cJSON *template = json_at(spec, "template", NULL);
	const char *restart = json_str(template, "spec", "restartPolicy", NULL);
	const char *mode = json_str(spec, "completionMode", NULL);
	size_t was = go_in(x, "spec"), i;

	for (i = 0; i < sizeof counts / sizeof counts[0]; i++)
		may_count(x, spec, counts[i], 0, INT32_MAX);
	may_count(x, spec, "activeDeadlineSeconds", 0, 9.3e18);
	may_choose(x, spec, "completionMode", modes);
	refuse_job_policies(x, spec);
	if (mode != NULL && strcmp(mode, "Indexed") == 0 &&
	    json_at(spec, "completions", NULL) == NULL)
		bad_required(
		    x, "completions", "when completion mode is Indexed");
	check_selector(x, json_at(spec, "selector", NULL),
	    json_at(template, "metadata", "labels", NULL));
	check_template(x, template);
	if (restart != NULL && strcmp(restart, "Always") == 0)
		bad_required(x, "template.spec.restartPolicy",
		    "valid values: \"OnFailure\", \"Never\"");
	if (x->old != NULL) {
		const cJSON *old = json_at(x->old, "spec", NULL);

		must_stay(x, old, spec, "completionMode");
		must_stay(x, old, spec, "selector");
		must_stay(x, old, spec, "template");
		if (mode == NULL || strcmp(mode, "Indexed") != 0)
			must_stay(x, old, spec, "completions");
	}
	go_back(x, was);
}

/* ---- services ---- */

static int
same_port(const cJSON *a, const cJSON *b)
{
	const char *p = json_str(a, "protocol", NULL);
	const char *q = json_str(b, "protocol", NULL);

	return json_num(a, "port", 0) == json_num(b, "port", 0) && p != NULL &&
	       q != NULL && strcmp(p, q) == 0;
}

/* With several ports, names tell them apart in Endpoints. */
static void
check_port(struct validation *x, const cJSON *list, const cJSON *p)
{
	static const char *const protocols[] = { "SCTP", "TCP", "UDP", NULL };
	const cJSON *target = json_at(p, "targetPort", NULL), *q;
	const char *name = json_str(p, "name", NULL), *other;

	if (cJSON_GetArraySize(list) > 1 && (name == NULL || name[0] == '\0'))
		bad_required(x, "name", NULL);
	else if (name != NULL && name[0] != '\0') {
		const char *why = names_label(name);

		if (why != NULL)
			bad_value(x, "name", json_at(p, "name", NULL), why);
	}
	if (json_at(p, "port", NULL) == NULL)
		bad_required(x, "port", NULL);
	may_count(x, p, "port", 1, PORT_MAX);
	may_choose(x, p, "protocol", protocols);
	if (cJSON_IsNumber(target))
		may_count(x, p, "targetPort", 1, PORT_MAX);
	else if (cJSON_IsString(target) &&
		 names_port(target->valuestring) != NULL)
		bad_value(
		    x, "targetPort", target, names_port(target->valuestring));
	for (q = list->child; q != p; q = q->next) {
		other = json_str(q, "name", NULL);
		if (name != NULL && other != NULL && strcmp(name, other) == 0)
			bad_duplicate(x, "name", json_at(p, "name", NULL));
		if (same_port(p, q))
			bad_duplicate(x, NULL, p);
	}
}

/* Headless and external Services need no ports. */
void
validate_service(struct validation *x, const cJSON *v)
{
	static const char *const service_types[] = { "ClusterIP",
		"ExternalName", "LoadBalancer", "NodePort", NULL };
	static const char *const affinities[] = { "ClientIP", "None", NULL };
	const cJSON *spec = json_at(v, "spec", NULL), *p;
	const cJSON *ports = json_at(spec, "ports", NULL);
	const char *type = json_str(spec, "type", NULL);
	const char *ip = json_str(spec, "clusterIP", NULL);
	const char *was_ip = json_str(x->old, "spec", "clusterIP", NULL);
	size_t was = go_in(x, "spec"), in;
	int i = 0, external, headless;

	external = type != NULL && strcmp(type, "ExternalName") == 0;
	headless = ip != NULL && strcmp(ip, "None") == 0;
	may_choose(x, spec, "type", service_types);
	may_choose(x, spec, "sessionAffinity", affinities);
	if (external)
		must_be(x, spec, "externalName", names_subdomain);
	else if (cJSON_GetArraySize(ports) == 0 && !headless)
		bad_required(x, "ports", NULL);
	cJSON_ArrayForEach(p, ports) {
		in = go_in(x, ".ports[%d]", i++);
		check_port(x, ports, p);
		go_back(x, in);
	}
	check_labels(x, spec, "selector");
	if (ip != NULL && ip[0] != '\0' && !headless &&
	    inet_pton(AF_INET, ip, &(struct in_addr){ 0 }) != 1)
		bad_value(x, "clusterIP", json_at(spec, "clusterIP", NULL),
		    "must be a valid IPv4 address");
	if (was_ip != NULL && ip != NULL && ip[0] != '\0' && !external &&
	    strcmp(was_ip, ip) != 0)
		bad_value(x, "clusterIPs[0]", json_at(spec, "clusterIP", NULL),
		    "may not change once set");
	go_back(x, was);
}

/* ---- configuration ---- */

/* Keys become file names in volumes. */
static size_t
check_data(struct validation *x, const cJSON *v, const char *key)
{
	size_t total = 0, was;
	const cJSON *m;
	const char *why;

	cJSON_ArrayForEach(m, json_at(v, key, NULL)) {
		was = go_in(x, "%s[%s]", key, m->string);
		why = names_config_key(m->string);
		if (why != NULL) {
			cJSON *name = cJSON_CreateString(m->string);

			bad_value(x, NULL, name, why);
			cJSON_Delete(name);
		}
		total += strlen(m->valuestring);
		go_back(x, was);
	}
	return total;
}

/* What a type promises must be there; either of two is enough for one. */
static void
check_secret_type(struct validation *x, const cJSON *v)
{
	static const struct {
		const char *type, *keys[2];
		int either;
	} wanted[] = {
		{ "kubernetes.io/basic-auth", { "username", "password" }, 1 },
		{ "kubernetes.io/dockercfg", { ".dockercfg", NULL }, 0 },
		{ "kubernetes.io/dockerconfigjson",
		    { ".dockerconfigjson", NULL }, 0 },
		{ "kubernetes.io/ssh-auth", { "ssh-privatekey", NULL }, 0 },
		{ "kubernetes.io/tls", { "tls.crt", "tls.key" }, 0 },
	};
	const cJSON *data = json_at(v, "data", NULL);
	const char *const *key;
	char at[64];
	size_t i, k;

	for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (!json_is(v, "type", wanted[i].type))
			continue;
		key = wanted[i].keys;
		if (wanted[i].either &&
		    (json_at(data, key[0], NULL) != NULL ||
			json_at(data, key[1], NULL) != NULL))
			return;
		for (k = 0; k < 2 && key[k] != NULL; k++) {
			snprintf(at, sizeof at, "data[%s]", key[k]);
			if (json_at(data, key[k], NULL) == NULL)
				bad_required(x, at, NULL);
		}
	}
}

/* What is marked immutable can only be deleted. */
void
validate_config(struct validation *x, const cJSON *v)
{
	const cJSON *old = x->old;
	size_t total =
	    check_data(x, v, "data") + check_data(x, v, "binaryData");
	/* base64 makes four bytes of three */
	size_t max = strcmp(x->type->kind, "Secret") == 0 ? CONFIG_MAX / 3 * 4 :
							    CONFIG_MAX;

	if (total > max)
		cause_too_long(&x->causes, "", CONFIG_MAX);
	if (strcmp(x->type->kind, "Secret") == 0)
		check_secret_type(x, v);
	if (old == NULL)
		return;
	if (strcmp(x->type->kind, "Secret") == 0)
		must_stay(x, old, v, "type");
	if (!json_bool(old, "immutable", 0))
		return;
	if (!json_bool(v, "immutable", 0))
		bad_forbidden(x, "immutable",
		    "field is immutable when `immutable` is set");
	if (!json_equal(json_at(old, "data", NULL), json_at(v, "data", NULL)))
		bad_forbidden(
		    x, "data", "field is immutable when `immutable` is set");
}

/* A changed role would grant by the back door what was granted by name. */
void
validate_binding(struct validation *x, const cJSON *v)
{
	static const char *const kinds[] = { "Group", "ServiceAccount", "User",
		NULL };
	static const char *const roles[] = { "ClusterRole", "Role", NULL };
	const cJSON *ref = json_at(v, "roleRef", NULL), *s;
	size_t was = go_in(x, "roleRef");
	const char *kind;
	int i = 0;

	must_have(x, ref, "name");
	if (must_have(x, ref, "kind") != NULL)
		may_choose(x, ref, "kind", roles);
	go_back(x, was);
	cJSON_ArrayForEach(s, json_at(v, "subjects", NULL)) {
		was = go_in(x, "subjects[%d]", i++);
		must_have(x, s, "name");
		kind = must_have(x, s, "kind");
		may_choose(x, s, "kind", kinds);
		if (kind != NULL && strcmp(kind, "ServiceAccount") == 0 &&
		    !x->type->namespaced)
			must_have(x, s, "namespace");
		go_back(x, was);
	}
	if (x->old != NULL)
		must_stay(x, x->old, v, "roleRef");
}
