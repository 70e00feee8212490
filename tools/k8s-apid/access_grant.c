/*
 * Grants: see access_grant.h.  The rules are those of kubernetes'
 * pkg/registry/rbac (policybased storages, validation's Covers and
 * CompactRules): a rule is taken apart into single permissions, and each must
 * be in one rule that the author holds.
 */
#include "k8s-apid/access_grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/rbac.h"

#define GROUP "rbac.authorization.k8s.io"
#define LACKS_MAX 256         /* lines of a refusal */
#define TEXT_MAX 1024         /* bytes of one of them */
#define VERBS_MAX 512         /* bytes of its verbs */
#define PERMISSIONS_MAX 65536 /* that one role may name */

/* Permissions that are missing, but for their verb: one line of the 403. */
struct lack {
	char what[TEXT_MAX]; /* APIGroups:[""], Resources:["pods"] */
	char verbs[VERBS_MAX];
};

struct grant {
	struct store *s;
	const struct auth_user *u;
	const char *ns;      /* "" at the scope of the cluster */
	struct rbac_ask one; /* the permission looked at */
	int held;
	struct lack *lacks;
	size_t n, permissions;
	int refused, missing_role;
};

/* ---- holding ---- */

static int
holds(void *arg, const cJSON *rule, const struct rbac_source *from)
{
	struct grant *g = arg;

	(void)from;
	g->held = rule != NULL && rbac_rule_allows(rule, &g->one);
	return g->held;
}

/* ---- what is missing ---- */

static struct lack *
lack_of(struct grant *g, const char *what)
{
	struct lack *more;
	size_t i;

	for (i = 0; i < g->n; i++)
		if (strcmp(g->lacks[i].what, what) == 0)
			return &g->lacks[i];
	if (g->n == LACKS_MAX)
		return NULL;
	more = reallocarray(g->lacks, g->n + 1, sizeof *more);
	if (more == NULL)
		return NULL;
	g->lacks = more;
	more += g->n++;
	snprintf(more->what, sizeof more->what, "%s", what);
	more->verbs[0] = '\0';
	return more;
}

/*
 * Written as Go prints quoted strings and lists of them.  What finds no room
 * is refused all the same.
 */
static void
note_lack(struct grant *g)
{
	const struct rbac_ask *a = &g->one;
	char what[TEXT_MAX], verb[64];
	struct lack *l;
	size_t n;

	g->refused = 1;
	if (a->resource[0] == '\0')
		snprintf(
		    what, sizeof what, "NonResourceURLs:[\"%s\"]", a->path);
	else if (a->name[0] != '\0')
		snprintf(what, sizeof what,
		    "APIGroups:[\"%s\"], Resources:[\"%s\"], "
		    "ResourceNames:[\"%s\"]",
		    a->group, a->resource, a->name);
	else
		snprintf(what, sizeof what,
		    "APIGroups:[\"%s\"], Resources:[\"%s\"]", a->group,
		    a->resource);
	l = lack_of(g, what);
	if (l == NULL)
		return;
	snprintf(verb, sizeof verb, "\"%.60s\"", a->verb);
	if (strstr(l->verbs, verb) != NULL)
		return;
	n = strlen(l->verbs);
	snprintf(
	    l->verbs + n, sizeof l->verbs - n, "%s%s", n > 0 ? " " : "", verb);
}

static void
want_one(struct grant *g)
{
	char resource[256];
	const char *whole = g->one.resource, *slash = strchr(whole, '/');

	g->held = 0;
	g->permissions++;
	if (slash != NULL) { /* a rule's "pods/log" is resource and part */
		snprintf(resource, sizeof resource, "%.*s",
		    (int)(slash - whole), whole);
		g->one.resource = resource;
		g->one.sub = slash + 1;
	}
	rbac_visit(g->s, g->u, g->ns, holds, g);
	g->one.resource = whole;
	g->one.sub = "";
	if (!g->held)
		note_lack(g);
}

static const char *
string_of(const cJSON *v)
{
	return cJSON_IsString(v) ? v->valuestring : "";
}

static void
want_resource(struct grant *g, const cJSON *rule)
{
	const cJSON *names = json_at(rule, "resourceNames", NULL), *v;

	if (cJSON_GetArraySize(names) == 0) {
		g->one.name = "";
		want_one(g);
	}
	cJSON_ArrayForEach(v, names) {
		g->one.name = string_of(v);
		want_one(g);
	}
}

/* One verb of a rule; a role of too many permissions is refused. */
static void
want_verb(struct grant *g, const cJSON *rule)
{
	const cJSON *group, *v;

	g->one.resource = "";
	cJSON_ArrayForEach(v, json_at(rule, "nonResourceURLs", NULL)) {
		g->one.path = string_of(v);
		want_one(g);
	}
	cJSON_ArrayForEach(group, json_at(rule, "apiGroups", NULL)) {
		cJSON_ArrayForEach(v, json_at(rule, "resources", NULL)) {
			if (g->permissions > PERMISSIONS_MAX) {
				g->refused = 1;
				return;
			}
			g->one.group = string_of(group);
			g->one.resource = string_of(v);
			want_resource(g, rule);
		}
	}
}

