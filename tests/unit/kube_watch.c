/*
 * Watches and caches against a server that ends streams, forgets versions and
 * loses connections: what is told is told once, and nothing is missed.
 */
#include "lib/kube_watch.h"
#include "lib/clock.h"
#include "tap.h"

#include "fake_api.h"

static struct loop *l;
static struct kube *k;

/* What the server does next. */
static const char *list_body, *list_page2;
static int list_status = 200, watch_status = 200, page2_status = 200;
static int lists, watches, stream = -1;
static char last_watch[2000], last_list[2000];

/* What was told: "+a1 =a2 -a3 *" as name and version. */
static char told[2000];
static const char *const signs[] = { "+", "=", "-", "*", "!" };

static void
answer(const struct fake_request *rq)
{
	if (strstr(rq->path, "watch=1") != NULL) {
		watches++;
		snprintf(last_watch, sizeof(last_watch), "%s", rq->path);
		if (watch_status != 200) {
			fake_reply(rq->fd, watch_status, "",
			    watch_status == 504 ?
				"{\"message\":\"Too large resource version\"}" :
				"{\"kind\":\"Status\",\"message\":\"no\"}");
			return;
		}
		stream = rq->fd;
		fake_stream(rq->fd);
		return;
	}
	lists++;
	snprintf(last_list, sizeof(last_list), "%s", rq->path);
	if (list_status == 0) {
		fake_close(rq->fd);
		return;
	}
	if (strstr(rq->path, "continue=") != NULL)
		fake_reply(rq->fd, page2_status, "", list_page2);
	else
		fake_reply(rq->fd, list_status, "", list_body);
}

static void
on_event(void *arg, enum kube_event ev, const cJSON *o, double at_ms)
{
	const char *name = json_str(o, "metadata", "name", NULL);
	const char *version = json_str(o, "metadata", "resourceVersion", NULL);
	size_t n = strlen(told);

	(void)arg;
	(void)at_ms;
	snprintf(told + n, sizeof(told) - n, "%s%s%s ", signs[ev],
	    name != NULL ? name : "", version != NULL ? version : "");
}

static void
on_change(void *arg, enum kube_event ev, const cJSON *o, const cJSON *before)
{
	const char *was = json_str(before, "metadata", "resourceVersion", NULL);
	size_t n;

	on_event(arg, ev, o, 0);
	n = strlen(told);
	if (was != NULL)
		snprintf(told + n, sizeof(told) - n, "(%s) ", was);
}

/* Turns the loop until told is want, or for at most 5 s. */
static int
until(const char *want, const char *what)
{
	double end = clock_ms() + 5000;
	int same;

	while (strcmp(told, want) != 0 && clock_ms() < end)
		loop_once(l, 50, NULL);
	for (end = clock_ms() + 30; clock_ms() < end;)
		loop_once(l, 10, NULL); /* nothing more may come */
	same = tap_str(told, want, what);
	told[0] = '\0';
	return same;
}

static void
turn_until_watches(int n)
{
	double end = clock_ms() + 5000;

	while (watches < n && clock_ms() < end)
		loop_once(l, 50, NULL);
}

#define ITEM(name, uid, version)                                    \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"n\"," \
	"\"uid\":\"" uid "\",\"resourceVersion\":\"" version "\"}}"
