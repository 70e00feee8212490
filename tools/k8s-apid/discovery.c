/*
 * Discovery: see discovery.h.  All of it is made from the table of types at
 * each request: clients cache it.
 */
#include "k8s-apid/discovery.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/openapi.h"

#define VERSION "v1.32.0"
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as="

static const char *const stored_verbs[] = { "create", "delete",
	"deletecollection", "get", "list", "patch", "update", "watch", NULL };
static const char *const one_by_one_verbs[] = { "create", "delete", "get",
	"list", "patch", "update", "watch", NULL };
static const char *const create_verbs[] = { "create", NULL };
static const char *const sub_verbs[] = { "get", "patch", "update", NULL };
static const char *const forward_verbs[] = { "create", "get", NULL };
static const char *const get_verbs[] = { "get", NULL };
static const char *const update_verbs[] = { "update", NULL };

/* Subresources whose kind or verbs are not their object's. */
static const struct {
	enum type_sub sub;
	const char *group, *version, *kind;
	const char *const *verbs;
} sub_kinds[] = {
	{ SUB_STATUS, NULL, NULL, NULL, sub_verbs },
	{ SUB_SCALE, "autoscaling", "v1", "Scale", sub_verbs },
	{ SUB_LOG, NULL, NULL, NULL, get_verbs },
	{ SUB_BINDING, NULL, NULL, "Binding", create_verbs },
	{ SUB_FINALIZE, NULL, NULL, NULL, update_verbs },
	{ SUB_TOKEN, "authentication.k8s.io", "v1", "TokenRequest",
	    create_verbs },
	{ SUB_PROXY, NULL, NULL, "NodeProxyOptions", get_verbs },
	{ SUB_EVICTION, "policy", "v1", "Eviction", create_verbs },
	{ SUB_PORTFORWARD, NULL, NULL, "PodPortForwardOptions", forward_verbs },
};

#define NSUBS (sizeof sub_kinds / sizeof sub_kinds[0])

static const char *const *
verbs_of(const struct type *t)
{
	return t->how == TYPE_REVIEW       ? create_verbs :
	       type_deletes_collections(t) ? stored_verbs :
					     one_by_one_verbs;
}

/* Without memory a list is short, and the answer fails when written. */
static void
set_strings(cJSON *v, const char *key, const char *const *list)
{
	cJSON *a = cJSON_AddArrayToObject(v, key);

	for (; *list != NULL; list++)
		cJSON_AddItemToArray(a, cJSON_CreateString(*list));
}

/* Sets key to the parts of a comma-separated list, if there are any. */
static void
set_list(cJSON *v, const char *key, const char *list)
{
	char s[64];
	cJSON *a;
	size_t n;

	if (list[0] == '\0')
		return;
	a = cJSON_AddArrayToObject(v, key);
	for (; *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		snprintf(s, sizeof s, "%.*s", (int)n, list);
		cJSON_AddItemToArray(a, cJSON_CreateString(s));
	}
}

/* 1 for the first line of its group (or group and version). */
static int
is_first(const struct type *t, int with_version)
{
	const struct type *u;

	for (u = types; u < t; u++)
		if (strcmp(u->group, t->group) == 0 &&
		    (!with_version || strcmp(u->version, t->version) == 0))
			return 0;
	return 1;
}

static cJSON *
head(const char *kind, const char *version)
{
	cJSON *v = cJSON_CreateObject();

	json_set_str(v, "kind", kind);
	json_set_str(v, "apiVersion", version);
	return v;
}

static void
answer(struct request *rq, cJSON *v)
{
	respond_json(rq, 200, v);
	cJSON_Delete(v);
}

/* ---- the old form ---- */

/* kubectl compares minor versions and warns when they differ by more than 1. */
static void
version_info(struct request *rq)
{
	cJSON *v = cJSON_CreateObject();

	json_set_str(v, "major", "1");
	json_set_str(v, "minor", "32");
	json_set_str(v, "gitVersion", VERSION "+inttest");
	json_set_str(v, "gitCommit", "");
	json_set_str(v, "gitTreeState", "clean");
	json_set_str(v, "buildDate", "1970-01-01T00:00:00Z");
	json_set_str(v, "goVersion", "none");
	json_set_str(v, "compiler", "gcc");
	json_set_str(v, "platform", "linux/amd64");
	answer(rq, v);
}

/* The first version in the table is the preferred one. */
static cJSON *
group_object(const struct type *t)
{
	cJSON *g = cJSON_CreateObject(), *versions, *v = NULL;
	const struct type *u;
	char s[160];

	json_set_str(g, "name", t->group);
	versions = cJSON_AddArrayToObject(g, "versions");
	for (u = types; u->plural != NULL; u++) {
		if (strcmp(u->group, t->group) != 0 || !is_first(u, 1))
			continue;
		v = cJSON_CreateObject();
		json_set_str(
		    v, "groupVersion", type_api_version(u, s, sizeof s));
		json_set_str(v, "version", u->version);
		cJSON_AddItemToArray(versions, v);
	}
	json_set(g, "preferredVersion",
	    cJSON_Duplicate(cJSON_GetArrayItem(versions, 0), 1));
	return g;
}

