/*
 * Columns of the plain kinds: see columns.h.  Names and cells are those of
 * kubernetes' pkg/printers/internalversion.
 */
#include "k8s-apid/columns.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"

void
column_name(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "metadata", "name", NULL);

	buf_adds(out, s != NULL ? s : "");
}

/* apimachinery's duration.HumanDuration. */
void
column_duration(double seconds, struct buf *out)
{
	long s = (long)seconds, m = s / 60, h = m / 60, d = h / 24;

	if (s < -1)
		buf_adds(out, "<invalid>");
	else if (s < 0)
		buf_adds(out, "0s");
	else if (s < 120)
		buf_addf(out, "%lds", s);
	else if (m < 10)
		buf_addf(out, s % 60 ? "%ldm%lds" : "%ldm", m, s % 60);
	else if (m < 180)
		buf_addf(out, "%ldm", m);
	else if (h < 8)
		buf_addf(out, m % 60 ? "%ldh%ldm" : "%ldh", h, m % 60);
	else if (h < 48)
		buf_addf(out, "%ldh", h);
	else if (h < 192)
		buf_addf(out, h % 24 ? "%ldd%ldh" : "%ldd", d, h % 24);
	else if (d < 730)
		buf_addf(out, "%ldd", d);
	else
		buf_addf(out, "%ldy", d / 365);
}

void
column_since(const char *ts, struct buf *out)
{
	struct timespec then, now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ts == NULL || clock_parse(ts, &then) != 0)
		buf_adds(out, "<unknown>");
	else
		column_duration((double)(now.tv_sec - then.tv_sec), out);
}

void
column_age(const cJSON *v, struct buf *out)
{
	column_since(json_str(v, "metadata", "creationTimestamp", NULL), out);
}

void
column_or_none(const char *s, struct buf *out)
{
	buf_adds(out, s != NULL && s[0] != '\0' ? s : "<none>");
}

void
column_labels(const cJSON *labels, struct buf *out)
{
	const cJSON *m;

	if (labels == NULL || labels->child == NULL)
		buf_adds(out, "<none>");
	cJSON_ArrayForEach(m, labels)
		buf_addf(out, "%s%s=%s", m == labels->child ? "" : ",",
		    m->string, cJSON_IsString(m) ? m->valuestring : "");
}

/* ---- services and endpoints ---- */

static void
service_type(const cJSON *v, struct buf *out)
{
	column_or_none(json_str(v, "spec", "type", NULL), out);
}

static void
service_ip(const cJSON *v, struct buf *out)
{
	column_or_none(json_str(v, "spec", "clusterIP", NULL), out);
}

static void
service_external(const cJSON *v, struct buf *out)
{
	const char *type = json_str(v, "spec", "type", NULL);

	if (type != NULL && strcmp(type, "ExternalName") == 0)
		column_or_none(json_str(v, "spec", "externalName", NULL), out);
	else
		buf_adds(
		    out, type != NULL && strcmp(type, "LoadBalancer") == 0 ?
			     "<pending>" :
			     "<none>");
}

static void
service_ports(const cJSON *v, struct buf *out)
{
	const cJSON *list = json_at(v, "spec", "ports", NULL), *p;
	const char *proto;

	cJSON_ArrayForEach(p, list) {
		proto = json_str(p, "protocol", NULL);
		buf_addf(out, "%s%.0f", p == list->child ? "" : ",",
		    json_num(p, "port", 0));
		if (json_num(p, "nodePort", 0) > 0)
			buf_addf(out, ":%.0f", json_num(p, "nodePort", 0));
		buf_addf(out, "/%s", proto != NULL ? proto : "TCP");
	}
	if (list == NULL || list->child == NULL)
		buf_adds(out, "<none>");
}

static void
service_selector(const cJSON *v, struct buf *out)
{
	column_labels(json_at(v, "spec", "selector", NULL), out);
}

static const struct column services[] = {
	{ "Name", NULL, 0, column_name },
	{ "Type", NULL, 0, service_type },
	{ "Cluster-IP", NULL, 0, service_ip },
	{ "External-IP", NULL, 0, service_external },
	{ "Port(s)", NULL, 0, service_ports },
	{ "Age", NULL, 0, column_age },
	{ "Selector", NULL, 1, service_selector },
	{ 0 },
};

