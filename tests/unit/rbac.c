/*
 * Access control of k8s-apid: one rule against one question, then bindings
 * and subjects over a store.
 */
#include "k8s-apid/rbac.h"

#include <stdlib.h>

#include "k8s-apid/types.h"
#include "tap.h"

#define GROUP "rbac.authorization.k8s.io"

static cJSON *
json(const char *text)
{
	return json_parse(text, strlen(text), NULL);
}

/* "VERB GROUP RESOURCE SUB NS NAME PATH", "-" for "". */
static struct rbac_ask
question(const char *text, char *copy, size_t size)
{
	const char *word[7] = { "", "", "", "", "", "", "" };
	char *s, *save = NULL;
	size_t i = 0;

	snprintf(copy, size, "%s", text);
	for (s = strtok_r(copy, " ", &save); s != NULL && i < 7;
	     s = strtok_r(NULL, " ", &save))
		word[i++] = strcmp(s, "-") == 0 ? "" : s;
	return (struct rbac_ask){ word[0], word[1], word[2], word[3], word[4],
		word[5], word[6] };
}

static void
check_rule(const char *rule, const char *text, int want)
{
	cJSON *v = json(rule);
	char copy[256];
	struct rbac_ask a = question(text, copy, sizeof copy);

	tap_ok(rbac_rule_allows(v, &a) == want, "%s: %s%s", rule,
	    want ? "" : "not ", text);
	cJSON_Delete(v);
}

static void
test_rules(void)
{
	static const char pods[] =
	    "{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],"
	    "\"verbs\":[\"get\",\"list\"]}";
	static const char any[] =
	    "{\"apiGroups\":[\"*\"],\"resources\":[\"*\"],\"verbs\":[\"*\"]}";
	static const char scale[] =
	    "{\"apiGroups\":[\"apps\"],\"resources\":[\"*/scale\","
	    "\"deployments\"],\"verbs\":[\"update\"]}";
	static const char named[] =
	    "{\"apiGroups\":[\"\"],\"resources\":[\"secrets\"],"
	    "\"resourceNames\":[\"a\",\"b\"],\"verbs\":[\"*\"]}";
	static const char paths[] =
	    "{\"nonResourceURLs\":[\"/metrics\",\"/logs/*\"],"
	    "\"verbs\":[\"get\"]}";

	check_rule(pods, "get - pods", 1);
	check_rule(pods, "list - pods - ns", 1);
	check_rule(pods, "watch - pods", 0);
	check_rule(pods, "get apps pods", 0);
	check_rule(pods, "get metrics.k8s.io pods", 0);
	check_rule(pods, "get - pods log", 0);
	check_rule(pods, "* - pods", 0);
	check_rule(pods, "get - * ", 0);
	check_rule(any, "get apps deployments scale", 1);
	check_rule(any, "* * *", 1);
	check_rule(any, "get - - - - - /metrics", 0);
	check_rule(scale, "update apps deployments scale", 1);
	check_rule(scale, "update apps statefulsets scale", 1);
	check_rule(scale, "update apps statefulsets", 0);
	check_rule(scale, "update apps statefulsets status", 0);
	check_rule(scale, "update apps deployments status", 0);
	check_rule(named, "get - secrets - ns a", 1);
	check_rule(named, "delete - secrets - ns b", 1);
	check_rule(named, "get - secrets - ns c", 0);
	check_rule(named, "list - secrets - ns", 0);
	check_rule(paths, "get - - - - - /metrics", 1);
	check_rule(paths, "get - - - - - /metrics/a", 0);
	check_rule(paths, "get - - - - - /logs/a/b", 1);
	check_rule(paths, "post - - - - - /logs/a", 0);
	check_rule(paths, "get - pods", 0);
	check_rule("{}", "get - pods", 0);
}

static void
put(struct store *s, const char *plural, const char *key, const char *text)
{
	if (store_put(s, type_index(type_named(GROUP, plural)), key, json(text),
		NULL) == NULL)
		tap_ok(0, "stored: %s", key);
}

