/*
 * Whether what is followed can be had at present, for people.  The watches of
 * the pods know when the server is away, and logs that come tell that it is
 * back: a watch may wait longer to try again.  What is over within a moment is
 * not worth a word.
 */
#include <stddef.h>

#include "lib/clock.h"
#include "logs.h"
#include "tool.h"

#define MOMENT_MS 2000

/* A source whose watch is down, or NULL; *synced: one has been up. */
static const struct source *
troubled(const struct logs *l, int *synced)
{
	const struct source *s, *down = NULL;
	size_t i;

	*synced = 0;
	for (i = 0; i < l->nsources; i++) {
		s = l->sources[i];
		if (s->cache == NULL)
			continue;
		if (kube_cache_trouble(s->cache) != NULL)
			down = s;
		*synced |= kube_cache_synced(s->cache);
	}
	return down;
}

double
away_look(struct logs *l)
{
	double now = clock_ms(), left;
	const struct source *down;
	int synced;

	down = troubled(l, &synced);
	if (down == NULL)
		l->heard = 0;
	if (down == NULL || l->heard) {
		if (l->away_told)
			tool_warn("%s: is back", kube_server(l->kube));
		l->away_told = 0;
		l->away_since = 0;
		return -1;
	}
	if (l->away_since == 0)
		l->away_since = now;
	left = l->away_since + MOMENT_MS - now;
	if (left > 0 || l->away_told)
		return left > 0 ? left : -1;
	tool_warn("%s: %s%s", down->subject, kube_cache_trouble(down->cache),
	    synced ? "; waiting for it" : "");
	l->away_told = 1;
	/* what has never answered may not be there at all */
	if (!synced) {
		l->status = tool_worse(l->status, FAULT_UNSURE);
		l->stopped = 1;
	}
	return -1;
}

void
away_stream(struct stream *s, const struct fault *why)
{
	/* once lost, it is had again at once; if not, a moment later */
	if (s->waits || s->lost < 3 || s->logs->away_since > 0)
		return;
	tool_warn("%s; waiting for it", why->msg);
	s->waits = 1;
}

void
away_line(struct stream *s)
{
	s->lost = 0;
	if (!s->waits)
		return;
	s->waits = 0;
	tool_warn("%s/%s: goes on", s->pod, s->container);
}
