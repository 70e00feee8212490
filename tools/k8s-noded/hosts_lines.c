/*
 * The lines that a service has in a hosts file: see hosts.h.
 */
#include <string.h>

#include "k8s-noded/hosts.h"

#define DOMAIN "svc.cluster.local"

/* NAME.NS[.svc[.cluster.local]], and NAME alone when near. */
static void
add_names(struct buf *out, const char *ip, const char *host, const char *name,
    const char *ns, int near)
{
	const char *dot = host != NULL ? "." : "";

	if (host == NULL)
		host = "";
	buf_addf(out, "%s\t", ip);
	if (near)
		buf_addf(out, "%s%s%s ", host, dot, name);
	buf_addf(out, "%s%s%s.%s ", host, dot, name, ns);
	buf_addf(out, "%s%s%s.%s.svc ", host, dot, name, ns);
	buf_addf(out, "%s%s%s.%s." DOMAIN "\n", host, dot, name, ns);
}

void
hosts_service(struct buf *out, const cJSON *service, const cJSON *endpoints,
    const char *ns)
{
	const char *name = json_str(service, "metadata", "name", NULL);
	const char *own = json_str(service, "metadata", "namespace", NULL);
	const char *ip = json_str(service, "spec", "clusterIP", NULL);
	const char *host, *address;
	const cJSON *subset, *a;
	int near;

	if (name == NULL || own == NULL)
		return;
	near = strcmp(own, ns) == 0;
	if (ip != NULL && *ip != '\0' && strcmp(ip, "None") != 0) {
		add_names(out, ip, NULL, name, own, near);
		return;
	}
	cJSON_ArrayForEach(subset, json_at(endpoints, "subsets", NULL)) {
		cJSON_ArrayForEach(a, json_at(subset, "addresses", NULL)) {
			address = json_str(a, "ip", NULL);
			host = json_str(a, "hostname", NULL);
			if (address == NULL)
				continue;
			add_names(out, address, NULL, name, own, near);
			if (host != NULL && *host != '\0')
				add_names(out, address, host, name, own, near);
		}
	}
}
