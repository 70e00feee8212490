/*
 * The way to a node: see kubelet.h.
 */
#include "k8s-apid/kubelet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 5000.0
#define ERROR_MAX 4096 /* bytes of a kubelet's complaint that are passed on */

struct proxy {
	struct apid *a;
	struct request rq; /* only for answering */
	struct http_call *call;
	int streaming;
	struct buf error; /* body of an answer that is none of 2xx */
};

static void
proxy_free(void *arg)
{
	struct proxy *p = arg;

	if (p->call != NULL)
		http_cancel(p->a->kubelet, p->call);
	buf_release(&p->error);
	free(p);
}

/* The first bytes open the stream: until then an error can still be told. */
static int
on_data(void *arg, int status, const char *s, size_t n)
{
	struct proxy *p = arg;

	if (status < 200 || status > 299) {
		buf_add(&p->error, s, n); /* past the limit: dropped */
		return 0;
	}
	if (!p->streaming) {
		p->streaming = 1;
		if (httpd_stream(p->rq.http, 200, "text/plain", NULL, NULL) !=
		    0)
			return -1;
	}
	return httpd_write(p->rq.http, s, n);
}

/*
 * The kubelet's complaint ("container is waiting to start") is what the user
 * needs to see.
 */
static void
refuse(struct proxy *p, const struct http_result *r)
{
	struct status st = { 0 };

	if (r->status == 0)
		status_set(&st, 500, "InternalError",
		    "Internal error occurred: the node does not answer: %s",
		    r->error != NULL ? r->error : "connection closed");
	else if (r->status == 400)
		status_set(&st, 400, "BadRequest", "%s", buf_str(&p->error));
	else if (r->status == 404)
		status_set(&st, 404, "NotFound",
		    "the server could not find the requested resource (%s)",
		    buf_str(&p->error));
	else
		status_set(&st, 500, "InternalError",
		    "an error on the server (\"%s\") has prevented the "
		    "request from succeeding",
		    buf_str(&p->error));
	respond_status(&p->rq, &st);
	status_release(&st);
}

static void
on_done(void *arg, const struct http_result *r)
{
	struct proxy *p = arg;

	p->call = NULL;
	if (p->streaming)
		httpd_end(p->rq.http);
	else if (r->status >= 200 && r->status <= 299 && r->error == NULL)
		httpd_answer(p->rq.http, r->status, "text/plain", NULL, 0);
	else
		refuse(p, r);
}

int
kubelet_url(struct apid *a, const char *name, struct buf *b, struct status *st)
{
	const struct type *t = type_named("", "nodes");
	struct object *o = store_get(a->store, type_index(t), name);
	const cJSON *v, *addr;
	const char *ip = NULL, *kind;
	double port;

	if (o == NULL)
		return status_not_found(st, t, name);
	v = json_at(object_value(o), "status", NULL);
	cJSON_ArrayForEach(addr, json_at(v, "addresses", NULL)) {
		kind = json_str(addr, "type", NULL);
		if (kind != NULL && strcmp(kind, "InternalIP") == 0)
			ip = json_str(addr, "address", NULL);
	}
	port = json_num(json_at(v, "daemonEndpoints", "kubeletEndpoint", NULL),
	    "Port", 10250);
	if (ip == NULL)
		return status_set(st, 500, "InternalError",
		    "Internal error occurred: node %s has no InternalIP", name);
	buf_addf(b, strchr(ip, ':') ? "https://[%s]:%.0f" : "https://%s:%.0f",
	    ip, port);
	return 0;
}

/* The call ends with the client's connection, and the other way round. */
static void
start(struct request *rq, const char *url)
{
	struct proxy *p = calloc(1, sizeof *p);
	struct status st = { 0 };
	struct fault f;
	struct http_request hr = {
		.url = url,
		.connect_timeout_ms = CONNECT_MS,
		.userpwd_bearer = rq->a->kubelet_token,
		.on_data = on_data,
		.done = on_done,
		.arg = p,
	};

	if (p == NULL || rq->a->kubelet == NULL) {
		free(p);
		status_set(&st, 500, "InternalError",
		    "Internal error occurred: no connection to nodes "
		    "(--kubelet-ca)");
		respond_status(rq, &st);
		return;
	}
	p->a = rq->a;
	p->rq = *rq;
	p->rq.user = NULL; /* gone when the answer comes */
	buf_init(&p->error, ERROR_MAX);
	httpd_set(rq->http, p, proxy_free);
	p->call = http_start(rq->a->kubelet, &hr, &f);
	if (p->call != NULL)
		return;
	status_fault(&st, &f);
	respond_status(rq, &st);
}