static int
want_rule(void *arg, const cJSON *rule, const struct rbac_source *from)
{
	struct grant *g = arg;
	const cJSON *v;

	(void)from;
	if (rule == NULL) {
		g->missing_role = 1;
		return 1;
	}
	cJSON_ArrayForEach(v, json_at(rule, "verbs", NULL)) {
		g->one = (struct rbac_ask){ string_of(v), "", "", "", g->ns, "",
			"" };
		want_verb(g, rule);
	}
	return 0;
}

/* ---- the refusal ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(
	    ((const struct lack *)a)->what, ((const struct lack *)b)->what);
}

static int
refuse(struct grant *g, const struct type *t, const cJSON *v, struct status *st)
{
	char **group;
	struct buf b;
	size_t i;

	if (g->n > 1)
		qsort(g->lacks, g->n, sizeof *g->lacks, by_text);
	buf_init(&b, 64 << 10);
	buf_addf(&b, "user \"%s\" (groups=[", g->u->name);
	for (group = g->u->groups; group != NULL && *group != NULL; group++)
		buf_addf(
		    &b, "%s\"%s\"", group == g->u->groups ? "" : " ", *group);
	buf_adds(&b, "]) is attempting to grant RBAC permissions not "
		     "currently held:");
	for (i = 0; i < g->n; i++)
		buf_addf(&b, "\n{%s, Verbs:[%s]}", g->lacks[i].what,
		    g->lacks[i].verbs);
	status_forbidden(
	    st, t, json_str(v, "metadata", "name", NULL), buf_str(&b));
	buf_release(&b);
	return -1;
}

/* ---- what is asked ---- */

static int
is_role(const struct type *t)
{
	return strcmp(t->kind, "Role") == 0 ||
	       strcmp(t->kind, "ClusterRole") == 0;
}

static int
is_binding(const struct type *t)
{
	return strcmp(t->kind, "RoleBinding") == 0 ||
	       strcmp(t->kind, "ClusterRoleBinding") == 0;
}

static int
may(const struct grant *g, const char *verb, const char *resource,
    const char *name)
{
	struct rbac_ask a = { verb, GROUP, resource, "", g->ns, name, "" };
	struct rbac_answer out;

	rbac_decide(g->s, g->u, &a, &out);
	return out.allowed;
}

static int
may_bind(const struct grant *g, const cJSON *v)
{
	const char *kind = json_str(v, "roleRef", "kind", NULL);
	const char *name = json_str(v, "roleRef", "name", NULL);
	int in_ns = kind != NULL && strcmp(kind, "Role") == 0;

	return may(g, "bind", in_ns ? "roles" : "clusterroles",
	    name != NULL ? name : "");
}

/* What the garbage collector writes so that an object can go. */
static int
only_for_gc(const cJSON *old, const cJSON *v)
{
	static const char *const parts[] = { "rules", "aggregationRule",
		"roleRef", "subjects" };
	static const char *const meta[] = { "labels", "annotations" };
	const cJSON *a, *b;
	size_t i;

	for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		a = json_at(old, parts[i], NULL);
		b = json_at(v, parts[i], NULL);
		if ((a != NULL || b != NULL) && !json_equal(a, b))
			return 0;
	}
	for (i = 0; i < sizeof meta / sizeof meta[0]; i++) {
		a = json_at(old, "metadata", meta[i], NULL);
		b = json_at(v, "metadata", meta[i], NULL);
		if ((a != NULL || b != NULL) && !json_equal(a, b))
			return 0;
	}
	return 1;
}

static int
role_not_found(const cJSON *v, struct status *st)
{
	const char *kind = json_str(v, "roleRef", "kind", NULL);
	const char *name = json_str(v, "roleRef", "name", NULL);
	int in_ns = kind != NULL && strcmp(kind, "Role") == 0;

	return status_not_found(st,
	    type_named(GROUP, in_ns ? "roles" : "clusterroles"),
	    name != NULL ? name : "");
}

static void
want_role(struct grant *g, const cJSON *v)
{
	const struct rbac_source none = { NULL, NULL };
	const cJSON *rule;

	cJSON_ArrayForEach(rule, json_at(v, "rules", NULL))
		want_rule(g, rule, &none);
}

int
access_grant(struct store *s, const struct auth_user *u, const struct type *t,
    const cJSON *old, const cJSON *v, struct status *st)
{
	const char *ns = json_str(v, "metadata", "namespace", NULL);
	const char *name = json_str(v, "metadata", "name", NULL);
	struct grant g = { .s = s, .u = u, .ns = ns != NULL ? ns : "" };
	int rc = 0;

	if ((!is_role(t) && !is_binding(t)) || u == NULL || rbac_is_master(u))
		return 0;
	if (old != NULL && only_for_gc(old, v))
		return 0;
	if (is_role(t) && !may(&g, "escalate", t->plural, name))
		want_role(&g, v);
	if (is_binding(t) && !may_bind(&g, v))
		rbac_visit_role(s, v, NULL, want_rule, &g);
	if (g.missing_role)
		rc = role_not_found(v, st);
	else if (g.refused)
		rc = refuse(&g, t, v, st);
	free(g.lacks);
	return rc;
}
