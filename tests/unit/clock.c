/* Durations and RFC 3339 times. */
#include "lib/clock.h"

#include <string.h>

#include "unit/tap.h"

static void
durations(void)
{
	static const struct {
		const char *s;
		double ms; /* -1: refused */
	} t[] = { { "90s", 90000 }, { "2m", 120000 }, { "1m30s", 90000 },
		{ "250ms", 250 }, { "1.5h", 5400000 }, { "3", 3000 },
		{ "0", 0 }, { "1d", 86400000 }, { "", -1 }, { "s", -1 },
		{ "-1s", -1 }, { "5x", -1 }, { "1m30", -1 }, { "0m30", -1 },
		{ "1e3s", -1 }, { "999999999d", -1 }, { " 1s", -1 } };
	size_t i;
	double ms;

	for (i = 0; i < sizeof t / sizeof t[0]; i++) {
		ms = -1;
		if (clock_duration(t[i].s, &ms) != 0)
			ms = -1;
		tap_ok(ms == t[i].ms, "duration \"%s\"", t[i].s);
	}
}

static void
points(void)
{
	struct timespec ts;
	char out[CLOCK_TS_SIZE];

	tap_ok(clock_parse("2026-11-23T11:30:39.123Z", &ts) == 0, "parses");
	tap_str(clock_format(out, &ts, 0), "2026-11-23T11:30:39.123Z",
	    "and writes the same");
	tap_str(clock_format(out, &ts, 1), "2026-11-23T11:30:39Z", "seconds");
	tap_ok(
	    clock_parse("2026-11-23T13:30:39+02:00", &ts) == 0, "with a zone");
	tap_str(clock_format(out, &ts, 1), "2026-11-23T11:30:39Z", "as UTC");
	tap_ok(clock_parse("2026-11-23", &ts) == -1, "a date is no time");
	tap_ok(clock_parse("2026-11-23T11:30:39", &ts) == -1, "needs a zone");
	tap_ok(
	    clock_parse("2026-11-23T11:30:39Zx", &ts) == -1, "nothing behind");
}

int
main(void)
{
	durations();
	points();
	return tap_end();
}