/* ---- logs ---- */

static int
has_container(const cJSON *spec, const char *name)
{
	static const char *const lists[] = { "containers", "initContainers",
		"ephemeralContainers" };
	size_t i;

	for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (json_find(json_at(spec, lists[i], NULL), "name", name))
			return 1;
	return 0;
}

/* The container to read from, borrowed; NULL with a 400 in st. */
static const char *
choose_container(struct request *rq, const cJSON *pod, struct status *st)
{
	const char *name = httpd_query(rq->http, "container");
	const cJSON *spec = json_at(pod, "spec", NULL), *c;
	const cJSON *list = json_at(spec, "containers", NULL);
	struct buf b;

	if (name != NULL && name[0] != '\0') {
		if (has_container(spec, name))
			return name;
		status_bad_request(st, "container %s is not valid for pod %s",
		    name, rq->path.name);
		return NULL;
	}
	if (cJSON_GetArraySize(list) == 1)
		return json_str(list->child, "name", NULL);
	buf_init(&b, 1024);
	cJSON_ArrayForEach(c, list)
		buf_addf(&b, "%s%s", b.len > 0 ? " " : "",
		    json_str(c, "name", NULL));
	status_bad_request(st,
	    "a container name must be specified for pod %s, choose one of: "
	    "[%s]",
	    rq->path.name, buf_str(&b));
	buf_release(&b);
	return NULL;
}

/* Only what the kubelet knows is passed on. */
static void
add_query(struct request *rq, struct buf *b)
{
	static const char *const passed[] = { "follow", "tailLines",
		"timestamps", "previous", "sinceSeconds", "sinceTime",
		"limitBytes" };
	const char *s;
	char sep = '?';
	size_t i;

	for (i = 0; i < sizeof passed / sizeof passed[0]; i++) {
		s = httpd_query(rq->http, passed[i]);
		if (s == NULL)
			continue;
		buf_addf(b, "%c%s=", sep, passed[i]);
		http_escape(b, s, strlen(s), 0);
		sep = '&';
	}
}

/* A pod without a node has said nothing yet. */
void
kubelet_log(struct request *rq)
{
	struct status st = { 0 };
	struct object *o = request_object(rq, &st);
	const char *container = NULL, *node;
	struct buf b;

	buf_init(&b, 8192);
	if (o != NULL)
		container = choose_container(rq, object_value(o), &st);
	if (container == NULL)
		goto fail;
	node = json_str(object_value(o), "spec", "nodeName", NULL);
	if (node == NULL || node[0] == '\0') {
		respond_text(rq, 200, "text/plain", "");
		goto out;
	}
	if (kubelet_url(rq->a, node, &b, &st) != 0)
		goto fail;
	buf_addf(&b, "/containerLogs/%s/%s/%s", rq->path.ns, rq->path.name,
	    container);
	add_query(rq, &b);
	if (b.failed) {
		status_nomem(&st);
		goto fail;
	}
	start(rq, b.data);
	goto out;
fail:
	respond_status(rq, &st);
out:
	buf_release(&b);
	status_release(&st);
}

/* The query goes on as it came; the path is escaped again. */
void
kubelet_proxy(struct request *rq)
{
	struct status st = { 0 };
	const char *query = strchr(httpd_target(rq->http), '?');
	struct buf b;

	buf_init(&b, 8192);
	if (kubelet_url(rq->a, rq->path.name, &b, &st) == 0) {
		buf_addc(&b, '/');
		http_escape(&b, rq->path.rest, strlen(rq->path.rest), 1);
		buf_adds(&b, query != NULL ? query : "");
		if (!b.failed)
			start(rq, b.data);
		else
			status_bad_request(&st, "path too long");
	}
	if (st.code != 0)
		respond_status(rq, &st);
	buf_release(&b);
	status_release(&st);
}