static void
api_versions(struct request *rq)
{
	static const char *const v1[] = { "v1", NULL };
	cJSON *v = cJSON_CreateObject();

	json_set_str(v, "kind", "APIVersions");
	set_strings(v, "versions", v1);
	json_set(v, "serverAddressByClientCIDRs", cJSON_CreateArray());
	answer(rq, v);
}

static void
group_list(struct request *rq)
{
	cJSON *v = head("APIGroupList", "v1");
	cJSON *groups = cJSON_AddArrayToObject(v, "groups");
	const struct type *t;

	for (t = types; t->plural != NULL; t++)
		if (t->group[0] != '\0' && is_first(t, 0))
			cJSON_AddItemToArray(groups, group_object(t));
	answer(rq, v);
}

/* sub is NSUBS for the kind itself. */
static void
add_resource(cJSON *list, const struct type *t, size_t sub)
{
	cJSON *r = cJSON_CreateObject();
	const char *kind = t->kind;
	char name[160];

	snprintf(name, sizeof name, "%s%s%s", t->plural, sub < NSUBS ? "/" : "",
	    sub < NSUBS ? type_sub_name(sub_kinds[sub].sub) : "");
	json_set_str(r, "name", name);
	json_set_str(r, "singularName", sub < NSUBS ? "" : t->singular);
	json_set_bool(r, "namespaced", t->namespaced);
	if (sub < NSUBS && sub_kinds[sub].kind != NULL)
		kind = sub_kinds[sub].kind;
	if (sub < NSUBS && sub_kinds[sub].group != NULL) {
		json_set_str(r, "group", sub_kinds[sub].group);
		json_set_str(r, "version", sub_kinds[sub].version);
	}
	json_set_str(r, "kind", kind);
	set_strings(
	    r, "verbs", sub < NSUBS ? sub_kinds[sub].verbs : verbs_of(t));
	if (sub == NSUBS) {
		set_list(r, "shortNames", t->short_names);
		set_list(r, "categories", t->categories);
	}
	cJSON_AddItemToArray(list, r);
}

static void
resource_list(struct request *rq, const char *group, const char *version)
{
	cJSON *v = head("APIResourceList", "v1"), *list;
	const struct type *t;
	char s[160];
	size_t i;

	snprintf(s, sizeof s, "%s%s%s", group, group[0] ? "/" : "", version);
	json_set_str(v, "groupVersion", s);
	list = cJSON_AddArrayToObject(v, "resources");
	for (t = types; t->plural != NULL; t++) {
		if (strcmp(t->group, group) != 0 ||
		    strcmp(t->version, version) != 0)
			continue;
		add_resource(list, t, NSUBS);
		for (i = 0; i < NSUBS; i++)
			if (t->subs & sub_kinds[i].sub)
				add_resource(list, t, i);
	}
	answer(rq, v);
}

/* ---- the aggregated form ---- */

static cJSON *
kind_object(const char *group, const char *version, const char *kind)
{
	cJSON *v = cJSON_CreateObject();

	json_set_str(v, "group", group);
	json_set_str(v, "version", version);
	json_set_str(v, "kind", kind);
	return v;
}

static cJSON *
aggregated_sub(const struct type *t, size_t i)
{
	cJSON *v = cJSON_CreateObject();
	const char *group = sub_kinds[i].group, *kind = sub_kinds[i].kind;

	json_set_str(v, "subresource", type_sub_name(sub_kinds[i].sub));
	json_set(v, "responseKind",
	    kind_object(group != NULL ? group : t->group,
		group != NULL ? sub_kinds[i].version : t->version,
		kind != NULL ? kind : t->kind));
	set_strings(v, "verbs", sub_kinds[i].verbs);
	return v;
}

static cJSON *
aggregated_resource(const struct type *t)
{
	cJSON *v = cJSON_CreateObject(), *subs;
	size_t i;

	json_set_str(v, "resource", t->plural);
	json_set(v, "responseKind", kind_object(t->group, t->version, t->kind));
	json_set_str(v, "scope", t->namespaced ? "Namespaced" : "Cluster");
	json_set_str(v, "singularResource", t->singular);
	set_strings(v, "verbs", verbs_of(t));
	set_list(v, "shortNames", t->short_names);
	set_list(v, "categories", t->categories);
	if (t->subs == 0)
		return v;
	subs = cJSON_AddArrayToObject(v, "subresources");
	for (i = 0; i < NSUBS; i++)
		if (t->subs & sub_kinds[i].sub)
			cJSON_AddItemToArray(subs, aggregated_sub(t, i));
	return v;
}

