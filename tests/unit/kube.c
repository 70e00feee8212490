/*
 * The client of the API: retries, credentials, discovery and paths, against a
 * server that fails on demand.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/kube.h"
#include "lib/kube_impl.h"
#include "tap.h"

#include "fake_api.h"

static struct loop *l;
static struct kube *k;
static char token_file[] = "/tmp/kube-token-XXXXXX";

static int calls, fail_times, fail_status;
static const char *fail_extra = "", *want_token;
static char seen[4000]; /* paths asked for */
static int metrics_down;

static const char groups[] =
    "{\"groups\":[{\"name\":\"apps\",\"versions\":[{\"version\":\"v1\"},"
    "{\"version\":\"v1beta1\"}],\"preferredVersion\":{\"version\":\"v1\"}},"
    "{\"name\":\"metrics.k8s.io\",\"versions\":[{\"version\":\"v1beta1\"}],"
    "\"preferredVersion\":{\"version\":\"v1beta1\"}},"
    "{\"name\":\"example.com\",\"versions\":[{\"version\":\"v2\"}],"
    "\"preferredVersion\":{\"version\":\"v2\"}}]}";
static const char core[] =
    "{\"resources\":[{\"name\":\"pods\",\"namespaced\":true,\"kind\":\"Pod\","
    "\"verbs\":[\"get\",\"list\"],\"shortNames\":[\"po\"]},"
    "{\"name\":\"pods/log\",\"namespaced\":true,\"kind\":\"Pod\"},"
    "{\"name\":\"namespaces\",\"namespaced\":false,\"kind\":\"Namespace\","
    "\"verbs\":[\"list\"],\"shortNames\":[\"ns\"]}]}";
static const char apps[] =
    "{\"resources\":[{\"name\":\"deployments\",\"namespaced\":true,"
    "\"kind\":\"Deployment\",\"singularName\":\"deployment\","
    "\"verbs\":[\"list\"],\"shortNames\":[\"deploy\"]}]}";
static const char example[] =
    "{\"resources\":[{\"name\":\"things\",\"namespaced\":true,"
    "\"kind\":\"Thing\",\"shortNames\":[\"deploy\"],"
    "\"verbs\":[\"get\"]},"
    "{\"name\":\"pods\",\"namespaced\":true,\"kind\":\"Pod\","
    "\"verbs\":[\"get\"]}]}";

static void
discover(const struct fake_request *rq)
{
	int fd = rq->fd;

	if (strcmp(rq->path, "/api/v1") == 0)
		fake_reply(fd, 200, "", core);
	else if (strcmp(rq->path, "/apis") == 0)
		fake_reply(fd, 200, "", groups);
	else if (strncmp(rq->path, "/apis/apps/v1", 13) == 0)
		fake_reply(fd, 200, "", apps);
	else if (strcmp(rq->path, "/apis/example.com/v2") == 0)
		fake_reply(fd, 200, "", example);
	else if (strncmp(rq->path, "/apis/metrics", 13) == 0 && metrics_down)
		fake_reply(fd, 403, "", "{\"message\":\"no metrics\"}");
	else if (strncmp(rq->path, "/apis/metrics", 13) == 0)
		fake_reply(fd, 200, "", "{\"resources\":[]}");
	else
		fake_reply(fd, 404, "",
		    "{\"kind\":\"Status\",\"reason\":\"NotFound\","
		    "\"message\":\"it is not here\"}");
}

static void
answer(const struct fake_request *rq)
{
	size_t n = strlen(seen);
	char want[100];

	calls++;
	snprintf(seen + n, sizeof(seen) - n, "%s %s\n", rq->method, rq->path);
	snprintf(want, sizeof(want), "Bearer %s\r",
	    want_token != NULL ? want_token : "");
	if (want_token != NULL && strstr(rq->head, want) == NULL) {
		fake_reply(rq->fd, 401, "", "{\"message\":\"who are you\"}");
		return;
	}
	if (fail_times > 0) {
		fail_times--;
		if (fail_status == 0)
			fake_close(rq->fd);
		else
			fake_reply(rq->fd, fail_status, fail_extra,
			    "{\"message\":\"not now\"}");
		return;
	}
	discover(rq);
}

static int
get(const char *method, const char *path, struct fault *f)
{
	int status = -1;

	calls = 0;
	seen[0] = '\0';
	if (kube_call(k, method, path, NULL, NULL, NULL, &status, f) != 0)
		return -1;
	return status;
}

