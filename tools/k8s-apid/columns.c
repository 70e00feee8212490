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
	column_text(json_at(v, "metadata", "name", NULL), out);
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

/* By our clock: a client elsewhere would see its own skew otherwise. */
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
column_text(const cJSON *text, struct buf *out)
{
	const char *s = cJSON_GetStringValue(text);

	buf_adds(out, s != NULL ? s : "");
}

void
column_text_or_none(const cJSON *text, struct buf *out)
{
	column_or_none(cJSON_GetStringValue(text), out);
}

void
column_number(const cJSON *number, struct buf *out)
{
	buf_addf(out, "%.0f", cJSON_IsNumber(number) ? number->valuedouble : 0);
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

/* No load balancer will come in a sandbox, and kubectl shows it so. */
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

static const struct column services[] = {
	COLUMN("Name", column_name),
	COLUMN("Type", column_text_or_none, "spec", "type"),
	COLUMN("Cluster-IP", column_text_or_none, "spec", "clusterIP"),
	COLUMN("External-IP", service_external),
	COLUMN("Port(s)", service_ports),
	COLUMN("Age", column_age),
	COLUMN_WIDE("Selector", column_labels, "spec", "selector"),
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
	COLUMN("Name", column_name),
	COLUMN("Endpoints", endpoints_addresses),
	COLUMN("Age", column_age),
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
account_secrets(const cJSON *v, struct buf *out)
{
	buf_addf(out, "%d", cJSON_GetArraySize(json_at(v, "secrets", NULL)));
}

static const struct column configmaps[] = {
	COLUMN("Name", column_name),
	COLUMN_INT("Data", data_count),
	COLUMN("Age", column_age),
	{ 0 },
};

static const struct column secrets[] = {
	COLUMN("Name", column_name),
	COLUMN("Type", column_text_or_none, "type"),
	COLUMN_INT("Data", data_count),
	COLUMN("Age", column_age),
	{ 0 },
};

static const struct column serviceaccounts[] = {
	COLUMN("Name", column_name),
	COLUMN_INT("Secrets", account_secrets),
	COLUMN("Age", column_age),
	{ 0 },
};

static const struct column plain[] = {
	COLUMN("Name", column_name),
	COLUMN("Age", column_age),
	{ 0 },
};

void
column_show(const struct column *c, const cJSON *object, struct buf *out)
{
	size_t i;

	for (i = 0; i < COLUMN_PATH && c->path[i] != NULL; i++)
		object = json_at(object, c->path[i], NULL);
	c->cell(object, out);
}

/* A kind that is not here shows its name and age. */
const struct column *
columns_of(const struct type *t)
{
	static const struct {
		const char *kind;
		const struct column *columns;
	} kinds[] = {
		{ "ClusterRole", columns_roles },
		{ "ClusterRoleBinding", columns_bindings },
		{ "ConfigMap", configmaps },
		{ "ControllerRevision", columns_revisions },
		{ "DaemonSet", columns_daemonsets },
		{ "Deployment", columns_deployments },
		{ "Endpoints", endpoints },
		{ "Event", columns_events },
		{ "Job", columns_jobs },
		{ "Lease", columns_leases },
		{ "LimitRange", columns_limits },
		{ "Namespace", columns_namespaces },
		{ "Node", columns_nodes },
		{ "PersistentVolumeClaim", columns_claims },
		{ "Pod", columns_pods },
		{ "ReplicaSet", columns_replicasets },
		{ "ResourceQuota", columns_quotas },
		{ "Role", columns_roles },
		{ "RoleBinding", columns_bindings },
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
