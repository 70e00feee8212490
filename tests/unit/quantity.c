/* Quantities as the API writes them. */
#include <math.h>

#include "lib/quantity.h"
#include "tap.h"

static void
good(const char *s, double want)
{
	double got = -1;

	tap_ok(quantity_parse(s, &got) == 0 &&
		   fabs(got - want) <= fabs(want) * 1e-12,
	    "%s", s);
}

static void
bad(const char *s)
{
	double got;

	tap_ok(quantity_parse(s, &got) == -1, "\"%s\" is none", s);
}

int
main(void)
{
	good("0", 0);
	good("250m", 0.25);
	good("12345678n", 0.012345678);
	good("1.5", 1.5);
	good(".5", 0.5);
	good("128Mi", 134217728);
	good("37292Ki", 38187008);
	good("1k", 1000);
	good("2E", 2e18);
	good("1e3", 1000);
	good("1E3", 1000);
	good("-3", -3);
	bad("");
	bad("Mi");
	bad("1 Mi");
	bad("1mi");
	bad("0x10");
	bad("inf");
	bad("1.2.3");
	bad("1e");
	return tap_end();
}