static void
test_retries(void)
{
	struct fault f = { 0 };
	double from, delay = 0, d;
	int i, good = 1;

	for (i = 0; i < 12; i++) {
		d = kube_backoff(&delay, 100, 5000);
		if (d < 100 || d > 5000)
			good = 0;
	}
	tap_ok(good && delay == 5000, "back-off doubles, within its limits");
	tap_ok(get("GET", "/api/v1", &f) == 200 && calls == 1, "an answer");
	fail_times = 2;
	fail_status = 500;
	from = clock_ms();
	tap_ok(get("POST", "/api/v1", &f) == 200 && calls == 3,
	    "5xx is tried again");
	tap_ok(clock_ms() - from >= 100 + 160, "with growing pauses");
	fail_times = 1;
	fail_status = 429;
	fail_extra = "Retry-After: 1\r\n";
	from = clock_ms();
	tap_ok(get("GET", "/api/v1", &f) == 200 && clock_ms() - from >= 990,
	    "429 waits as long as Retry-After says");
	fail_extra = "";
	fail_times = 1;
	fail_status = 0;
	tap_ok(get("GET", "/api/v1", &f) == 200, "so is a lost connection");
	/* not by libcurl either, when a kept connection is closed under it */
	fail_times = 1;
	fail_status = 0;
	kube_set_patience(k, 2000);
	tap_ok(get("POST", "/api/v1", &f) == -1 && calls == 1,
	    "but not for a POST that may have been carried out");
	fail_times = 1;
	fail_status = 409;
	tap_ok(get("GET", "/api/v1", &f) == 409 && calls == 1,
	    "a clear answer is not");
	kube_set_patience(k, 300);
	fail_times = 100;
	fail_status = 503;
	tap_ok(get("GET", "/api/v1", &f) == 503 && calls >= 2 && calls <= 4,
	    "until patience ends");
	fail_times = 0;
	tap_ok(kube_call(k, "GET", "/nope", NULL, NULL, NULL, NULL, &f) == -1 &&
		   f.code == FAULT_NO,
	    "without a status wanted, 404 is a fault");
	tap_str(f.msg, "/nope: it is not here", "with the server's words");
}

static void
write_token(const char *token)
{
	FILE *f = fopen(token_file, "w");

	if (f == NULL || fprintf(f, "%s\n", token) < 0 || fclose(f) != 0)
		printf("# cannot write %s\n", token_file);
}

static void
test_credentials(void)
{
	struct fault f = { 0 };

	tap_ok(get("GET", "/api/v1", &f) == 200 && strstr(seen, "GET") != NULL,
	    "a token file is used");
	write_token("second");
	want_token = "second";
	tap_ok(get("GET", "/api/v1", &f) == 200 && calls == 2,
	    "401 has it read again");
	want_token = "third";
	tap_ok(get("GET", "/api/v1", &f) == 401 && calls == 2,
	    "401 is tried once more, not for ever");
	want_token = NULL;
}

static void
path_is(const char *api_version, const char *name, const char *want)
{
	struct fault f = { 0 };
	struct kube_kind kind;
	struct buf b;

	buf_init(&b, 1000);
	if (kube_kind_find(k, api_version, name, &kind, &f) == 0)
		kube_path(&b, &kind, "n s", "x");
	else
		buf_adds(&b, f.msg);
	tap_str(buf_str(&b), want, name);
	buf_release(&b);
}

static void
test_name_query(void)
{
	struct buf b;

	buf_init(&b, 1000);
	kube_name_query(&b, "system:x y");
	tap_str(buf_str(&b), "fieldSelector=metadata.name%3Dsystem%3Ax%20y",
	    "a name in a query");
	buf_clear(&b);
	kube_name_query(&b, "a=b,c\\d");
	tap_str(buf_str(&b),
	    "fieldSelector=metadata.name%3Da%5C%3Db%5C%2Cc%5C%5Cd",
	    "what a selector has for its own use");
	buf_release(&b);
}

static int
count_kind(void *arg, const struct kube_kind *kind)
{
	struct buf *b = arg;

	buf_addf(b, "%s%s ", kind->kind, kind->listable ? "" : "-");
	return 0;
}

