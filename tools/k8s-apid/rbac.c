/*
 * Role-based access control: see rbac.h.  The rules are those of
 * k8s.io/kubernetes/pkg/registry/rbac/validation and plugin/pkg/auth/
 * authorizer/rbac: additive, cluster bindings first, no denials.
 */
#include "k8s-apid/rbac.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/path.h"
#include "k8s-apid/types.h"

#define GROUP "rbac.authorization.k8s.io"

static const char *
text(const char *s)
{
	return s != NULL ? s : "";
}

/* ---- one rule ---- */

/* 1 when the list at key holds s or a "*". */
static int
holds(const cJSON *rule, const char *key, const char *s)
{
	const cJSON *v;

	cJSON_ArrayForEach(v, json_at(rule, key, NULL))
		if (cJSON_IsString(v) && (strcmp(v->valuestring, s) == 0 ||
					     strcmp(v->valuestring, "*") == 0))
			return 1;
	return 0;
}

/* "pods/log" is asked for by that name; "*" + "/scale" is of any resource. */
static int
holds_resource(const cJSON *rule, const char *resource, const char *sub)
{
	char both[256];
	const cJSON *v;

	snprintf(both, sizeof both, "%s%s%s", resource, *sub ? "/" : "", sub);
	if (holds(rule, "resources", both))
		return 1;
	if (*sub == '\0')
		return 0;
	cJSON_ArrayForEach(v, json_at(rule, "resources", NULL))
		if (cJSON_IsString(v) &&
		    strncmp(v->valuestring, "*/", 2) == 0 &&
		    strcmp(v->valuestring + 2, sub) == 0)
			return 1;
	return 0;
}

/* No names are all names; a name has no wildcard. */
static int
holds_name(const cJSON *rule, const char *name)
{
	const cJSON *list = json_at(rule, "resourceNames", NULL), *v;

	if (cJSON_GetArraySize(list) == 0)
		return 1;
	cJSON_ArrayForEach(v, list)
		if (cJSON_IsString(v) && strcmp(v->valuestring, name) == 0)
			return 1;
	return 0;
}

/* A "*" at the end stands for whatever follows. */
static int
holds_path(const cJSON *rule, const char *path)
{
	const cJSON *v;
	const char *s;
	size_t n;

	cJSON_ArrayForEach(v, json_at(rule, "nonResourceURLs", NULL)) {
		s = cJSON_IsString(v) ? v->valuestring : "";
		n = strlen(s);
		if (strcmp(s, path) == 0)
			return 1;
		if (n > 0 && s[n - 1] == '*' && strncmp(s, path, n - 1) == 0)
			return 1;
	}
	return 0;
}

int
rbac_rule_allows(const cJSON *rule, const struct rbac_ask *ask)
{
	if (!holds(rule, "verbs", ask->verb))
		return 0;
	if (ask->resource[0] == '\0')
		return holds_path(rule, ask->path);
	return holds(rule, "apiGroups", ask->group) &&
	       holds_resource(rule, ask->resource, ask->sub) &&
	       holds_name(rule, ask->name);
}

/* ---- whose rules ---- */

static int
in_group(const struct auth_user *u, const char *name)
{
	char **g;

	for (g = u->groups; g != NULL && *g != NULL; g++)
		if (strcmp(*g, name) == 0)
			return 1;
	return 0;
}

int
rbac_is_master(const struct auth_user *u)
{
	return in_group(u, "system:masters");
}

/* A service account without a namespace is one of the binding's. */
static int
is_subject(const struct auth_user *u, const cJSON *subject, const char *ns)
{
	const char *kind = text(json_str(subject, "kind", NULL));
	const char *name = text(json_str(subject, "name", NULL));
	const char *own = text(json_str(subject, "namespace", NULL));
	char user[2 * PATH_NAME + 32];

	if (strcmp(kind, "User") == 0)
		return strcmp(u->name, name) == 0;
	if (strcmp(kind, "Group") == 0)
		return in_group(u, name);
	if (strcmp(kind, "ServiceAccount") != 0)
		return 0;
	snprintf(user, sizeof user, "system:serviceaccount:%s:%s",
	    *own ? own : text(ns), name);
	return (*own || text(ns)[0] != '\0') && strcmp(u->name, user) == 0;
}

