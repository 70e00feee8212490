/*
 * Uploading objects to a bucket, several at a time.
 */
#ifndef S3_PUT_PUT_H
#define S3_PUT_PUT_H

#include <stddef.h>

#include "lib/fault.h"
#include "lib/http.h"
#include "lib/s3.h"
#include "s3-put/objects.h"

#define PUT_ATTEMPTS 5 /* of one object */

struct put_spec {
	const char *endpoint; /* http://HOST[:PORT], no slash behind */
	const char *bucket;
	struct s3_keys keys;
	const char *token;  /* of a session, or NULL */
	int make_bucket;    /* made unless it is there */
	size_t concurrency; /* uploads at a time */
	double timeout_ms;  /* of one attempt */
	struct http_tls tls;
};

struct put_result {
	size_t done, failed;
};

/*
 * Uploads all objects, a put record each on standard output; what fails is
 * told on standard error.  The exit status: 1 when the server refused an
 * object, 2 when one was no good to send, 3 when it could not be told.  No
 * further objects are begun when they would fare no better.
 */
int put_all(const struct put_spec *spec, struct objects *objects,
    struct put_result *result);

#endif
