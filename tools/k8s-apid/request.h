/*
 * One request on its way through the rooms, the server behind it, and the
 * ways to answer.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include "k8s-apid/auth.h"
#include "k8s-apid/path.h"
#include "k8s-apid/status.h"
#include "k8s-apid/store.h"
#include "k8s-apid/types.h"
#include "lib/http.h"
#include "lib/httpd.h"
#include "lib/loop.h"

struct quotas;
struct service_ips;

struct apid {
	struct loop *loop;
	struct store *store;
	struct auth *auth;
	struct service_ips *ips;
	struct quotas *quotas;
	struct http *kubelet;      /* client for nodes */
	const char *kubelet_token; /* or NULL */
	char address[64];          /* a listener's, for the Endpoints */
	int port;
	unsigned admission_off; /* of enum admission */
};

struct request {
	struct apid *a;
	struct httpd_req *http;
	const char *method;
	struct path path;
	const struct type *type;      /* NULL for what is no resource */
	const struct auth_user *user; /* NULL without a token */
};

/* What an Accept header asks for; the best of what is served. */
enum accept {
	ACCEPT_JSON,
	ACCEPT_TABLE,    /* as=Table */
	ACCEPT_METADATA, /* as=PartialObjectMetadata(List) */
	ACCEPT_NONE      /* 406 */
};
enum accept request_accept(const struct request *rq);

/* Where a request's object is stored: the key into out.  0 or -1 (400). */
int request_key(
    const struct request *rq, char *out, size_t size, struct status *st);

/* The object that the path names, borrowed; NULL with 404 in st. */
struct object *request_object(const struct request *rq, struct status *st);

/* The query parameter as boolean ("true", "1", "": 1). */
int request_flag(const struct request *rq, const char *name);

/*
 * Reads the body as JSON or YAML into *v (the caller's).  -1: 415 for other
 * media types, 400 for what cannot be read; an empty body is NULL with 0
 * when optional.
 */
int request_body(
    const struct request *rq, int optional, cJSON **v, struct status *st);

/* Answers; each ends the request. */
void
respond_text(struct request *rq, int code, const char *type, const char *text);
void respond_json(struct request *rq, int code, const cJSON *v);
void respond_status(struct request *rq, const struct status *st);

/* An object, in the form that Accept asks for. */
void respond_object(struct request *rq, int code, struct object *o);

/* As respond_object for a value that is not stored (dry run, views). */
void respond_value(struct request *rq, int code, const cJSON *v);

#endif