static void
fill(struct store *s)
{
	put(s, "clusterroles", "reader",
	    "{\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],"
	    "\"verbs\":[\"get\"]}]}");
	put(s, "roles", "a/writer",
	    "{\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],"
	    "\"verbs\":[\"create\"]}]}");
	put(s, "clusterrolebindings", "readers",
	    "{\"metadata\":{\"name\":\"readers\"},"
	    "\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"reader\"},"
	    "\"subjects\":[{\"kind\":\"User\",\"name\":\"joe\"},"
	    "{\"kind\":\"Group\",\"name\":\"system:serviceaccounts:b\"}]}");
	put(s, "rolebindings", "a/writers",
	    "{\"metadata\":{\"name\":\"writers\",\"namespace\":\"a\"},"
	    "\"roleRef\":{\"kind\":\"Role\",\"name\":\"writer\"},"
	    "\"subjects\":[{\"kind\":\"ServiceAccount\",\"name\":\"sa\"},"
	    "{\"kind\":\"ServiceAccount\",\"name\":\"other\","
	    "\"namespace\":\"b\"}]}");
	put(s, "rolebindings", "a/some-readers",
	    "{\"metadata\":{\"name\":\"some-readers\",\"namespace\":\"a\"},"
	    "\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"reader\"},"
	    "\"subjects\":[{\"kind\":\"User\",\"name\":\"jim\"}]}");
	put(s, "rolebindings", "c/lost",
	    "{\"metadata\":{\"name\":\"lost\",\"namespace\":\"c\"},"
	    "\"roleRef\":{\"kind\":\"Role\",\"name\":\"gone\"},"
	    "\"subjects\":[{\"kind\":\"User\",\"name\":\"joe\"}]}");
}

/* groups: one, or NULL */
static struct rbac_answer
decide(struct store *s, const char *name, const char *group, const char *text)
{
	char *groups[] = { (char *)(size_t)group, NULL };
	struct auth_user u = { .name = (char *)(size_t)name, .groups = groups };
	struct rbac_answer out;
	char copy[256];
	struct rbac_ask a = question(text, copy, sizeof copy);

	rbac_decide(s, &u, &a, &out);
	return out;
}

static void
check(struct store *s, const char *name, const char *group, const char *text,
    int want)
{
	tap_ok(decide(s, name, group, text).allowed == want, "%s (%s): %s%s",
	    name, group != NULL ? group : "", want ? "" : "not ", text);
}

static void
test_bindings(void)
{
	struct store *s = store_new(types_count(), NULL);
	static const char sa[] = "system:serviceaccount:a:sa";

	fill(s);
	check(s, "joe", NULL, "get - pods", 1);
	check(s, "joe", NULL, "get - pods - a x", 1);
	check(s, "joe", NULL, "create - pods - a", 0);
	check(s, "system:serviceaccount:b:x", "system:serviceaccounts:b",
	    "get - pods - z", 1);
	check(s, sa, "system:serviceaccounts:a", "get - pods - a", 0);
	check(s, sa, NULL, "create - pods - a", 1);
	check(s, sa, NULL, "create - pods - b", 0);
	check(s, sa, NULL, "create - pods", 0);
	check(s, "system:serviceaccount:b:other", NULL, "create - pods - a", 1);
	check(s, "system:serviceaccount:a:other", NULL, "create - pods - a", 0);
	check(s, "sa", NULL, "create - pods - a", 0);
	check(s, "jim", NULL, "get - pods - a", 1);
	check(s, "jim", NULL, "get - pods - b", 0);
	check(s, "jim", NULL, "get - pods", 0);
	check(s, "root", "system:masters", "delete apps x y z", 1);
	check(s, "system:masters", NULL, "delete apps x y z", 0);
	tap_str(decide(s, "joe", NULL, "get - pods").reason,
	    "RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole "
	    "\"reader\" to User \"joe\"",
	    "why, for a cluster");
	tap_str(decide(s, sa, NULL, "create - pods - a").reason,
	    "RBAC: allowed by RoleBinding \"writers/a\" of Role \"writer\" to "
	    "ServiceAccount \"sa/a\"",
	    "why, in a namespace");
	tap_str(decide(s, "joe", NULL, "create - pods - c").reason,
	    "RBAC: role." GROUP " \"gone\" not found", "a role that is gone");
	tap_str(decide(s, "joe", NULL, "get - pods - c").reason,
	    "RBAC: allowed by ClusterRoleBinding \"readers\" of ClusterRole "
	    "\"reader\" to User \"joe\"",
	    "what is wrong elsewhere is no matter");
	store_free(s);
}

int
main(void)
{
	test_rules();
	test_bindings();
	return tap_end();
}