int
rbac_visit_role(struct store *s, const cJSON *binding, const cJSON *subject,
    rbac_fn *fn, void *arg)
{
	const struct rbac_source from = { binding, subject };
	const char *kind = text(json_str(binding, "roleRef", "kind", NULL));
	const char *name = text(json_str(binding, "roleRef", "name", NULL));
	int in_ns = strcmp(kind, "Role") == 0, rc = 0;
	const cJSON *rule;
	struct object *o;
	char key[2 * PATH_NAME];

	o = store_key(
		in_ns ? json_str(binding, "metadata", "namespace", NULL) : NULL,
		name, key, sizeof key) == 0 ?
		store_get(s,
		    type_index(
			type_named(GROUP, in_ns ? "roles" : "clusterroles")),
		    key) :
		NULL;
	if (o == NULL)
		return fn(arg, NULL, &from);
	cJSON_ArrayForEach(rule, json_at(object_value(o), "rules", NULL)) {
		rc = fn(arg, rule, &from);
		if (rc != 0)
			break;
	}
	return rc;
}

/* The bindings of one kind; ns NULL: those of the cluster. */
static int
visit_bindings(struct store *s, const struct auth_user *u, const char *ns,
    rbac_fn *fn, void *arg)
{
	const struct type *t = type_named(
	    GROUP, ns != NULL ? "rolebindings" : "clusterrolebindings");
	struct object *const *v;
	const cJSON *binding, *subject;
	size_t n = store_list(s, type_index(t), ns, NULL, &v), i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++) {
		binding = object_value(v[i]);
		cJSON_ArrayForEach(subject, json_at(binding, "subjects", NULL))
			if (is_subject(u, subject, ns))
				break;
		if (subject != NULL)
			rc = rbac_visit_role(s, binding, subject, fn, arg);
	}
	return rc;
}

int
rbac_visit(struct store *s, const struct auth_user *u, const char *ns,
    rbac_fn *fn, void *arg)
{
	int rc = visit_bindings(s, u, NULL, fn, arg);

	return rc == 0 && ns[0] != '\0' ? visit_bindings(s, u, ns, fn, arg) :
					  rc;
}

/* ---- the decision ---- */

struct decision {
	const struct rbac_ask *ask;
	struct rbac_answer *out;
};

/* Worded as kube-apiserver does, in SelfSubjectAccessReviews. */
static void
tell_why(struct rbac_answer *out, const struct rbac_source *from)
{
	const cJSON *b = from->binding, *s = from->subject;
	const char *ns = json_str(b, "metadata", "namespace", NULL);
	const char *own = text(json_str(s, "namespace", NULL));
	const char *kind = text(json_str(s, "kind", NULL));
	int account = strcmp(kind, "ServiceAccount") == 0;

	snprintf(out->reason, sizeof out->reason,
	    "RBAC: allowed by %s \"%s%s%s\" of %s \"%s\" to %s \"%s%s%s\"",
	    ns != NULL ? "RoleBinding" : "ClusterRoleBinding",
	    text(json_str(b, "metadata", "name", NULL)), ns != NULL ? "/" : "",
	    text(ns), text(json_str(b, "roleRef", "kind", NULL)),
	    text(json_str(b, "roleRef", "name", NULL)), kind,
	    text(json_str(s, "name", NULL)), account ? "/" : "",
	    !account ? "" :
	    *own     ? own :
		       text(ns));
}

/* A role that does not exist is told: it is what people look for in vain. */
static void
tell_missing(struct rbac_answer *out, const struct rbac_source *from)
{
	int in_ns =
	    strcmp(text(json_str(from->binding, "roleRef", "kind", NULL)),
		"Role") == 0;
	size_t n = strlen(out->reason);

	snprintf(out->reason + n, sizeof out->reason - n,
	    "%s%s.%s \"%s\" not found", n == 0 ? "RBAC: " : ", ",
	    in_ns ? "role" : "clusterrole", GROUP,
	    text(json_str(from->binding, "roleRef", "name", NULL)));
}

static int
decide(void *arg, const cJSON *rule, const struct rbac_source *from)
{
	struct decision *d = arg;

	if (rule == NULL)
		tell_missing(d->out, from);
	else if (rbac_rule_allows(rule, d->ask)) {
		d->out->allowed = 1;
		tell_why(d->out, from);
	}
	return d->out->allowed;
}

void
rbac_decide(struct store *s, const struct auth_user *u,
    const struct rbac_ask *ask, struct rbac_answer *out)
{
	struct decision d = { ask, out };

	out->reason[0] = '\0';
	out->allowed = rbac_is_master(u);
	if (!out->allowed)
		rbac_visit(s, u, ask->ns, decide, &d);
}
