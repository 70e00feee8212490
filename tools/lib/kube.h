/*
 * A client of the Kubernetes API: requests with authentication, verified
 * TLS, one pool of connections, retries; and the paths of kinds by
 * discovery.  Everything is asynchronous in a loop; kube_call waits.
 */
#ifndef KUBE_H
#define KUBE_H

#include "buf.h"
#include "fault.h"
#include "http.h"
#include "json.h"
#include "json_items.h"
#include "kube_config.h"
#include "loop.h"

#define KUBE_MAX_BODY (64 << 20) /* bytes of one answer */

struct kube;
struct kube_call_state;

/*
 * A client of c's cluster in l; c is copied.  Without a proxy-url the
 * environment's proxy is used as kubectl does (see kube_proxy.h).  NULL with f
 * filled.
 */
struct kube *
kube_new(struct loop *l, const struct kube_config *c, struct fault *f);
void kube_free(struct kube *k);

/*
 * As kube_config_load and kube_new in one: what tools with --kubeconfig and
 * --context (either may be NULL) begin with, after http_init.
 */
struct kube *kube_open(struct loop *l, const char *kubeconfig,
    const char *context, struct fault *f);

/* The namespace and server of the configuration; borrowed. */
const char *kube_namespace(const struct kube *k);
const char *kube_server(const struct kube *k);

/* 1 when the configuration has the server's certificate not verified
 * (insecure-skip-tls-verify): tools say so, as whoever answers gets a token. */
int kube_insecure(const struct kube *k);

/*
 * 1 when requests under way share one connection (HTTP/2), 0 when each takes
 * one of its own, a TLS handshake each.  Known from the first answer on.
 */
int kube_shared(const struct kube *k);

/*
 * How long requests are tried again after 429 (Retry-After honoured), 5xx
 * and lost connections, from 0.1 s doubling to 5 s; default 30,000 ms.  A POST
 * that may have been carried out is not repeated.
 * An address that refuses from the start is given up after about a second.
 */
void kube_set_patience(struct kube *k, double ms);

/*
 * Requests are tried again until at_ms of clock_ms, and no attempt at one lasts
 * longer: a server that hangs must not hold up who has little time.  For
 * streams only the first holds.  Later calls of either function replace the
 * patience.
 */
void kube_set_deadline(struct kube *k, double at_ms);

struct kube_answer {
	int status; /* HTTP status; 0: no answer */
	const cJSON
	    *body; /* borrowed; NULL when there is none or it is no JSON */
	struct json_items *items; /* of a request with list; borrowed, and
				     NULL unless it is a success */
	const char *reason;       /* a Status's reason ("NotFound"), or "" */
	const char *message; /* for people; never NULL when status is no 2xx */
	double ms;           /* of the last attempt */
	int attempts;
	double retry_after_ms; /* what the server asked to wait, or 0 */
	int unclear;  /* 1: the answer of an earlier attempt was lost, so that
			 this one may tell of what that one did */
	int hopeless; /* 1: no answer, and none to be had by trying again
		       (a certificate, a name, credentials) */
};

/* 1 when the answer is a success (2xx). */
int kube_ok(const struct kube_answer *a);

/*
 * Fills f from an answer that is no success: FAULT_UNSURE for no answer, 401,
 * 429, 5xx and a 403 that is a matter of rights, else FAULT_NO (so for a 403
 * of admission: a quota, a webhook, a limit).  "subject: message".  Returns -1.
 */
int
kube_fault(const struct kube_answer *a, const char *subject, struct fault *f);

typedef void kube_done_fn(void *arg, const struct kube_answer *a);

struct kube_request {
	const char *method;       /* GET, POST, PUT, PATCH, DELETE */
	const char *path;         /* "/api/v1/...?query" */
	const char *content_type; /* NULL: application/json */
	const void *body;         /* copied; or NULL */
	size_t body_len;
	double timeout_ms;  /* per attempt; 0: 30 s */
	double patience_ms; /* 0: the client's, see kube_set_patience */
	int once;           /* 1: not tried again */
	int list;           /* 1: a success's items are left as text */
	kube_done_fn *done;
	void *arg;
};

/* Starts a request (rq may go away): a handle for kube_cancel, or NULL. */
struct kube_call_state *
kube_start(struct kube *k, const struct kube_request *rq, struct fault *f);

/* Ends a request without its callback. */
void kube_cancel(struct kube *k, struct kube_call_state *c);

/*
 * Makes a request and turns the loop until it is answered.  *out (may be
 * NULL) gets the body, the caller's; *status the HTTP status (may be NULL:
 * then anything but 2xx is a fault as kube_fault tells, *out NULL).  -1
 * when there was no answer, or loop_stop was called while it was waited for.
 */
int kube_call(struct kube *k, const char *method, const char *path,
    const char *content_type, const cJSON *body, cJSON **out, int *status,
    struct fault *f);

/*
 * A raw streaming GET (logs): data as it comes, done at its end.  Tried again
 * as other requests while nothing of a body has come; what is lost in its
 * midst is the caller's to ask for again.  Handle as kube_start.
 */
struct kube_call_state *kube_stream(struct kube *k, const char *path,
    http_data_fn *data, http_done_fn *done, void *arg, struct fault *f);

/* A kind as discovery tells it. */
struct kube_kind {
	char group[128]; /* "" for the core group */
	char version[64];
	char kind[128];
	char resource[128]; /* plural: "deployments" */
	char singular[128];
	int namespaced;
	int listable; /* its objects can be listed */
};

/*
 * Finds a kind: name is a kind, plural, singular or short name in any case,
 * with ".group" behind it or not ("deploy", "deployments.apps");
 * api_version ("apps/v1") may be NULL: any.  Discovery is fetched when it
 * is first needed and once more when a name is unknown.  -1: FAULT_INPUT for
 * an unknown kind, with the nearest names that discovery offers;
 * FAULT_UNSURE when it cannot be asked.
 */
int kube_kind_find(struct kube *k, const char *api_version, const char *name,
    struct kube_kind *out, struct fault *f);

/*
 * Asks for the kinds of a version, which kube_kind_find then waits for: many
 * versions are asked for at once.  -1 when the request could not be made.
 */
int kube_kind_expect(struct kube *k, const char *api_version, struct fault *f);

/*
 * Calls fn with each kind in its group's preferred version, core first, until
 * fn returns non-zero, which is returned.  -1 (f filled) when discovery cannot
 * be asked.  What single groups did not tell is appended to missing (may be
 * NULL), "GROUP/VERSION: reason" a line.
 */
int kube_kind_each(struct kube *k,
    int (*fn)(void *arg, const struct kube_kind *kind), void *arg,
    struct buf *missing, struct fault *f);

/* Forgets discovery, for use after a CRD was applied. */
void kube_kind_forget(struct kube *k);

/*
 * Appends the path of a kind's objects: ns NULL is all namespaces (or a
 * cluster-scoped kind), name NULL the collection.  Segments are escaped.
 */
int kube_path(struct buf *b, const struct kube_kind *kind, const char *ns,
    const char *name);

/*
 * Appends the query that selects the one object of that name in a collection:
 * a watch of it tells of its deletion, and may be granted by resourceNames.
 */
int kube_name_query(struct buf *b, const char *name);

/*
 * Appends the path of a pod; with a container, of its log, to which "&OPTION"
 * may be added.  0, or -1 when b has failed.
 */
int kube_pod_path(
    struct buf *b, const char *ns, const char *pod, const char *container);

#endif
