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

/* As values of an object: numbers stand for themselves. */
static void
of_json(void)
{
	cJSON *list = cJSON_Parse("[\"2Ki\", 1.5, \"x\", true]");
	double got = -1;

	tap_ok(quantity_json(cJSON_GetArrayItem(list, 0), &got) == 0 &&
		   got == 2048,
	    "a string");
	tap_ok(
	    quantity_json(cJSON_GetArrayItem(list, 1), &got) == 0 && got == 1.5,
	    "a number");
	tap_ok(quantity_json(cJSON_GetArrayItem(list, 2), &got) == -1,
	    "a string that is none");
	tap_ok(quantity_json(cJSON_GetArrayItem(list, 3), &got) == -1,
	    "a value of another kind");
	tap_ok(quantity_json(NULL, &got) == -1, "no value");
	cJSON_Delete(list);
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
	good("1G", 1e9);
	bad("");
	bad("Mi");
	bad("1 Mi");
	bad("1mi");
	bad("0x10");
	bad("inf");
	bad("nan");
	bad("1e400");
	bad("1Q");
	bad("1.2.3");
	bad("1e");
	of_json();
	return tap_end();
}