#define LIST(version, items)                                        \
	"{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":" \
	"{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define EVENT(type, object) "{\"type\":\"" type "\",\"object\":" object "}\n"
#define EXPIRED                                                         \
	EVENT("ERROR", "{\"kind\":\"Status\",\"code\":410,\"message\":" \
		       "\"too old\"}")

static void
test_watch(void)
{
	struct kube_watch *w;
	int before;

	list_body = LIST("10", ITEM("a", "u1", "1") "," ITEM("b", "u2", "2"));
	w = kube_watch_new(
	    k, "/api/v1/pods", "labelSelector=x%3Dy", on_event, NULL, NULL);
	until("+a1 +b2 * ", "the list, then that it is complete");
	turn_until_watches(1);
	tap_ok(strstr(last_watch, "resourceVersion=10") != NULL &&
		   strstr(last_watch, "allowWatchBookmarks=true") != NULL &&
		   strstr(last_watch, "labelSelector=x%3Dy") != NULL,
	    "the stream begins where the list ended");
	fake_chunk(stream, EVENT("ADDED", ITEM("c", "u3", "11"))
			       EVENT("MODIFIED", ITEM("a", "u1", "12")));
	fake_chunk(stream, "{\"type\":\"DELETED\",\"obj");
	fake_chunk(stream, "ect\":" ITEM("b", "u2", "13") "}\n");
	until("+c11 =a12 -b13 ", "events, also when cut in pieces");
	fake_chunk(stream,
	    EVENT("BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"20\"}}"));
	until("", "a bookmark is not told");
	before = watches;
	fake_close(stream); /* soon after its start: with a back-off */
	turn_until_watches(before + 1);
	tap_ok(lists == 1 && strstr(last_watch, "resourceVersion=20") != NULL,
	    "a lost stream resumes from the bookmark");
	fake_chunk(stream, EVENT("ADDED", ITEM("a", "u1", "12")));
	until("", "what is known is not told again");
	list_body = LIST("30", ITEM("a", "u9", "25") "," ITEM("d", "u4", "26"));
	fake_chunk(stream, EXPIRED);
	until("-a12 +a25 +d26 -c11 ",
	    "after 410 the differences: replaced, new, gone");
	turn_until_watches(before + 2);
	tap_ok(lists == 2 && strstr(last_watch, "resourceVersion=30") != NULL,
	    "and on from the new list");
	tap_ok(kube_watch_trouble(w) == NULL, "all is well");
	kube_watch_free(w);
}

static void
test_trouble(void)
{
	struct kube_watch *w;
	double end = clock_ms() + 3000;

	lists = watches = 0;
	list_status = 0;
	list_body = LIST("1", "");
	w = kube_watch_new(k, "/api/v1/pods", NULL, on_event, NULL, NULL);
	while (kube_watch_trouble(w) == NULL && clock_ms() < end)
		loop_once(l, 20, NULL);
	tap_ok(kube_watch_trouble(w) != NULL, "trouble is told: %s",
	    kube_watch_trouble(w));
	list_status = 200;
	until("* ", "a list that fails is tried again");
	kube_watch_free(w);
	list_status = 403;
	list_body = "{\"kind\":\"Status\",\"message\":\"not yours\"}";
	w = kube_watch_new(k, "/api/v1/pods", NULL, on_event, NULL, NULL);
	until("! ", "403 ends the watch");
	tap_str(kube_watch_trouble(w), "not yours", "and says why");
	kube_watch_free(w);
	list_status = 200;
	list_body = LIST("1", "");
	for (watch_status = 410; watch_status <= 504; watch_status += 94) {
		lists = 0;
		w = kube_watch_new(
		    k, "/api/v1/pods", NULL, on_event, NULL, NULL);
		for (end = clock_ms() + 2000; lists < 2 && clock_ms() < end;)
			loop_once(l, 20, NULL);
		for (end = clock_ms() + 300; clock_ms() < end;)
			loop_once(l, 20, NULL);
		tap_ok(lists == 2, "a stream refused with %d lists again, once",
		    watch_status);
		kube_watch_free(w);
	}
	watch_status = 200;
	told[0] = '\0';
}

static void
test_pages(void)
{
	struct kube_cache *c;
	const cJSON *o;

	watches = 0;
	list_body = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\","
		    "\"metadata\":{\"resourceVersion\":\"5\",\"continue\":"
		    "\"x/y\"},\"items\":[" ITEM("a", "u1", "1") "]}";
	list_page2 = LIST("5", ITEM("b", "u2", "2"));
	c = kube_cache_new(k, "/api/v1/pods", NULL, on_change, NULL, NULL);
	tap_ok(!kube_cache_synced(c), "a cache begins empty");
	until("+a1 +b2 * ", "a list in pages");
	tap_ok(strstr(last_list, "continue=x%2Fy") != NULL,
	    "the second one asked for");
	tap_ok(kube_cache_synced(c), "then it is synced");
	o = kube_cache_get(c, "n", "a");
	tap_str(json_str(o, "kind", NULL), "Pod", "items get their kind");
	turn_until_watches(1);
	fake_chunk(stream, EVENT("MODIFIED", ITEM("a", "u1", "7")));
	until("=a7 (1) ", "a change is told with what was before");
	o = kube_cache_get(c, "n", "a");
	tap_str(json_str(o, "metadata", "resourceVersion", NULL), "7",
	    "the cache has the new one");
	list_body = LIST("9", ITEM("a", "u1", "7"));
	fake_chunk(stream, EXPIRED);
	until("-b2 (2) ", "after a relist the last state of what is gone");
	tap_ok(kube_cache_get(c, "n", "b") == NULL &&
		   kube_cache_get(c, "", "a") == NULL,
	    "and the cache has forgotten it");
	kube_cache_free(c);
}

/*
 * A list whose continue token has expired is begun anew, without one and
 * without a version, which asks for the newest state.
 */
static void
test_expired_list(void)
{
	double end = clock_ms() + 5000;
	struct kube_watch *w;

	lists = watches = 0;
	list_body = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\","
		    "\"metadata\":{\"resourceVersion\":\"5\",\"continue\":"
		    "\"old\"},\"items\":[" ITEM("a", "u1", "1") "]}";
	page2_status = 410;
	list_page2 = "{\"kind\":\"Status\",\"code\":410,\"message\":"
		     "\"the continue token has expired\"}";
	w = kube_watch_new(k, "/api/v1/pods", NULL, on_event, NULL, NULL);
	while (kube_watch_trouble(w) == NULL && clock_ms() < end)
		loop_once(l, 20, NULL);
	tap_str(kube_watch_trouble(w), "the continue token has expired",
	    "an expired list is told");
	list_body = LIST("9", ITEM("b", "u2", "8"));
	page2_status = 200;
	until("+a1 +b8 -a1 * ", "and begun anew");
	tap_ok(strstr(last_list, "continue=") == NULL &&
		   strstr(last_list, "resourceVersion=") == NULL,
	    "without token and version");
	kube_watch_free(w);
}

/*
 * 429 and 500 leave the version alone: no list, a pause of 0.8 s, of which this
 * clock may miss the beginning.
 */
static void
test_back_off(void)
{
	struct kube_watch *w;
	double from;
	int status;

	for (status = 429; status <= 500; status += 71) {
		lists = watches = 0;
		list_body = LIST("7", "");
		watch_status = status;
		w = kube_watch_new(
		    k, "/api/v1/pods", NULL, on_event, NULL, NULL);
		until("* ", "listed");
		turn_until_watches(1);
		from = clock_ms();
		watch_status = 200;
		turn_until_watches(2);
		tap_ok(clock_ms() - from >= 500,
		    "after %d the stream is asked for again, later", status);
		tap_ok(lists == 1 &&
			   strstr(last_watch, "resourceVersion=7") != NULL,
		    "from the same version");
		kube_watch_free(w);
	}
}

static struct kube_watch *self;

static void
free_self(void *arg, enum kube_event ev, const cJSON *o, double at_ms)
{
	on_event(arg, ev, o, at_ms);
	kube_watch_free(self);
	self = NULL;
}

/* Waits for another answer while events of its own stream arrive. */
static void
wait_inside(void *arg, enum kube_event ev, const cJSON *o, double at_ms)
{
	int status;

	on_event(arg, ev, o, at_ms);
	if (strcmp(told, "=a2 ") == 0) {
		fake_chunk(stream, EVENT("MODIFIED", ITEM("a", "u1", "3")));
		kube_call(
		    k, "GET", "/api/v1/other", NULL, NULL, NULL, &status, NULL);
	}
}

static void
test_callbacks(void)
{
	struct kube_watch *w;

	list_body = LIST("1", ITEM("a", "u1", "1") "," ITEM("b", "u2", "1"));
	self = kube_watch_new(k, "/api/v1/pods", NULL, free_self, NULL, NULL);
	until("+a1 ", "a callback may free its watch");
	watches = 0;
	list_body = LIST("1", ITEM("a", "u1", "1"));
	w = kube_watch_new(k, "/api/v1/pods", NULL, wait_inside, NULL, NULL);
	until("+a1 * ", "listed");
	turn_until_watches(1);
	fake_chunk(stream, EVENT("MODIFIED", ITEM("a", "u1", "2")));
	until("=a2 =a3 ", "a callback may wait; order is kept");
	kube_watch_free(w);
}

int
main(void)
{
	struct kube_config c = { 0 };
	struct fault f = { 0 };
	char server[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (http_init(&f) != 0 || (l = loop_new(&f)) == NULL)
		return 1;
	fake_start(l, answer);
	snprintf(server, sizeof(server), "http://127.0.0.1:%d", fake_port);
	c.server = server;
	c.ns = (char *)"n";
	k = kube_new(l, &c, &f);
	if (k == NULL)
		return 1;
	test_watch();
	test_trouble();
	test_pages();
	test_expired_list();
	test_back_off();
	test_callbacks();
	kube_free(k);
	loop_free(l);
	return tap_end();
}
