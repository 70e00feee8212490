/*
 * Requests of the HTTP server and their answers: see httpd.h.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "httpd_impl.h"

/* ---- what was asked ---- */

const char *
httpd_method(const struct httpd_req *rq)
{
	return rq->method;
}

const char *
httpd_path(const struct httpd_req *rq)
{
	return rq->path;
}

const char *
httpd_target(const struct httpd_req *rq)
{
	return rq->target;
}

const char *
httpd_query(const struct httpd_req *rq, const char *name)
{
	const char *v = NULL;

	if (MHD_lookup_connection_value_n(rq->conn, MHD_GET_ARGUMENT_KIND, name,
		strlen(name), &v, NULL) != MHD_YES)
		return NULL;
	return v != NULL ? v : "";
}

struct nth {
	const char *name, *value;
	size_t left;
};

static enum MHD_Result
count(void *arg, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct nth *n = arg;

	if ((kind == MHD_HEADER_KIND ? strcasecmp : strcmp)(key, n->name) !=
		0 ||
	    n->left-- > 0)
		return MHD_YES;
	n->value = value != NULL ? value : "";
	return MHD_NO;
}

const char *
httpd_query_nth(const struct httpd_req *rq, const char *name, size_t i)
{
	struct nth n = { .name = name, .left = i };

	MHD_get_connection_values(rq->conn, MHD_GET_ARGUMENT_KIND, count, &n);
	return n.value;
}

const char *
httpd_header(const struct httpd_req *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->conn, MHD_HEADER_KIND, name);
}

const char *
httpd_header_nth(const struct httpd_req *rq, const char *name, size_t i)
{
	struct nth n = { .name = name, .left = i };

	MHD_get_connection_values(rq->conn, MHD_HEADER_KIND, count, &n);
	return n.value;
}

const struct buf *
httpd_body(const struct httpd_req *rq)
{
	return &rq->body;
}

const char *
httpd_peer(const struct httpd_req *rq)
{
	struct httpd_req *w = (struct httpd_req *)rq;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
	    rq->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info != NULL ? info->client_addr : NULL;
	socklen_t len = sa == NULL ? 0 :
			sa->sa_family == AF_INET6 ?
				     sizeof(struct sockaddr_in6) :
				     sizeof(struct sockaddr_in);
	char host[INET6_ADDRSTRLEN], port[8];

	if (w->peer[0] == '\0' && len > 0 &&
	    getnameinfo(sa, len, host, sizeof host, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(w->peer, sizeof w->peer,
		    sa->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		    port);
	return w->peer;
}

int
httpd_peer_left(const struct httpd_req *rq)
{
	char c;
	ssize_t n = recv(httpd_fd(rq), &c, sizeof c, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}

void
httpd_set(struct httpd_req *rq, void *data, void (*free_fn)(void *))
{
	rq->data = data;
	rq->data_free = free_fn;
}

void *
httpd_get(const struct httpd_req *rq)
{
	return rq->data;
}

/* ---- the answer ---- */

int
httpd_add_header(struct httpd_req *rq, const char *name, const char *value)
{
	size_t i = rq->headers;

	if (i == HTTPD_MAX_HEADERS)
		return -1;
	rq->names[i] = strdup(name);
	rq->values[i] = strdup(value);
	if (rq->names[i] == NULL || rq->values[i] == NULL) {
		free(rq->names[i]);
		free(rq->values[i]);
		return -1;
	}
	rq->headers++;
	return 0;
}

int
httpd_kill(struct httpd_req *rq)
{
	if (rq->response != NULL)
		MHD_destroy_response(rq->response);
	rq->response = NULL;
	rq->state = REQ_DEAD;
	httpd_resume(rq);
	return -1;
}

int
httpd_answer(struct httpd_req *rq, int status, const char *content_type,
    const void *body, size_t len)
{
	if (rq->state != REQ_HANDLED)
		return -1;
	if (httpd_set_answer(rq, status, content_type, body, len) != 0)
		return httpd_kill(rq);
	rq->state = REQ_ANSWERED;
	httpd_resume(rq);
	return 0;
}

int
httpd_stream(struct httpd_req *rq, int status, const char *content_type,
    httpd_fn *gone, void *arg)
{
	if (rq->state != REQ_HANDLED)
		return -1;
	rq->response = MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, HTTPD_BLOCK, httpd_read, rq, NULL);
	if (rq->response == NULL ||
	    MHD_add_response_header(
		rq->response, "Content-Type", content_type) != MHD_YES)
		return httpd_kill(rq);
	rq->status = status;
	rq->gone = gone;
	rq->gone_arg = arg;
	rq->state = REQ_STREAM;
	httpd_watch_peer(rq);
	httpd_resume(rq);
	return 0;
}

int
httpd_write(struct httpd_req *rq, const void *p, size_t n)
{
	if (rq->state != REQ_STREAM)
		return -1;
	if (rq->taken > 0 && rq->pending.len + n >= rq->pending.cap) {
		buf_eat(&rq->pending, rq->taken);
		rq->taken = 0;
	}
	if (buf_add(&rq->pending, p, n) != 0)
		return -1;
	if (rq->queued)
		httpd_resume(rq);
	return 0;
}

void
httpd_end(struct httpd_req *rq)
{
	if (rq->state != REQ_STREAM)
		return;
	rq->state = REQ_ENDING;
	rq->gone = NULL;
	httpd_resume(rq);
}
