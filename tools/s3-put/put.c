/*
 * Uploading objects: see put.h.  A lane is an upload under way with its
 * object; it asks for the next object when it is done, so that at most as many
 * objects are open as uploads may go on at a time.
 */
#include "s3-put/put.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/digest.h"
#include "lib/record.h"
#include "s3-put/request.h"
#include "tool.h"

#define BACK_OFF_MS 200 /* before the second attempt; doubles */

struct puts;

struct lane {
	struct puts *p;
	struct object object;
	int busy, attempt;
	double start;
};

struct puts {
	const struct put_spec *spec;
	struct objects *objects;
	struct put_result *result;
	struct loop *loop;
	struct http *http;
	struct lane *lanes;
	struct record record;
	size_t busy;
	int status;
	int stop; /* no further objects */
	/* the bucket's own request */
	struct buf location; /* its body */
	char location_sha256[65];
	int bucket_attempt;
};

static void lane_try(void *arg);
static void bucket_try(void *arg);

static void
puts_fail(struct puts *p, const struct fault *f)
{
	p->status = tool_worse(p->status, tool_fault(f));
	p->stop = 1;
	loop_stop(p->loop);
}

static void
later(struct puts *p, int attempt, loop_timer_fn *fn, void *arg)
{
	struct fault f = { 0 };
	/* lanes that failed together do not come back together */
	double spread = 0.5 + (double)((size_t)arg / 64 % 16) / 16;

	if (loop_timer(p->loop, BACK_OFF_MS * (1 << (attempt - 1)) * spread, fn,
		arg, &f) == NULL)
		puts_fail(p, &f);
}

/* Objects that are no good are told and passed over. */
static void
lane_next(struct lane *l)
{
	struct puts *p = l->p;
	struct fault f = { 0 };
	int rc = -1;

	if (l->busy) {
		object_release(&l->object);
		l->busy = 0;
		p->busy--;
	}
	while (!p->stop && rc == -1) {
		rc = objects_next(p->objects, &l->object, &f);
		if (rc == -1) {
			p->result->failed++;
			p->status = tool_worse(p->status, tool_fault(&f));
		}
	}
	if (rc == 1) {
		l->busy = l->attempt = 1;
		p->busy++;
		l->start = clock_ms();
		lane_try(l);
	}
	if (p->busy == 0)
		loop_stop(p->loop);
}

static void
write_record(struct lane *l, const struct http_result *r, const char *why)
{
	struct puts *p = l->p;
	struct record *rec = &p->record;
	char etag[200] = "", *end;
	struct fault f = { 0 };

	record_begin(rec, "put");
	record_str(rec, "bucket", p->spec->bucket);
	record_str(rec, "key", l->object.key);
	record_int(rec, "bytes", (long long)l->object.len);
	if (http_header(r, "etag", etag, sizeof(etag))) {
		end = etag + strlen(etag);
		if (end > etag + 1 && etag[0] == '"' && end[-1] == '"')
			end[-1] = '\0';
		record_str(rec, "etag", *etag == '"' ? etag + 1 : etag);
	}
	record_int(rec, "status", r->status);
	record_int(rec, "attempts", l->attempt);
	record_ms(rec, "ms", clock_ms() - l->start);
	if (why != NULL)
		record_str(rec, "error", why);
	if (record_end(rec, stdout, &f) != 0)
		puts_fail(p, &f);
}

static int
status_of(enum outcome outcome)
{
	return outcome == OUTCOME_REFUSED || outcome == OUTCOME_NEVER ?
		   FAULT_NO :
		   FAULT_UNSURE;
}

/* 1 when a file is no longer as long as it was when it was hashed. */
static int
is_cut(const struct object *o)
{
	struct stat st;

	return o->fd != -1 && fstat(o->fd, &st) == 0 &&
	       (size_t)st.st_size < o->len;
}

static void
lane_done(void *arg, const struct http_result *r)
{
	struct lane *l = arg;
	struct puts *p = l->p;
	char why[600];
	enum outcome outcome = request_outcome(r, why, sizeof(why));

	/* the end of the request is then our own doing */
	if (r->error != NULL && is_cut(&l->object)) {
		outcome = OUTCOME_SPOILT;
		snprintf(why, sizeof(why), "became shorter");
	}
	if (outcome == OUTCOME_AGAIN && l->attempt < PUT_ATTEMPTS) {
		later(p, l->attempt++, lane_try, l);
		return;
	}
	if (outcome == OUTCOME_DONE) {
		p->result->done++;
	} else {
		p->result->failed++;
		tool_warn("%s: %s", l->object.key, why);
		p->status = tool_worse(p->status, status_of(outcome));
		p->stop |=
		    outcome != OUTCOME_REFUSED && outcome != OUTCOME_SPOILT;
	}
	write_record(l, r, outcome == OUTCOME_DONE ? NULL : why);
	lane_next(l);
}