/* Three addresses are shown, as on a real cluster. */
static void
endpoints_addresses(const cJSON *v, struct buf *out)
{
	const cJSON *s, *a, *p, *ports;
	int n = 0;

	cJSON_ArrayForEach(s, json_at(v, "subsets", NULL)) {
		ports = json_at(s, "ports", NULL);
		cJSON_ArrayForEach(a, json_at(s, "addresses", NULL)) {
			const char *ip = json_str(a, "ip", NULL);

			p = ports != NULL ? ports->child : NULL;
			do {
				if (++n > 3)
					continue;
				buf_addf(out, "%s%s", n > 1 ? "," : "",
				    ip != NULL ? ip : "");
				if (p != NULL)
					buf_addf(out, ":%.0f",
					    json_num(p, "port", 0));
			} while (p != NULL && (p = p->next) != NULL);
		}
	}
	if (n == 0)
		buf_adds(out, "<none>");
	else if (n > 3)
		buf_addf(out, " + %d more...", n - 3);
}

static const struct column endpoints[] = {
	{ "Name", NULL, 0, column_name },
	{ "Endpoints", NULL, 0, endpoints_addresses },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

/* ---- configuration ---- */

static void
data_count(const cJSON *v, struct buf *out)
{
	buf_addf(out, "%d",
	    cJSON_GetArraySize(json_at(v, "data", NULL)) +
		cJSON_GetArraySize(json_at(v, "binaryData", NULL)));
}

static void
secret_type(const cJSON *v, struct buf *out)
{
	column_or_none(json_str(v, "type", NULL), out);
}

static void
account_secrets(const cJSON *v, struct buf *out)
{
	buf_addf(out, "%d", cJSON_GetArraySize(json_at(v, "secrets", NULL)));
}

static const struct column configmaps[] = {
	{ "Name", NULL, 0, column_name },
	{ "Data", "integer", 0, data_count },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

static const struct column secrets[] = {
	{ "Name", NULL, 0, column_name },
	{ "Type", NULL, 0, secret_type },
	{ "Data", "integer", 0, data_count },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

static const struct column serviceaccounts[] = {
	{ "Name", NULL, 0, column_name },
	{ "Secrets", "integer", 0, account_secrets },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

/* ---- namespaces, nodes, claims ---- */

static void
phase(const cJSON *v, struct buf *out)
{
	if (json_at(v, "metadata", "deletionTimestamp", NULL) != NULL)
		buf_adds(out, "Terminating");
	else
		column_or_none(json_str(v, "status", "phase", NULL), out);
}

static void
node_status(const cJSON *v, struct buf *out)
{
	const cJSON *c;
	const char *type, *status;

	cJSON_ArrayForEach(c, json_at(v, "status", "conditions", NULL)) {
		type = json_str(c, "type", NULL);
		status = json_str(c, "status", NULL);
		if (type != NULL && status != NULL &&
		    strcmp(type, "Ready") == 0)
			buf_adds(out,
			    strcmp(status, "True") == 0 ? "Ready" : "NotReady");
	}
	if (out->len == 0)
		buf_adds(out, "Unknown");
	if (json_bool(json_at(v, "spec", NULL), "unschedulable", 0))
		buf_adds(out, ",SchedulingDisabled");
}

static void
node_roles(const cJSON *v, struct buf *out)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	const cJSON *m;

	cJSON_ArrayForEach(m, json_at(v, "metadata", "labels", NULL)) {
		if (strncmp(m->string, prefix, sizeof prefix - 1) == 0)
			buf_addf(out, "%s%s", out->len > 0 ? "," : "",
			    m->string + sizeof prefix - 1);
	}
	if (out->len == 0)
		buf_adds(out, "<none>");
}

static void
node_info(const cJSON *v, const char *key, struct buf *out)
{
	const char *s = json_str(v, "status", "nodeInfo", key, NULL);

	buf_adds(out, s != NULL && s[0] != '\0' ? s : "<unknown>");
}

static void
node_version(const cJSON *v, struct buf *out)
{
	node_info(v, "kubeletVersion", out);
}

static void
node_os(const cJSON *v, struct buf *out)
{
	node_info(v, "osImage", out);
}

static void
node_kernel(const cJSON *v, struct buf *out)
{
	node_info(v, "kernelVersion", out);
}

static void
node_runtime(const cJSON *v, struct buf *out)
{
	node_info(v, "containerRuntimeVersion", out);
}

static void
node_address(const cJSON *v, const char *want, struct buf *out)
{
	const cJSON *a;
	const char *type;

	cJSON_ArrayForEach(a, json_at(v, "status", "addresses", NULL)) {
		type = json_str(a, "type", NULL);
		if (type != NULL && strcmp(type, want) == 0 && out->len == 0)
			buf_adds(out, json_str(a, "address", NULL));
	}
	if (out->len == 0)
		buf_adds(out, "<none>");
}

static void
node_internal(const cJSON *v, struct buf *out)
{
	node_address(v, "InternalIP", out);
}

static void
node_external(const cJSON *v, struct buf *out)
{
	node_address(v, "ExternalIP", out);
}

static const struct column namespaces[] = {
	{ "Name", NULL, 0, column_name },
	{ "Status", NULL, 0, phase },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

static const struct column nodes[] = {
	{ "Name", NULL, 0, column_name },
	{ "Status", NULL, 0, node_status },
	{ "Roles", NULL, 0, node_roles },
	{ "Age", NULL, 0, column_age },
	{ "Version", NULL, 0, node_version },
	{ "Internal-IP", NULL, 1, node_internal },
	{ "External-IP", NULL, 1, node_external },
	{ "OS-Image", NULL, 1, node_os },
	{ "Kernel-Version", NULL, 1, node_kernel },
	{ "Container-Runtime", NULL, 1, node_runtime },
	{ 0 },
};

/* ---- events ---- */

static void
event_last(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "series", "lastObservedTime", NULL);

	if (s == NULL)
		s = json_str(v, "lastTimestamp", NULL);
	if (s == NULL)
		s = json_str(v, "deprecatedLastTimestamp", NULL);
	if (s == NULL)
		s = json_str(v, "eventTime", NULL);
	column_since(s, out);
}

static void
event_type(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "type", NULL);

	buf_adds(out, s != NULL ? s : "");
}

static void
event_reason(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "reason", NULL);

	buf_adds(out, s != NULL ? s : "");
}

static void
event_object(const cJSON *v, struct buf *out)
{
	const cJSON *o = json_at(v, "involvedObject", NULL);
	const char *kind, *name, *s;

	if (o == NULL)
		o = json_at(v, "regarding", NULL);
	kind = json_str(o, "kind", NULL);
	name = json_str(o, "name", NULL);
	for (s = kind != NULL ? kind : ""; *s != '\0'; s++)
		buf_addc(out, *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s);
	buf_addf(out, "/%s", name != NULL ? name : "");
}

static void
event_message(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "message", NULL);

	if (s == NULL)
		s = json_str(v, "note", NULL);
	for (; s != NULL && *s != '\0'; s++)
		buf_addc(out, *s == '\n' ? ' ' : *s);
}