static cJSON *
aggregated_version(const struct type *of)
{
	cJSON *v = cJSON_CreateObject(), *resources;
	const struct type *t;

	json_set_str(v, "version", of->version);
	json_set_str(v, "freshness", "Current");
	resources = cJSON_AddArrayToObject(v, "resources");
	for (t = types; t->plural != NULL; t++)
		if (strcmp(t->group, of->group) == 0 &&
		    strcmp(t->version, of->version) == 0)
			cJSON_AddItemToArray(resources, aggregated_resource(t));
	return v;
}

/* One request instead of one per group: clients since 1.27 prefer it. */
static void
aggregated(struct request *rq, int core)
{
	cJSON *v, *items, *g, *versions;
	const struct type *t, *u;
	struct buf b;

	v = head("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2");
	json_set(v, "metadata", cJSON_CreateObject());
	items = cJSON_AddArrayToObject(v, "items");
	for (t = types; t->plural != NULL; t++) {
		if ((t->group[0] == '\0') != core || !is_first(t, 0))
			continue;
		g = cJSON_CreateObject();
		json_set_str(json_sub(g, "metadata"), "name", t->group);
		versions = cJSON_AddArrayToObject(g, "versions");
		for (u = t; u->plural != NULL; u++)
			if (strcmp(u->group, t->group) == 0 && is_first(u, 1))
				cJSON_AddItemToArray(
				    versions, aggregated_version(u));
		cJSON_AddItemToArray(items, g);
	}
	buf_init(&b, 16 << 20);
	if (json_write(&b, v) == 0)
		httpd_answer(rq->http, 200, AGGREGATED "APIGroupDiscoveryList",
		    b.data, b.len);
	else
		respond_text(rq, 500, "text/plain", "out of memory\n");
	buf_release(&b);
	cJSON_Delete(v);
}

static int
wants_aggregated(const struct request *rq)
{
	const char *s = httpd_header(rq->http, "Accept");

	return s != NULL && strstr(s, AGGREGATED) != NULL;
}

/* ---- paths ---- */

/* A kind of the group (and version, unless NULL), or NULL. */
static const struct type *
find_version(const char *group, const char *version)
{
	const struct type *t;

	for (t = types; t->plural != NULL; t++)
		if (strcmp(t->group, group) == 0 &&
		    (version == NULL || strcmp(t->version, version) == 0))
			return t;
	return NULL;
}

/* "G" or "G/V" behind /apis/, or "V" behind /api/ (core). */
static int
below(struct request *rq, const char *s, int core,
    void (*fn)(struct request *, const char *, const char *))
{
	char group[128] = "", version[64] = "";
	size_t n = strcspn(s, "/");

	if (!core) {
		snprintf(group, sizeof group, "%.*s", (int)n, s);
		s += n + (s[n] == '/');
		n = strcspn(s, "/");
	}
	snprintf(version, sizeof version, "%.*s", (int)n, s);
	if ((!core && group[0] == '\0') || (s[n] != '\0' && s[n + 1] != '\0'))
		return 0;
	if (find_version(group, version[0] ? version : NULL) == NULL)
		return 0;
	if (version[0] != '\0')
		fn(rq, group, version);
	else if (fn == resource_list && !core) {
		cJSON *v = group_object(find_version(group, NULL));

		json_set_str(v, "kind", "APIGroup");
		json_set_str(v, "apiVersion", "v1");
		answer(rq, v);
	} else
		return 0;
	return 1;
}

/* Exact paths first, then what is below a group. */
int
discovery(struct request *rq)
{
	const char *s = httpd_path(rq->http);
	size_t n = strlen(s);

	if (n > 1 && s[n - 1] == '/')
		n--;
	if (n == 8 && strncmp(s, "/version", n) == 0)
		version_info(rq);
	else if (n == 4 && strncmp(s, "/api", n) == 0)
		wants_aggregated(rq) ? aggregated(rq, 1) : api_versions(rq);
	else if (n == 5 && strncmp(s, "/apis", n) == 0)
		wants_aggregated(rq) ? aggregated(rq, 0) : group_list(rq);
	else if (n == 11 && strncmp(s, "/openapi/v3", n) == 0)
		openapi_root(rq);
	else if (n == 11 && strncmp(s, "/openapi/v2", n) == 0)
		openapi_v2(rq);
	else if (strncmp(s, "/openapi/v3/apis/", 17) == 0)
		return below(rq, s + 17, 0, openapi_version);
	else if (strncmp(s, "/openapi/v3/api/", 16) == 0)
		return below(rq, s + 16, 1, openapi_version);
	else if (strncmp(s, "/apis/", 6) == 0)
		return below(rq, s + 6, 0, resource_list);
	else if (strncmp(s, "/api/", 5) == 0)
		return below(rq, s + 5, 1, resource_list);
	else
		return 0;
	return 1;
}
