/*
 * S3's Signature Version 4: what is signed of a request and with what.  Pure
 * functions of their arguments, the time included.  Source: AWS General
 * Reference, "Signature Version 4 signing process", and the S3 API reference,
 * "Authenticating Requests" (in S3 a path is escaped once, not twice).
 */
#ifndef S3_H
#define S3_H

#include <stddef.h>
#include <time.h>

#include "buf.h"
#include "fault.h"

#define S3_DATE_SIZE 17 /* 20130524T000000Z and the 0 behind */
#define S3_HEADERS_MAX 100

/* Strings are the caller's. */
struct s3_keys {
	const char *access, *secret;
	const char *region;
};

struct s3_request {
	const char *method;
	const char *path;           /* "/bucket/key", not escaped */
	const char *const *query;   /* "name=value" or "name", not escaped,
				       NULL-ended; or NULL */
	const char *const *headers; /* "Name: value" of all that are signed,
				       Host and X-Amz-Date among them,
				       NULL-ended */
	const char *payload;        /* SHA-256 of the body in hex */
	const char *date;           /* as s3_date gives it */
};

/* A time as 20130524T000000Z into out (S3_DATE_SIZE); returns out. */
char *s3_date(char *out, time_t when);

/*
 * Appends the canonical request to out and the names of its signed headers,
 * "host;x-amz-date", to names.  -1: a header without a colon or too many of
 * them (FAULT_INPUT), or a buffer has failed.
 */
int s3_canonical(const struct s3_request *rq, struct buf *out,
    struct buf *names, struct fault *f);

/*
 * Appends "Authorization: AWS4-HMAC-SHA256 ..." for the request to out.  The
 * secret is not in it.  -1 as s3_canonical.
 */
int s3_authorization(const struct s3_keys *keys, const struct s3_request *rq,
    struct buf *out, struct fault *f);

/*
 * The text of an element such as Code or Message in an S3 error document,
 * copied into out (size bytes, cut): 1, or 0 when there is none.
 */
int s3_error_part(
    const struct buf *body, const char *element, char *out, size_t size);

#endif
