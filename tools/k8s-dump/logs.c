/*
 * The logs of all containers, one after the other, so that a dump reads well;
 * of those that were restarted also the run before.  A kubelet that does not
 * answer is given up after a while.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "lib/clock.h"
#include "lib/kube_log.h"
#include "tool.h"

#define GIVE_UP_MS 10000 /* without a piece of the log */
#define RESUMES 8        /* of a log that is cut, without a line */
#define ONCE_MS 1        /* patience that tries nothing again */

struct reading {
	struct out_log out;
	struct kube_log log;
	struct buf refusal;
	double last_ms;
	int over, lost; /* lost: how often, without a line meanwhile */
	int cut;        /* to be asked for again */
};

static void
on_line(void *arg, const struct timespec *at, const char *text, size_t n)
{
	struct reading *r = arg;

	r->lost = 0;
	out_log_line(&r->out, at, text, n);
}

static int
on_data(void *arg, int status, const char *p, size_t n)
{
	struct reading *r = arg;

	r->last_ms = clock_ms();
	if (status != 200)
		return buf_add(&r->refusal, p, n);
	kube_log_feed(&r->log, p, n);
	return r->out.d->failed ? -1 : 0;
}

/* Notes a container whose log may not be read, once for all its runs. */
static void
withhold(struct dump *d, const char *pod, const char *container)
{
	char name[600];
	size_t n;

	n = (size_t)snprintf(name, sizeof(name), "%s/%s", pod, container);
	if (d->withheld.len >= n &&
	    strcmp(buf_str(&d->withheld) + d->withheld.len - n, name) == 0)
		return;
	buf_addf(&d->withheld, "%s%s", d->withheld.len > 0 ? ", " : "", name);
}

static void
on_end(void *arg, const struct http_result *http)
{
	struct reading *r = arg;
	struct dump *d = r->out.d;
	cJSON *status;
	const char *why;

	r->over = 1;
	if (http->status == 200 && http->error == NULL) {
		kube_log_end(&r->log);
		d->logs++;
		return;
	}
	r->cut = http->status == 200 && r->lost++ < RESUMES && !d->failed;
	if (r->cut)
		return;
	kube_log_end(&r->log);
	/* it was asked often enough: the next ones need not be */
	if (http->status == 0 || http->status >= 500)
		kube_set_patience(d->kube, ONCE_MS);
	status = json_parse(buf_str(&r->refusal), r->refusal.len, NULL);
	why = json_str(status, "message", NULL);
	if (why == NULL)
		why = http->error != NULL ? http->error : "refused";
	/* 400 says that the container has not run: so it is in its status */
	if (http->status == 403) {
		withhold(d, r->out.pod, r->out.container);
	} else if (http->status != 400 && http->status != 404) {
		tool_warn("%s/%s: %s", r->out.pod, r->out.container, why);
		d->status = tool_worse(d->status, FAULT_UNSURE);
	}
	cJSON_Delete(status);
}

static int
log_path(struct buf *path, struct reading *r)
{
	const struct dump *d = r->out.d;
	size_t n;

	kube_pod_path(path, d->ns, r->out.pod, r->out.container);
	buf_adds(path, "&timestamps=true");
	n = path->len;
	kube_log_resume(&r->log, path);
	if (path->len == n && d->tail >= 0)
		buf_addf(path, "&tailLines=%lld", d->tail);
	if (r->out.previous)
		buf_adds(path, "&previous=true");
	return path->failed ? -1 : 0;
}

static int
read_log(struct reading *r, struct fault *f)
{
	struct dump *d = r->out.d;
	struct kube_call_state *call = NULL;
	struct buf path;
	double left;

	buf_init(&path, 8192);
	log_path(&path, r);
	if (buf_check(&path, r->out.pod, f) == 0)
		call =
		    kube_stream(d->kube, buf_str(&path), on_data, on_end, r, f);
	buf_release(&path);
	if (call == NULL)
		return -1;
	r->last_ms = clock_ms();
	while (!r->over) {
		left = r->last_ms + GIVE_UP_MS - clock_ms();
		if (left > 0) {
			if (loop_once(d->loop, left, f) != 0)
				return -1;
			continue;
		}
		kube_cancel(d->kube, call);
		tool_warn("%s/%s: log: no answer within %d s", r->out.pod,
		    r->out.container, GIVE_UP_MS / 1000);
		d->status = tool_worse(d->status, FAULT_UNSURE);
		break;
	}
	return 0;
}

static int
dump_log(struct dump *d, const char *pod, const char *container, int previous,
    struct fault *f)
{
	struct reading r = { .out = { .d = d,
				 .pod = pod,
				 .container = container,
				 .previous = previous } };
	int rc = 0;

	kube_log_init(&r.log, on_line, &r);
	buf_init(&r.refusal, 1 << 16);
	do {
		r.over = r.cut = 0;
		rc = read_log(&r, f);
	} while (rc == 0 && r.cut);
	out_log_close(&r.out);
	kube_log_release(&r.log);
	buf_release(&r.refusal);
	return rc;
}

/* A container's logs by its status: nothing of one that never ran. */
static int
dump_container(
    struct dump *d, const char *pod, const cJSON *status, struct fault *f)
{
	const char *name = json_str(status, "name", NULL);
	int waiting = json_at(status, "state", "waiting", NULL) != NULL;
	int ran = json_at(status, "lastState", "terminated", NULL) != NULL ||
		  json_num(status, "restartCount", 0) > 0;

	if (name == NULL)
		return 0;
	if (ran && dump_log(d, pod, name, 1, f) != 0)
		return -1;
	/* while it waits for a restart, its log is that of the run before */
	if (waiting)
		return 0;
	return dump_log(d, pod, name, 0, f);
}

static int
dump_pods(struct dump *d, struct fault *f)
{
	static const char *const lists[] = { "initContainerStatuses",
		"containerStatuses", "ephemeralContainerStatuses" };
	const cJSON *pod, *c;
	const char *name;
	int i;

	cJSON_ArrayForEach(pod, json_at(d->pods, "items", NULL)) {
		name = json_str(pod, "metadata", "name", NULL);
		for (i = 0; name != NULL && i < 3; i++)
			cJSON_ArrayForEach(
			    c, json_at(pod, "status", lists[i], NULL)) {
				if (d->failed)
					return 0;
				if (dump_container(d, name, c, f) != 0)
					return -1;
			}
	}
	return 0;
}

int
dump_logs(struct dump *d, struct fault *f)
{
	int r;

	buf_init(&d->withheld, 1 << 20);
	r = dump_pods(d, f);
	if (d->withheld.len > 0) {
		tool_warn(
		    "%s: no right to read these logs", buf_str(&d->withheld));
		d->status = tool_worse(d->status, FAULT_UNSURE);
	}
	buf_release(&d->withheld);
	return r;
}
