/*
 * k8s-apid's paths, names and table of kinds.
 */
#include <stdio.h>

#include "k8s-apid/names.h"
#include "k8s-apid/path.h"
#include "k8s-apid/types.h"
#include "tap.h"

static void
check_path(const char *s, const char *want)
{
	struct path p;
	char got[1024];
	int r = path_parse(s, &p);

	if (r != 1)
		snprintf(got, sizeof got, "%d", r);
	else
		snprintf(got, sizeof got, "%s|%s|%s|%s|%s|%s|%s", p.group,
		    p.version, p.ns, p.resource, p.name, p.sub, p.rest);
	tap_str(got, want, s);
}

static void
test_paths(void)
{
	char big[600];

	check_path("/api/v1/pods", "|v1||pods|||");
	check_path("/api/v1/namespaces", "|v1||namespaces|||");
	check_path("/api/v1/namespaces/a", "|v1||namespaces|a||");
	check_path("/api/v1/namespaces/a/", "|v1||namespaces|a||");
	check_path("/api/v1/namespaces/a/pods", "|v1|a|pods|||");
	check_path(
	    "/api/v1/namespaces/a/finalize", "|v1||namespaces|a|finalize|");
	check_path("/api/v1/namespaces/a/status", "|v1||namespaces|a|status|");
	check_path("/apis/apps/v1/namespaces/a/deployments/b/scale",
	    "apps|v1|a|deployments|b|scale|");
	check_path("/api/v1/nodes/n/proxy/stats/summary",
	    "|v1||nodes|n|proxy|stats/summary");
	check_path("/api/v1", "0");
	check_path("/apis/apps", "0");
	check_path("/apis/apps/v1", "0");
	check_path("/version", "0");
	check_path("", "0");
	snprintf(big, sizeof big, "/api/v1/pods/%0300d", 1);
	check_path(big, "-1");
}

static void
test_types(void)
{
	const struct type *t = type_find("apps", "v1", "deployments");
	char s[128];

	tap_str(t != NULL ? t->kind : NULL, "Deployment", "a kind by path");
	tap_ok(type_find("apps", "v2", "deployments") == NULL,
	    "not of another version");
	tap_str(type_group_kind(t, s, sizeof s), "Deployment.apps",
	    "name in messages");
	tap_str(type_api_version(type_named("", "pods"), s, sizeof s), "v1",
	    "version of the core group");
	tap_ok(type_storage(type_named("events.k8s.io", "events")) ==
		   type_named("", "events"),
	    "events are stored once");
	tap_ok(type_named("metrics.k8s.io", "pods") != type_named("", "pods"),
	    "two groups, one plural");
	tap_ok(type_sub_bit("scale") == SUB_SCALE && type_sub_bit("x") == 0,
	    "subresources by name");
}

static void
test_names(void)
{
	tap_ok(names_label("a-1") == NULL, "label");
	tap_ok(names_label("A") != NULL && names_label("-a") != NULL &&
		   names_label("") != NULL && names_label("a.b") != NULL,
	    "no label");
	tap_str(names_label("a123456789012345678901234567890123456789012345678"
			    "901234567890123"),
	    "must be no more than 63 characters", "label too long");
	tap_ok(names_subdomain("a.b-c.d") == NULL, "subdomain");
	tap_ok(names_subdomain("a..b") != NULL &&
		   names_subdomain("a.-b") != NULL &&
		   names_subdomain("a.") != NULL,
	    "no subdomain");
	tap_ok(names_dns1035("1a") != NULL && names_dns1035("a1") == NULL,
	    "a service begins with a letter");
	tap_ok(names_qualified("a.b/C_d.e") == NULL &&
		   names_qualified("x") == NULL,
	    "label key");
	tap_ok(names_qualified("/x") != NULL && names_qualified("a/b/c") &&
		   names_qualified("A_/x") != NULL &&
		   names_qualified("a b") != NULL,
	    "no label key");
	tap_ok(
	    names_label_value("") == NULL && names_label_value("a b") != NULL,
	    "label value");
	tap_ok(names_segment("system:x") == NULL &&
		   names_segment("a/b") != NULL && names_segment("..") != NULL,
	    "a role's name");
	tap_ok(names_env("_A.b") == NULL && names_env("1A") != NULL &&
		   names_env("a=b") != NULL,
	    "environment");
	tap_ok(names_config_key("a_b.c") == NULL &&
		   names_config_key("..") != NULL &&
		   names_config_key("a/b") != NULL,
	    "key of a ConfigMap");
	tap_ok(names_port("http") == NULL && names_port("80") != NULL &&
		   names_port("a--b") != NULL,
	    "name of a port");
}

int
main(void)
{
	test_paths();
	test_types();
	test_names();
	return tap_end();
}
