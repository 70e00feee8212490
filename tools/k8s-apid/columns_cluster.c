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
	const cJSON *ready = json_find(
	    json_at(v, "status", "conditions", NULL), "type", "Ready");
	const char *status = json_str(ready, "status", NULL);

	if (status == NULL)
		buf_adds(out, "Unknown");
	else
		buf_adds(
		    out, strcmp(status, "True") == 0 ? "Ready" : "NotReady");
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
node_info(const cJSON *v, struct buf *out)
{
	const char *s = cJSON_GetStringValue(v);

	buf_adds(out, s != NULL && s[0] != '\0' ? s : "<unknown>");
}

static void
node_address(const cJSON *v, const char *want, struct buf *out)
{
	const cJSON *a =
	    json_find(json_at(v, "status", "addresses", NULL), "type", want);

	column_text_or_none(json_at(a, "address", NULL), out);
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
	COLUMN("Name", column_name),
	COLUMN("Status", phase),
	COLUMN("Age", column_age),
	{ 0 },
};

const struct column columns_nodes[] = {
	COLUMN("Name", column_name),
	COLUMN("Status", node_status),
	COLUMN("Roles", node_roles),
	COLUMN("Age", column_age),
	COLUMN("Version", node_info, "status", "nodeInfo", "kubeletVersion"),
	COLUMN_WIDE("Internal-IP", node_internal),
	COLUMN_WIDE("External-IP", node_external),
	COLUMN_WIDE("OS-Image", node_info, "status", "nodeInfo", "osImage"),
	COLUMN_WIDE(
	    "Kernel-Version", node_info, "status", "nodeInfo", "kernelVersion"),
	COLUMN_WIDE("Container-Runtime", node_info, "status", "nodeInfo",
	    "containerRuntimeVersion"),
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
	COLUMN("Last Seen", event_last),
	COLUMN("Type", column_text, "type"),
	COLUMN("Reason", column_text, "reason"),
	COLUMN("Object", event_object),
	COLUMN("Message", event_message),
	COLUMN_WIDE("Source", event_source),
	COLUMN_WIDE("Name", column_name),
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

/* The subjects of a kind, as "a, b"; service accounts as "ns/name". */
static void
binding_subjects(const cJSON *v, const char *kind, struct buf *out)
{
	const char *ns, *name;
	const cJSON *s;
	int n = 0;

	cJSON_ArrayForEach(s, json_at(v, "subjects", NULL)) {
		if (!json_is(s, "kind", kind))
			continue;
		ns = json_str(s, "namespace", NULL);
		name = json_str(s, "name", NULL);
		buf_addf(out, "%s%s%s%s", n++ > 0 ? ", " : "",
		    ns != NULL ? ns : "", ns != NULL ? "/" : "",
		    name != NULL ? name : "");
	}
}

static void
binding_users(const cJSON *v, struct buf *out)
{
	binding_subjects(v, "User", out);
}

static void
binding_groups(const cJSON *v, struct buf *out)
{
	binding_subjects(v, "Group", out);
}

static void
binding_accounts(const cJSON *v, struct buf *out)
{
	binding_subjects(v, "ServiceAccount", out);
}

const struct column columns_bindings[] = {
	COLUMN("Name", column_name),
	COLUMN("Role", binding_role),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Users", binding_users),
	COLUMN_WIDE("Groups", binding_groups),
	COLUMN_WIDE("ServiceAccounts", binding_accounts),
	{ 0 },
};

const struct column columns_roles[] = {
	COLUMN("Name", column_name),
	COLUMN("Created At", column_text, "metadata", "creationTimestamp"),
	{ 0 },
};

const struct column columns_leases[] = {
	COLUMN("Name", column_name),
	COLUMN("Holder", column_text, "spec", "holderIdentity"),
	COLUMN("Age", column_age),
	{ 0 },
};
