/*
 * Routing: see server.h.  Nothing but health and version is told to those
 * who do not say who they are.
 */
#include "k8s-apid/server.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/access.h"
#include "k8s-apid/discovery.h"
#include "k8s-apid/impersonate.h"
#include "k8s-apid/service_ips.h"
#include "k8s-apid/subresources.h"
#include "k8s-apid/verbs.h"
#include "k8s-apid/write.h"

/* What kube-apiserver's role system:public-info-viewer lets anyone see. */
static int
is_public(const char *path)
{
	static const char *const open[] = { "/healthz", "/livez", "/readyz",
		"/version" };
	size_t i;

	for (i = 0; i < sizeof open / sizeof open[0]; i++)
		if (strncmp(path, open[i], strlen(open[i])) == 0 &&
		    (path[strlen(open[i])] == '\0' ||
			path[strlen(open[i])] == '/'))
			return 1;
	return 0;
}

/* We are ready as soon as we answer: there is no storage to wait for. */
static int
health(struct request *rq)
{
	const char *path = httpd_path(rq->http);

	if (!is_public(path) || strncmp(path, "/version", 8) == 0)
		return 0;
	respond_text(rq, 200, "text/plain; charset=utf-8", "ok");
	return 1;
}

static int
is(const struct request *rq, const char *method)
{
	return strcmp(rq->method, method) == 0;
}

static void
refuse(struct request *rq, int code, const char *reason, const char *why)
{
	struct status st = { 0 };

	status_set(&st, code, reason, "%s", why);
	/* kubectl debug looks into them without a question */
	if (code != 401)
		st.details = cJSON_CreateObject();
	respond_status(rq, &st);
	status_release(&st);
}

/*
 * GET, PUT, PATCH also serve the status subresource, which differs from the
 * object in what a write may change alone.
 */
static int
on_object(struct request *rq)
{
	if (is(rq, "GET"))
		verb_get(rq);
	else if (is(rq, "PUT"))
		verb_update(rq);
	else if (is(rq, "PATCH"))
		verb_patch(rq);
	else if (is(rq, "DELETE") && rq->path.sub[0] == '\0')
		verb_delete(rq);
	else
		return 0;
	return 1;
}

/* Writing needs a namespace, reading goes over all of them without one. */
static int
on_collection(struct request *rq)
{
	int somewhere = !rq->type->namespaced || rq->path.ns[0] != '\0';

	if (is(rq, "GET"))
		request_flag(rq, "watch") ? verb_watch(rq) : verb_list(rq);
	else if (is(rq, "POST") && somewhere)
		verb_create(rq);
	else if (is(rq, "DELETE") && somewhere &&
		 type_deletes_collections(rq->type))
		verb_delete_collection(rq);
	else
		return 0;
	return 1;
}

/* What every other cluster has, and users will try. */
static int
is_missing(const struct request *rq)
{
	const char *sub = rq->path.sub, *plural = rq->type->plural;

	if (rq->type->group[0] != '\0')
		return 0;
	if (strcmp(sub, "proxy") == 0)
		return strcmp(plural, "pods") == 0 ||
		       strcmp(plural, "services") == 0;
	return strcmp(plural, "pods") == 0 &&
	       (strcmp(sub, "exec") == 0 || strcmp(sub, "attach") == 0);
}

/* 1 when the request was answered, 0 when the method is none of its. */
static int
on_resource(struct request *rq)
{
	unsigned sub;

	if (rq->type->how == TYPE_REVIEW) {
		if (!is(rq, "POST") || rq->path.name[0] != '\0')
			return 0;
		review_create(rq);
		return 1;
	}
	if (rq->path.name[0] == '\0')
		return on_collection(rq);
	if (rq->path.sub[0] == '\0')
		return on_object(rq);
	sub = type_sub_bit(rq->path.sub) & rq->type->subs;
	if (sub == 0 && is_missing(rq)) {
		refuse(rq, 501, "NotImplemented",
		    "exec, attach and proxying to pods and services are not "
		    "supported by this API server: logs and port-forward are");
		return 1;
	}
	if (sub == 0 || (rq->path.rest[0] != '\0' && sub != SUB_PROXY)) {
		refuse(rq, 404, "NotFound",
		    "the server could not find the requested resource");
		return 1;
	}
	return sub == SUB_STATUS ? on_object(rq) :
				   subresource(rq, (enum type_sub)sub);
}

