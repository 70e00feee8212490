/*
 * One signed request to S3, and what its answer means.
 */
#ifndef S3_PUT_REQUEST_H
#define S3_PUT_REQUEST_H

#include "lib/fault.h"
#include "lib/http.h"
#include "s3-put/put.h"

/* What to send; strings are the caller's. */
struct request {
	const char *path; /* "/bucket" or "/bucket/key", not escaped */
	const char *type; /* content type, or NULL */
	const char *body; /* or NULL: len bytes of fd */
	int fd;
	size_t len;
	const char *sha256; /* of the body */
	const char *md5;    /* base64, or "" */
};

enum outcome {
	OUTCOME_DONE,
	OUTCOME_AGAIN,   /* may work when tried again */
	OUTCOME_REFUSED, /* a clear no, of this object */
	OUTCOME_NEVER,   /* a clear no, of every object */
	OUTCOME_SPOILT,  /* this object changed under our hands */
	OUTCOME_UNSURE,  /* cannot tell; the next one would fare no better */
};

/* Signs a PUT as of now and starts it: 0 or -1. */
int request_start(const struct put_spec *spec, struct http *http,
    const struct request *rq, http_done_fn *done, void *arg, struct fault *f);

/*
 * What an answer means, an error within a 200 included; unless it is
 * OUTCOME_DONE, why (size bytes) says it for people: "403
 * SignatureDoesNotMatch: ...".
 */
enum outcome
request_outcome(const struct http_result *r, char *why, size_t size);

#endif
