/*
 * The request of a check, with what its group has captured put in place.
 */
#ifndef HTTP_PROBE_REQUEST_H
#define HTTP_PROBE_REQUEST_H

#include "http-probe/check.h"
#include "http-probe/vars.h"
#include "lib/buf.h"
#include "lib/fault.h"

/* Zero-initialise; release it in every case. */
struct request {
	struct buf url, body;
	struct buf *headers;
	const char **lines; /* the headers as http.h wants them */
	size_t n;           /* of headers */
};

/*
 * Fills p for check c behind base (unused when its path is a whole URL, NULL
 * when there is none).  More than 0 when a variable was not captured, so that
 * it must not be sent; or -1.
 */
int request_make(struct request *p, const struct check *c, const char *base,
    const struct vars *vars, struct fault *f);

/* Its URL for records, without name and password; to be freed, or NULL. */
char *request_shown(const struct request *p);

void request_release(struct request *p);

#endif
