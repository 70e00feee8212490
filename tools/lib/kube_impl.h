/*
 * What the rooms of lib/kube share beyond kube.h; for kube*.c only.
 */
#ifndef KUBE_IMPL_H
#define KUBE_IMPL_H

#include "kube.h"

struct kube_auth;
struct kube_discovery;

/* A client whose certificate was replaced; kept while calls may use it. */
struct old_client {
	struct http *http;
	struct old_client *next;
};

struct kube {
	struct loop *loop;
	struct kube_config c;
	struct kube_auth *auth;
	char *proxy; /* the kubeconfig's or the environment's, or NULL */
	struct http *http;
	unsigned cert_serial; /* of the certificate that http has */
	struct old_client *old;
	struct kube_discovery *discovery;
	struct kube_call_state *calls;
	double patience_ms;
	double deadline_ms; /* of clock_ms, or 0: none */
	int answered; /* a server has spoken: what is lost may come back */
	int shared;   /* its last answer came over HTTP/2 */
};

/* Ends all requests without their callbacks. */
void kube_calls_free(struct kube *k);

/*
 * One turn of the loop for those who wait in here: 0, or -1 also when the loop
 * was stopped, as by a signal's callback: no back-off keeps a tool from ending.
 */
int kube_turn(struct kube *k, double ms, struct fault *f);

/* Follows a change of the client certificate with a new client: 0 or -1. */
int kube_check_client(struct kube *k, struct fault *f);

void kube_discovery_free(struct kube_discovery *d);

/*
 * The next delay of a back-off, in milliseconds: *delay doubles from first to
 * max, and what is returned is up to a fifth more or less (within first and
 * max), so that clients that failed together do not come back together.
 */
double kube_backoff(double *delay, double first, double max);

/* A number from 0 to below 1, good enough to spread clients. */
double kube_spread(void);

/*
 * What a Retry-After header asks for, in milliseconds: seconds, at most a
 * minute (HTTP dates, which Kubernetes does not send, count as none); 0.
 */
double kube_retry_after(const struct http_result *r);

/*
 * A call without an answer in words for people, into out (size bytes, cut):
 * "SERVER: reason; what to do".  r->error must be set.
 */
void kube_words(
    const struct kube *k, const struct http_result *r, char *out, size_t size);

/* The status of a call's answer so far: 0 before its head has come. */
int kube_call_status(const struct kube_call_state *c);

/*
 * As kube_stream, ended when it lasts longer than timeout_ms (0: no limit):
 * for watches, whose server ends them sooner.
 */
struct kube_call_state *
kube_stream_for(struct kube *k, const char *path, double timeout_ms,
    http_data_fn *data, http_done_fn *done, void *arg, struct fault *f);

#endif
