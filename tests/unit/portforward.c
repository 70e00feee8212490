/*
 * The pure parts of port-forward: lists of ports, headers' lists, and which
 * subprotocol is chosen.
 */
#include "lib/portforward.h"
#include "tap.h"

static void
test_ports(void)
{
	struct portforward p = { .n = 0 };
	struct fault f;
	int i, r = 0;

	tap_ok(
	    portforward_add(&p, "80", &f) == 0 && p.n == 1 && p.port[0] == 80,
	    "one port");
	tap_ok(portforward_add(&p, "1,65535,80", &f) == 0 && p.n == 4 &&
		   p.port[1] == 1 && p.port[2] == 65535 && p.port[3] == 80,
	    "more, also twice the same");
	tap_ok(portforward_add(&p, "0", &f) == -1, "0 is none");
	tap_str(f.msg, "port \"0\" must be > 0", "and said so");
	tap_ok(portforward_add(&p, "65536", &f) == -1, "65536 is none");
	tap_str(f.msg, "unable to parse \"65536\" as a port", "and said so");
	tap_ok(portforward_add(&p, "", &f) == -1, "nothing is none");
	tap_str(
	    f.msg, "query parameter \"port\" cannot be empty", "and said so");
	tap_ok(portforward_add(&p, "80,", &f) == -1, "nor behind a comma");
	tap_ok(portforward_add(&p, "-1", &f) == -1, "nor less than nothing");
	tap_ok(portforward_add(&p, " 80", &f) == -1, "no space");
	tap_ok(portforward_add(&p, "80x", &f) == -1, "no letters");
	tap_ok(portforward_add(&p, "00000000000000000080", &f) == -1,
	    "no endless digits");
	p.n = 0;
	for (i = 0; i < PORTFORWARD_PORTS; i++)
		r |= portforward_add(&p, "7", &f);
	tap_ok(r == 0 && p.n == PORTFORWARD_PORTS, "127 fit");
	tap_ok(portforward_add(&p, "7", &f) == -1 && p.n == PORTFORWARD_PORTS,
	    "and no more");
}

static void
test_headers(void)
{
	tap_ok(portforward_has("Upgrade", "upgrade"), "whatever the case");
	tap_ok(portforward_has("keep-alive, Upgrade", "upgrade"), "in a list");
	tap_ok(portforward_has("upgrade ,x", "upgrade"), "with spaces");
	tap_ok(!portforward_has("upgraded", "upgrade"), "the whole word");
	tap_ok(!portforward_has("up", "upgrade"), "not a part");
	tap_ok(!portforward_has("", "upgrade"), "not in nothing");
	tap_ok(!portforward_has(NULL, "upgrade"), "nor without a header");
	tap_ok(portforward_choose(NULL) == 0, "none offered");
	tap_ok(portforward_choose("") == 0, "an empty offer");
	tap_ok(portforward_choose("a.b, v4.channel.k8s.io") == 1, "ours");
	tap_ok(
	    portforward_choose("SPDY/3.1+portforward.k8s.io") == -1, "another");
	tap_ok(portforward_choose("v4.channel.k8s.io.x") == -1, "like ours");
}

int
main(void)
{
	test_ports();
	test_headers();
	return tap_end();
}
