/* The order of events, whichever of its fields an event has for its time. */
#include "lib/kube_event.h"

#include <stdlib.h>

#include "tap.h"

#define EVENT(name, version, times)                          \
	"{\"metadata\":{\"name\":\"" name                    \
	"\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\"," \
	"\"resourceVersion\":\"" version "\"}" times "}"

/* In their right order. */
static const char *const events[] = {
	"{\"metadata\":{\"name\":\"none\"}}",
	EVENT("created", "7", ""),
	EVENT("first", "6",
	    ",\"firstTimestamp\":\"2026-01-01T00:00:01Z\",\"eventTime\":null"),
	EVENT("small", "9", ",\"lastTimestamp\":\"2026-01-01T00:00:02Z\""),
	EVENT("great", "10",
	    ",\"lastTimestamp\":\"2026-01-01T00:00:02Z\","
	    "\"firstTimestamp\":\"2025-01-01T00:00:02Z\""),
	EVENT("micros", "1",
	    ",\"lastTimestamp\":null,\"eventTime\":"
	    "\"2026-01-01T00:00:02.500000Z\""),
	EVENT("zone", "2", ",\"lastTimestamp\":\"2026-01-01T01:00:03+01:00\""),
};
#define N (sizeof(events) / sizeof(events[0]))

int
main(void)
{
	const cJSON *v[N];
	cJSON *own[N];
	struct timespec at;
	size_t i;

	for (i = 0; i < N; i++)
		own[i] = json_parse(events[i], strlen(events[i]), NULL);
	tap_ok(kube_event_time(own[0], &at) == -1, "no time at all");
	tap_ok(kube_event_time(own[5], &at) == 0 && at.tv_nsec == 500000000,
	    "a null is no time, eventTime has fractions");
	for (i = 0; i < N; i++)
		v[i] = own[N - 1 - i];
	qsort(v, N, sizeof(v[0]), kube_event_order);
	for (i = 0; i < N; i++)
		tap_str(json_str(v[i], "metadata", "name", NULL),
		    json_str(own[i], "metadata", "name", NULL), "in order");
	for (i = 0; i < N; i++)
		cJSON_Delete(own[i]);
	return tap_end();
}
