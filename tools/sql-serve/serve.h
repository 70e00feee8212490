/*
 * Requests: from a route's parameters over its Redis steps and its statement
 * to an answer and a line in the access log.
 */
#ifndef SERVE_H
#define SERVE_H

#include "lib/httpd.h"
#include "link.h"
#include "pool.h"
#include "routes.h"

struct serve {
	const struct routes *routes;
	struct pool *pool;
	struct link *link; /* NULL: no route has Redis steps */
	const char *root;  /* of static files, or NULL */
	int log_failed;    /* the access log could not be written */
};

/* Their argument is a struct serve. */
httpd_fn serve_request, serve_too_large;

#endif
