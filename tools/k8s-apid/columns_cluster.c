/*
 * Columns of namespaces, nodes, events, roles and leases: see columns.h.
 */
#include <string.h>

#include "k8s-apid/columns.h"

/* ---- namespaces, nodes, claims ---- */

/* A finalizer may keep a namespace that is Active in its status. */
static void
phase(const cJSON *v, struct buf *out)
{
	if (json_at(v, "metadata", "deletionTimestamp", NULL) != NULL)
		buf_adds(out, "Terminating");
	else
		column_or_none(json_str(v, "status", "phase", NULL), out);
}

/* Ready by its condition; a cordoned node says so behind it. */
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

/* Roles are labels, by convention of kubeadm. */
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

const struct column columns_namespaces[] = {
	{ "Name", NULL, 0, column_name },
	{ "Status", NULL, 0, phase },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

const struct column columns_nodes[] = {
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

/* Events come in two styles, and each keeps its time elsewhere. */
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

/* The kind in lower case, so that it can be given to kubectl get. */
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

const struct column columns_events[] = {
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

const struct column columns_bindings[] = {
	{ "Name", NULL, 0, column_name },
	{ "Role", NULL, 0, binding_role },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

const struct column columns_roles[] = {
	{ "Name", NULL, 0, column_name },
	{ "Created At", NULL, 0, created_at },
	{ 0 },
};

const struct column columns_leases[] = {
	{ "Name", NULL, 0, column_name },
	{ "Holder", NULL, 0, lease_holder },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};
