/*
 * The pure rules of k8s-noded: delays, thresholds, addresses, names.
 */
#include <string.h>

#include "k8s-noded/backoff.h"
#include "k8s-noded/hosts.h"
#include "k8s-noded/net.h"
#include "k8s-noded/probe_rule.h"
#include "unit/tap.h"

static void
test_backoff(void)
{
	static const double want[] = { 0, 10, 20, 40, 80, 160, 300, 300 };
	struct backoff b = { 0 };
	double now = 5, ms;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ms = backoff_next(&b, now, 10, 300);
		tap_ok(ms == want[i], "delay %zu is %.0f", i, want[i]);
		now += ms + 1;
	}
	tap_ok(backoff_next(&b, now + 599, 10, 300) == 300,
	    "a run shorter than twice the longest keeps the delay");
	now = b.until_ms + 601;
	tap_ok(backoff_next(&b, now, 10, 300) == 0 &&
		   backoff_next(&b, now, 10, 300) == 10,
	    "after a long run it begins anew");
}

static void
test_probe(void)
{
	struct probe_rule r = {
		.success_threshold = 2, .failure_threshold = 3, .ok = -1
	};

	tap_ok(!probe_judge(&r, 1) && r.ok == -1, "one success of two");
	tap_ok(!probe_judge(&r, 0) && !probe_judge(&r, 1) && r.ok == -1,
	    "a failure between begins the count anew");
	tap_ok(probe_judge(&r, 1) && r.ok == 1, "two in a row");
	tap_ok(!probe_judge(&r, 1), "more of the same is no change");
	tap_ok(!probe_judge(&r, 0) && !probe_judge(&r, 0) && r.ok == 1,
	    "two failures of three");
	tap_ok(probe_judge(&r, 0) && r.ok == 0, "the third");
	tap_ok(!probe_judge(&r, 0), "a fourth is no change");
	tap_ok(
	    !probe_judge(&r, 1) && probe_judge(&r, 1) && r.ok == 1, "and back");
}

static void
test_addresses(void)
{
	static unsigned char used[65536 / 8];
	uint32_t n;

	tap_ok(net_next(used, 1) == 2, "the gateway's is never given");
	used[0] = 1 << 2;
	tap_ok(net_next(used, 1) == 3, "nor one that is used");
	tap_ok(net_next(used, 3) == 4, "an address rests before its next use");
	tap_ok(net_next(used, 65534) == 3, "in a circle, without broadcast");
	memset(used, 0xff, sizeof(used));
	tap_ok(net_next(used, 9) == 0, "all in use");
	used[100] = 0xfe;
	n = net_next(used, 9);
	tap_ok(n == 800, "the last one");
}

static void
check_lines(const char *service, const char *endpoints, const char *ns,
    const char *want, const char *what)
{
	cJSON *s = json_parse(service, strlen(service), NULL);
	cJSON *e = endpoints == NULL ?
		       NULL :
		       json_parse(endpoints, strlen(endpoints), NULL);
	struct buf b;

	buf_init(&b, 65536);
	hosts_service(&b, s, e, ns);
	tap_str(buf_str(&b), want, what);
	buf_release(&b);
	cJSON_Delete(s);
	cJSON_Delete(e);
}

static void
test_hosts(void)
{
	static const char service[] =
	    "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\"},"
	    "\"spec\":{\"clusterIP\":\"10.96.0.9\"}}";
	static const char headless[] =
	    "{\"metadata\":{\"name\":\"s\",\"namespace\":\"n\"},"
	    "\"spec\":{\"clusterIP\":\"None\"}}";
	static const char endpoints[] =
	    "{\"subsets\":[{\"addresses\":[{\"ip\":\"10.244.0.2\","
	    "\"hostname\":\"s-0\"},{\"ip\":\"10.244.0.3\"}],"
	    "\"notReadyAddresses\":[{\"ip\":\"10.244.0.4\"}]}]}";

	check_lines(service, NULL, "n",
	    "10.96.0.9\ts s.n s.n.svc s.n.svc.cluster.local\n",
	    "a service, near");
	check_lines(service, endpoints, "",
	    "10.96.0.9\ts.n s.n.svc s.n.svc.cluster.local\n",
	    "the same from elsewhere");
	check_lines(headless, endpoints, "",
	    "10.244.0.2\ts.n s.n.svc s.n.svc.cluster.local\n"
	    "10.244.0.2\ts-0.s.n s-0.s.n.svc s-0.s.n.svc.cluster.local\n"
	    "10.244.0.3\ts.n s.n.svc s.n.svc.cluster.local\n",
	    "headless: ready addresses, and hosts by name");
	check_lines(headless, NULL, "n", "", "headless without endpoints");
}

int
main(void)
{
	test_backoff();
	test_probe();
	test_addresses();
	test_hosts();
	return tap_end();
}