static void
lane_try(void *arg)
{
	struct lane *l = arg;
	const struct object *o = &l->object;
	struct fault f = { 0 };
	struct buf path;
	int rc;

	buf_init(&path, 4096);
	buf_addf(&path, "/%s/%s", l->p->spec->bucket, o->key);
	rc = buf_check(&path, "key", &f);
	if (rc == 0)
		rc = request_start(l->p->spec, l->p->http,
		    &(struct request){ .path = path.data,
			.type = o->type,
			.body = o->body,
			.fd = o->fd,
			.len = o->len,
			.sha256 = o->sha256,
			.md5 = o->md5 },
		    lane_done, l, &f);
	buf_release(&path);
	if (rc != 0)
		puts_fail(l->p, &f);
}

static void
start_lanes(struct puts *p)
{
	size_t i;

	for (i = 0; i < p->spec->concurrency && !p->stop; i++) {
		p->lanes[i].p = p;
		lane_next(&p->lanes[i]);
	}
	if (p->busy == 0)
		loop_stop(p->loop);
}

/* A bucket that is there already is as good as one that was made. */
static void
bucket_done(void *arg, const struct http_result *r)
{
	struct puts *p = arg;
	char why[600], code[100] = "";
	enum outcome outcome = request_outcome(r, why, sizeof(why));

	s3_error_part(r->body, "Code", code, sizeof(code));
	if (outcome == OUTCOME_AGAIN && p->bucket_attempt < PUT_ATTEMPTS) {
		later(p, p->bucket_attempt++, bucket_try, p);
	} else if (outcome == OUTCOME_DONE ||
		   strncmp(code, "BucketAlready", 13) == 0) {
		start_lanes(p);
	} else {
		tool_warn("bucket %s: %s", p->spec->bucket, why);
		p->status = tool_worse(p->status, status_of(outcome));
		loop_stop(p->loop);
	}
}

static void
bucket_try(void *arg)
{
	struct puts *p = arg;
	struct fault f = { 0 };
	char path[100];

	snprintf(path, sizeof(path), "/%s", p->spec->bucket);
	if (request_start(p->spec, p->http,
		&(struct request){ .path = path,
		    .body = buf_str(&p->location),
		    .len = p->location.len,
		    .sha256 = p->location_sha256,
		    .md5 = "" },
		bucket_done, p, &f) != 0)
		puts_fail(p, &f);
}

/* us-east-1 is where a bucket is made that asks for no place. */
static int
set_up(struct puts *p, struct fault *f)
{
	const char *region = p->spec->keys.region;

	buf_init(&p->location, 4096);
	if (strcmp(region, "us-east-1") != 0)
		buf_addf(&p->location,
		    "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com"
		    "/doc/2006-03-01/\"><LocationConstraint>%s"
		    "</LocationConstraint></CreateBucketConfiguration>",
		    region);
	if (buf_check(&p->location, "region", f) != 0 ||
	    digest_sha256_hex(buf_str(&p->location), p->location.len,
		p->location_sha256, f) != 0)
		return -1;
	p->lanes = calloc(p->spec->concurrency, sizeof(*p->lanes));
	if (p->lanes == NULL)
		return fault_nomem(f);
	record_init(&p->record);
	if ((p->loop = loop_new(f)) == NULL ||
	    (p->http = http_new(p->loop, &p->spec->tls, f)) == NULL)
		return -1;
	return 0;
}

int
put_all(const struct put_spec *spec, struct objects *objects,
    struct put_result *result)
{
	struct puts p = { .spec = spec, .objects = objects, .result = result };
	struct fault f = { 0 };
	size_t i;

	if (set_up(&p, &f) != 0) {
		p.status = tool_fault(&f);
		goto out;
	}
	p.bucket_attempt = 1;
	if (spec->make_bucket)
		bucket_try(&p);
	else
		start_lanes(&p);
	if (loop_run(p.loop, &f) != 0)
		p.status = tool_worse(p.status, tool_fault(&f));
	if (p.stop)
		tool_warn("given up, no further objects were begun");
out:
	http_free(p.http);
	for (i = 0; p.lanes != NULL && i < spec->concurrency; i++)
		if (p.lanes[i].busy)
			object_release(&p.lanes[i].object);
	free(p.lanes);
	loop_free(p.loop);
	buf_release(&p.location);
	record_release(&p.record);
	return p.status;
}