static void
test_discovery(void)
{
	struct fault f = { 0 };
	struct buf b;

	calls = 0;
	seen[0] = '\0';
	path_is("apps/v1", "Deployment",
	    "/apis/apps/v1/namespaces/n%20s/deployments/x");
	tap_str(seen, "GET /apis/apps/v1\n", "a known version is one request");
	kube_kind_forget(k);
	seen[0] = '\0';
	tap_ok(kube_kind_expect(k, "v1", &f) == 0 &&
		   kube_kind_expect(k, "apps/v1", &f) == 0 &&
		   kube_kind_expect(k, "v1", &f) == 0,
	    "versions are expected");
	path_is("apps/v1", "Deployment",
	    "/apis/apps/v1/namespaces/n%20s/deployments/x");
	path_is("v1", "Pod", "/api/v1/namespaces/n%20s/pods/x");
	tap_ok(calls == 3 && strstr(seen, "GET /api/v1\n") != NULL &&
		   strstr(seen, "GET /apis/apps/v1\n") != NULL,
	    "and asked for once each");
	tap_ok(!kube_shared(k), "HTTP/1.1 shares no connection");
	kube_kind_forget(k);
	path_is("apps/v1", "Deployment",
	    "/apis/apps/v1/namespaces/n%20s/deployments/x");
	kube_kind_forget(k);
	seen[0] = '\0';
	path_is(NULL, "deploy", "/apis/apps/v1/namespaces/n%20s/deployments/x");
	tap_ok(strstr(seen, "GET /apis/apps/v1\n") != NULL &&
		   strstr(seen, "GET /apis\n") == NULL,
	    "usual kinds take a few lists");
	path_is(NULL, "no-such", "no-such: no such kind");
	calls = 0;
	path_is(NULL, "po", "/api/v1/namespaces/n%20s/pods/x");
	path_is(NULL, "NAMESPACES", "/api/v1/namespaces/x");
	path_is(
	    NULL, "Thing", "/apis/example.com/v2/namespaces/n%20s/things/x");
	path_is(NULL, "pods.example.com",
	    "/apis/example.com/v2/namespaces/n%20s/pods/x");
	path_is(NULL, "deployments.v1beta1.apps",
	    "/apis/apps/v1beta1/namespaces/n%20s/deployments/x");
	tap_ok(calls == 0, "discovery is asked once");
	path_is(NULL, "deploymnets",
	    "deploymnets: no such kind; did you mean "
	    "deployments");
	tap_ok(calls > 0, "an unknown name has it asked again");
	path_is("apps/v9", "Deployment", "Deployment: no such kind in apps/v9");
	buf_init(&b, 1000);
	tap_ok(
	    kube_kind_each(k, count_kind, &b, NULL, &f) == 0, "kube_kind_each");
	tap_str(buf_str(&b), "Pod Namespace Deployment Thing- Pod- ",
	    "gives preferred versions");
	buf_clear(&b);
	metrics_down = 1;
	kube_kind_forget(k);
	tap_ok(kube_kind_each(k, count_kind, &b, &b, &f) == 0 &&
		   strstr(buf_str(&b), "metrics.k8s.io/v1beta1: no metrics") !=
		       NULL,
	    "a group that fails hides no other");
	buf_release(&b);
	path_is(NULL, "nodes", "nodes: discovery: no metrics");
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
test_stopped(void)
{
	struct fault f = { 0 };
	double from = clock_ms();

	fail_times = 1000;
	fail_status = 503;
	kube_set_patience(k, 30000);
	loop_timer(l, 100, stop, l, NULL);
	tap_ok(get("GET", "/api/v1", &f) == -1 && clock_ms() - from < 1000,
	    "loop_stop ends a call that is tried again");
	tap_str(f.msg, "interrupted", "and the call says so");
	kube_kind_forget(k);
	tap_ok(kube_kind_each(k, NULL, NULL, NULL, &f) == -1 &&
		   clock_ms() - from < 1000,
	    "discovery too");
	loop_run(l, NULL); /* answers the stop */
	fail_times = 0;
}

static int done_calls;

static void
never(void *arg, const struct kube_answer *a)
{
	(void)arg;
	(void)a;
	done_calls++;
}

static void
on_hopeless(void *arg, const struct kube_answer *a)
{
	int *hopeless = arg;

	*hopeless = 1 + a->hopeless;
}

static void
test_ends(void)
{
	struct kube_request rq = {
		.method = "GET", .path = "/api/v1", .done = never
	};
	struct kube_config c = { .server = (char *)"https://127.0.0.1:1",
		.ns = (char *)"x",
		.ca_data = (char *)"not a certificate" };
	struct kube_call_state *call;
	int hopeless = 0;
	struct kube *other;

	call = kube_start(k, &rq, NULL);
	kube_cancel(k, call);
	kube_start(k, &rq, NULL);
	kube_free(k);
	k = NULL;
	loop_once(l, 20, NULL);
	tap_ok(done_calls == 0, "cancelled calls are silent, also by free");
	c.server = (char *)"https://";
	other = kube_new(l, &c, NULL);
	rq.done = on_hopeless;
	rq.arg = &hopeless;
	if (other != NULL && kube_start(other, &rq, NULL) != NULL)
		while (!hopeless && loop_once(l, 1000, NULL) == 0)
			;
	tap_ok(hopeless == 2, "what cannot get better is marked so");
	kube_free(other);
}

int
main(void)
{
	struct kube_config c = { .ns = (char *)"n", .token_file = token_file };
	struct fault f = { 0 };
	char server[64];
	int fd = mkstemp(token_file);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fd == -1 || http_init(&f) != 0 || (l = loop_new(&f)) == NULL)
		return 1;
	close(fd);
	write_token("first");
	want_token = "first";
	fake_start(l, answer);
	snprintf(server, sizeof(server), "http://127.0.0.1:%d/", fake_port);
	server[strlen(server) - 1] = '\0';
	c.server = server;
	k = kube_new(l, &c, &f);
	if (k == NULL)
		return 1;
	test_retries();
	test_credentials();
	test_name_query();
	test_discovery();
	test_stopped();
	test_ends();
	loop_free(l);
	unlink(token_file);
	return tap_end();
}