/* A resource's path: finds its kind and goes on; 0 when there is none. */
static int
find_resource(struct request *rq)
{
	if (path_parse(httpd_path(rq->http), &rq->path) != 1)
		return 0;
	rq->type =
	    type_find(rq->path.group, rq->path.version, rq->path.resource);
	if (rq->type == NULL ||
	    (!rq->type->namespaced && rq->path.ns[0] != '\0') ||
	    (rq->type->namespaced && rq->path.ns[0] == '\0' &&
		rq->path.name[0] != '\0'))
		return 0;
	return 1;
}

/* 1 when access control lets the request pass; else it is answered. */
static int
may(struct request *rq)
{
	struct status st = { 0 };
	int rc = access_check(rq, &st);

	if (rc != 0)
		respond_status(rq, &st);
	status_release(&st);
	return rc == 0;
}

/* Access comes before what there is. */
static void
serve(struct request *rq)
{
	if (!may(rq) || health(rq) || (is(rq, "GET") && discovery(rq)))
		return;
	if (!find_resource(rq))
		refuse(rq, 404, "NotFound",
		    "the server could not find the requested resource");
	else if (is(rq, "GET") && request_accept(rq) == ACCEPT_NONE &&
		 strcmp(rq->path.sub, "log") != 0 &&
		 strcmp(rq->path.sub, "proxy") != 0 &&
		 strcmp(rq->path.sub, "portforward") != 0)
		refuse(rq, 406, "NotAcceptable",
		    "only the following media types are accepted: "
		    "application/json");
	else if (!on_resource(rq))
		refuse(rq, 405, "MethodNotAllowed",
		    "the server does not allow this method on the requested "
		    "resource");
}

/* The order matters: who one is comes before what one may. */
void
server_handle(void *arg, struct httpd_req *http)
{
	struct request rq = {
		.a = arg,
		.http = http,
		.method = httpd_method(http),
	};
	const char *token = httpd_header(http, "Authorization");
	struct auth_user as = { 0 };
	struct status st = { 0 };

	rq.user = auth_check(rq.a->auth, token);
	if (rq.user == NULL && (token != NULL || !is_public(httpd_path(http))))
		refuse(&rq, 401, "Unauthorized", "Unauthorized");
	else if (rq.user != NULL && impersonate(&rq, &as, &st) != 0)
		respond_status(&rq, &st);
	else
		serve(&rq);
	status_release(&st);
	auth_user_release(&as);
}

/* ---- what every cluster has ---- */

int
server_boot(struct apid *a, struct status *st)
{
	static const char service[] =
	    "{\"metadata\":{\"name\":\"kubernetes\",\"labels\":{"
	    "\"component\":\"apiserver\",\"provider\":\"kubernetes\"}},"
	    "\"spec\":{\"clusterIP\":\"%s\",\"ports\":[{\"name\":\"https\","
	    "\"port\":443,\"targetPort\":%d}]}}";
	static const char endpoints[] =
	    "{\"metadata\":{\"name\":\"kubernetes\",\"labels\":{"
	    "\"endpointslice.kubernetes.io/skip-mirror\":\"true\"}},"
	    "\"subsets\":[{\"addresses\":[{\"ip\":\"%s\"}],\"ports\":[{"
	    "\"name\":\"https\",\"port\":%d,\"protocol\":\"TCP\"}]}]}";
	char ip[64], text[512];

	if (write_own(a, type_named("", "namespaces"), NULL,
		"{\"metadata\":{\"name\":\"default\"}}", st) != 0 ||
	    write_own(a, type_named("", "namespaces"), NULL,
		"{\"metadata\":{\"name\":\"kube-system\"}}", st) != 0)
		return -1;
	service_ips_first(a->ips, ip, sizeof ip);
	snprintf(text, sizeof text, service, ip, a->port);
	if (write_own(a, type_named("", "services"), "default", text, st) != 0)
		return -1;
	snprintf(text, sizeof text, endpoints, a->address, a->port);
	if (write_own(a, type_named("", "endpoints"), "default", text, st) != 0)
		return -1;
	return access_boot(a, st);
}
