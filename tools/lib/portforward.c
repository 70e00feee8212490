/*
 * See portforward.h.
 */
#include "portforward.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The complaints are the kubelet's (cri/streaming/portforward/websocket.go). */
static int
add_one(struct portforward *p, const char *s, size_t n, struct fault *f)
{
	char text[8], *end;
	long v;

	if (n == 0)
		return fault_set(
		    f, FAULT_INPUT, "query parameter \"port\" cannot be empty");
	memcpy(text, s, n < sizeof(text) ? n : sizeof(text) - 1);
	text[n < sizeof(text) ? n : sizeof(text) - 1] = '\0';
	v = strtol(text, &end, 10);
	if (strspn(text, "0123456789") != strlen(text) || n >= sizeof(text) ||
	    v > 65535)
		return fault_set(f, FAULT_INPUT,
		    "unable to parse \"%.*s\" as a port", n < 64 ? (int)n : 64,
		    s);
	if (v < 1)
		return fault_set(
		    f, FAULT_INPUT, "port \"%s\" must be > 0", text);
	if (p->n == PORTFORWARD_PORTS)
		return fault_set(
		    f, FAULT_INPUT, "more than %d ports", PORTFORWARD_PORTS);
	p->port[p->n++] = (uint16_t)v;
	return 0;
}

int
portforward_add(struct portforward *p, const char *list, struct fault *f)
{
	size_t n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if (add_one(p, list, n, f) != 0)
			return -1;
		if (list[n] == '\0')
			return 0;
	}
}

int
portforward_has(const char *header, const char *item)
{
	size_t n, len = strlen(item);

	for (; header != NULL && *header != '\0';
	     header += n + (header[n] == ',')) {
		header += strspn(header, " \t");
		n = strcspn(header, ",");
		if (n >= len && strncasecmp(header, item, len) == 0 &&
		    strspn(header + len, " \t") == n - len)
			return 1;
	}
	return 0;
}

int
portforward_choose(const char *offered)
{
	if (offered == NULL || offered[strspn(offered, " \t")] == '\0')
		return 0;
	return portforward_has(offered, PORTFORWARD_PROTOCOL) ? 1 : -1;
}