static void
event_source(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "source", "component", NULL);

	if (s == NULL)
		s = json_str(v, "reportingComponent", NULL);
	buf_adds(out, s != NULL ? s : "");
}

static const struct column events[] = {
	{ "Last Seen", NULL, 0, event_last },
	{ "Type", NULL, 0, event_type },
	{ "Reason", NULL, 0, event_reason },
	{ "Object", NULL, 0, event_object },
	{ "Message", NULL, 0, event_message },
	{ "Source", NULL, 1, event_source },
	{ "Name", NULL, 1, column_name },
	{ 0 },
};

/* ---- roles and leases ---- */

static void
binding_role(const cJSON *v, struct buf *out)
{
	const char *kind = json_str(v, "roleRef", "kind", NULL);
	const char *name = json_str(v, "roleRef", "name", NULL);

	buf_addf(
	    out, "%s/%s", kind != NULL ? kind : "", name != NULL ? name : "");
}

static void
created_at(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "metadata", "creationTimestamp", NULL);

	buf_adds(out, s != NULL ? s : "");
}

static void
lease_holder(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "spec", "holderIdentity", NULL);

	buf_adds(out, s != NULL ? s : "");
}

static const struct column bindings[] = {
	{ "Name", NULL, 0, column_name },
	{ "Role", NULL, 0, binding_role },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

static const struct column roles[] = {
	{ "Name", NULL, 0, column_name },
	{ "Created At", NULL, 0, created_at },
	{ 0 },
};

static const struct column leases[] = {
	{ "Name", NULL, 0, column_name },
	{ "Holder", NULL, 0, lease_holder },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

static const struct column plain[] = {
	{ "Name", NULL, 0, column_name },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

const struct column *
columns_of(const struct type *t)
{
	static const struct {
		const char *kind;
		const struct column *columns;
	} kinds[] = {
		{ "ClusterRole", roles },
		{ "ClusterRoleBinding", bindings },
		{ "ConfigMap", configmaps },
		{ "DaemonSet", columns_daemonsets },
		{ "Deployment", columns_deployments },
		{ "Endpoints", endpoints },
		{ "Event", events },
		{ "Job", columns_jobs },
		{ "Lease", leases },
		{ "Namespace", namespaces },
		{ "Node", nodes },
		{ "Pod", columns_pods },
		{ "ReplicaSet", columns_replicasets },
		{ "Role", roles },
		{ "RoleBinding", bindings },
		{ "Secret", secrets },
		{ "Service", services },
		{ "ServiceAccount", serviceaccounts },
		{ "StatefulSet", columns_statefulsets },
	};
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, t->kind) == 0)
			return kinds[i].columns;
	return plain;
}
