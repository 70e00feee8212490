/*
 * The times of events: see kube_event.h.
 */
#include "kube_event.h"

#include <stddef.h>
#include <string.h>

#include "clock.h"

int
kube_event_time(const cJSON *event, struct timespec *at)
{
	static const char *const fields[] = { "lastTimestamp", "eventTime",
		"firstTimestamp" };
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		s = json_str(event, fields[i], NULL);
		if (s != NULL && clock_parse(s, at) == 0)
			return 0;
	}
	s = json_str(event, "metadata", "creationTimestamp", NULL);
	return s != NULL ? clock_parse(s, at) : -1;
}

static int
by_version(const cJSON *left, const cJSON *right)
{
	const char *v = json_str(left, "metadata", "resourceVersion", NULL);
	const char *w = json_str(right, "metadata", "resourceVersion", NULL);

	if (v == NULL || w == NULL)
		return 0;
	/* decimal numbers of any length */
	if (strlen(v) != strlen(w))
		return strlen(v) < strlen(w) ? -1 : 1;
	return strcmp(v, w);
}

int
kube_event_order(const void *left, const void *right)
{
	const cJSON *x = *(const cJSON *const *)left;
	const cJSON *y = *(const cJSON *const *)right;
	struct timespec a = { 0 }, b = { 0 };

	/* a failure leaves zeros, or what could be read of it */
	if (kube_event_time(x, &a) != 0)
		a = (struct timespec){ 0 };
	if (kube_event_time(y, &b) != 0)
		b = (struct timespec){ 0 };
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	if (a.tv_nsec != b.tv_nsec)
		return a.tv_nsec < b.tv_nsec ? -1 : 1;
	return by_version(x, y);
}
