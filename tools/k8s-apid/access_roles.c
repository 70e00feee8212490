/*
 * The roles that every cluster has: see access.h.  The text is upstream's
 * (plugin/pkg/auth/authorizer/rbac/bootstrappolicy) for the kinds that are
 * served here; a role holds all that the smaller one before it does.
 */
#include "k8s-apid/access.h"

#include "k8s-apid/write.h"

#define META(name)                                          \
	"{\"metadata\":{\"name\":\"" name "\",\"labels\":{" \
	"\"kubernetes.io/bootstrapping\":\"rbac-defaults\"}},"
#define RULE(groups, resources, verbs)                          \
	"{\"apiGroups\":[" groups "],\"resources\":[" resources \
	"],\"verbs\":[" verbs "]}"
#define PATHS(paths) "{\"nonResourceURLs\":[" paths "],\"verbs\":[\"get\"]}"
#define ROLE(name, rules) META(name) "\"rules\":[" rules "]}"
#define SUBJECT(group)                                                    \
	"{\"kind\":\"Group\",\"apiGroup\":\"rbac.authorization.k8s.io\"," \
	"\"name\":\"" group "\"}"
#define BINDING(name, subjects)                                    \
	META(name)                                                 \
	"\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\"," \
	"\"kind\":\"ClusterRole\",\"name\":\"" name                \
	"\"},\"subjects\":[" subjects "]}"

#define READ "\"get\",\"list\",\"watch\""
#define WRITE "\"create\",\"delete\",\"deletecollection\",\"patch\",\"update\""

#define APPS                                                      \
	"\"daemonsets\",\"deployments\",\"deployments/scale\","   \
	"\"replicasets\",\"replicasets/scale\",\"statefulsets\"," \
	"\"statefulsets/scale\""
#define CORE                                                  \
	"\"configmaps\",\"persistentvolumeclaims\",\"pods\"," \
	"\"serviceaccounts\",\"services\""

#define VIEW                                                         \
	RULE("\"\"",                                                 \
	    CORE ",\"endpoints\",\"events\",\"limitranges\","        \
		 "\"namespaces\",\"resourcequotas\","                \
		 "\"resourcequotas/status\",\"namespaces/status\","  \
		 "\"persistentvolumeclaims/status\","                \
		 "\"pods/log\",\"pods/status\",\"services/status\"", \
	    READ)                                                    \
	"," RULE("\"apps\"",                                         \
	    APPS ",\"controllerrevisions\",\"daemonsets/status\","   \
		 "\"deployments/status\",\"replicasets/status\","    \
		 "\"statefulsets/status\"",                          \
	    READ) "," RULE("\"batch\"", "\"jobs\",\"jobs/status\"",  \
	    READ) "," RULE("\"metrics.k8s.io\"", "\"pods\"", READ)
#define EDIT                                                                   \
	VIEW "," RULE(                                                         \
	    "\"\"", "\"pods/portforward\",\"secrets\"", READ) "," RULE("\"\"", \
	    CORE ",\"pods/portforward\",\"secrets\"", WRITE) "," RULE("\"\"",  \
	    "\"pods/eviction\",\"serviceaccounts/token\"",                     \
	    "\"create\"") "," RULE("\"\"", "\"serviceaccounts\"",              \
	    "\"impersonate\"") "," RULE("\"apps\"", APPS,                      \
	    WRITE) "," RULE("\"batch\"", "\"jobs\"",                           \
	    WRITE) "," RULE("\"coordination.k8s.io\"", "\"leases\"",           \
	    READ "," WRITE)
#define ADMIN                                          \
	EDIT "," RULE("\"rbac.authorization.k8s.io\"", \
	    "\"rolebindings\",\"roles\"", READ "," WRITE)

static const struct {
	const char *plural, *text;
} objects[] = {
	{ "clusterroles", ROLE("system:public-info-viewer",
			      PATHS("\"/healthz\",\"/livez\",\"/readyz\","
				    "\"/version\",\"/version/\"")) },
	{ "clusterroles", ROLE("system:discovery",
			      PATHS("\"/api\",\"/api/*\",\"/apis\",\"/apis/*\","
				    "\"/healthz\",\"/livez\",\"/openapi\","
				    "\"/openapi/*\",\"/readyz\",\"/version\","
				    "\"/version/\"")) },
	{ "clusterroles",
	    ROLE("system:basic-user",
		RULE("\"authorization.k8s.io\"",
		    "\"selfsubjectaccessreviews\",\"selfsubjectrulesreviews\"",
		    "\"create\"") "," RULE("\"authentication.k8s.io\"",
		    "\"selfsubjectreviews\"", "\"create\"")) },
	{ "clusterroles",
	    ROLE("cluster-admin",
		RULE("\"*\"", "\"*\"", "\"*\"") ",{\"nonResourceURLs\":[\"*\"],"
						"\"verbs\":[\"*\"]}") },
	{ "clusterroles", ROLE("view", VIEW) },
	{ "clusterroles", ROLE("edit", EDIT) },
	{ "clusterroles", ROLE("admin", ADMIN) },
	{ "clusterrolebindings",
	    BINDING("cluster-admin", SUBJECT("system:masters")) },
	{ "clusterrolebindings",
	    BINDING("system:basic-user", SUBJECT("system:authenticated")) },
	{ "clusterrolebindings",
	    BINDING("system:discovery", SUBJECT("system:authenticated")) },
	{ "clusterrolebindings",
	    BINDING("system:public-info-viewer",
		SUBJECT("system:authenticated") "," SUBJECT(
		    "system:unauthenticated")) },
};

int
access_boot(struct apid *a, struct status *st)
{
	size_t i;

	for (i = 0; i < sizeof objects / sizeof objects[0]; i++)
		if (write_own(a,
			type_named(
			    "rbac.authorization.k8s.io", objects[i].plural),
			NULL, objects[i].text, st) != 0)
			return -1;
	return 0;
}
