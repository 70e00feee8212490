/*
 * On a terminal: a line for each object that is still waited for, drawn over
 * the lines before.  More than fit are summed up in the last one.
 */
#include <sys/ioctl.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "wait.h"

#define LINES_MAX 12

void
live_clear(struct wait *w)
{
	if (w->live_lines > 0)
		fprintf(stderr, "\033[%zuA\r\033[J", w->live_lines);
	w->live_lines = 0;
}

static unsigned
columns(void)
{
	struct winsize ws;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 20 ?
		   ws.ws_col :
		   80;
}

static void
draw_one(struct target *t, unsigned width)
{
	struct kube_verdict v = t->now;
	char name[600], line[1200];

	if (t->workload && t->there && v.state == KUBE_PROGRESSING) {
		struct kube_verdict pod = pods_verdict(t, NULL);

		if (pod.state != KUBE_READY)
			v = pod;
	}
	snprintf(line, sizeof line, "%5.0fs  %s  %s%s%s",
	    (clock_ms() - t->wait->start_ms) / 1000,
	    target_name(t, name, sizeof name), v.reason,
	    v.reason[0] != '\0' && v.message[0] != '\0' ? ": " : "", v.message);
	/* a message may have lines of its own */
	line[strcspn(line, "\r\n")] = '\0';
	fprintf(stderr, "%.*s\n", (int)width - 1, line);
}

/* What -l has not found yet. */
static void
draw_selections(struct wait *w, unsigned width)
{
	const struct feed *d;
	char line[1200];

	for (d = w->feeds; d != NULL; d = d->next) {
		if (!selection_waits(d))
			continue;
		snprintf(line, sizeof line, "%5.0fs  %s -l %s  there is none",
		    (clock_ms() - w->start_ms) / 1000, d->kind.resource,
		    d->selector);
		fprintf(stderr, "%.*s\n", (int)width - 1, line);
		w->live_lines++;
	}
}

void
live_draw(struct wait *w)
{
	unsigned width = columns();
	size_t i, more = 0;

	/* a burst of events is not worth a burst of drawing */
	if (!w->live || (w->live_lines > 0 && clock_ms() < w->drawn_ms + 100))
		return;
	w->drawn_ms = clock_ms();
	live_clear(w);
	draw_selections(w, width);
	for (i = 0; i < w->n; i++) {
		if (w->v[i]->outcome != WAITING)
			continue;
		if (w->live_lines >= LINES_MAX) {
			more++;
			continue;
		}
		draw_one(w->v[i], width);
		w->live_lines++;
	}
	if (more > 0) {
		fprintf(stderr, "        and %zu more\n", more);
		w->live_lines++;
	}
	fflush(stderr);
}
