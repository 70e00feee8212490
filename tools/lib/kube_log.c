/*
 * Lines of a container's log: see kube_log.h.
 */
#include "kube_log.h"

#include <string.h>

#include "clock.h"

enum { PIECE_TIMED = 1, PIECE_UNTIMED };

void
kube_log_init(struct kube_log *l, kube_log_fn *fn, void *arg)
{
	buf_init(&l->line, KUBE_LOG_LINE);
	l->fn = fn;
	l->arg = arg;
	l->last = (struct timespec){ 0 };
	l->told = l->skip = 0;
	l->resumed = l->passing = l->piece = 0;
}

void
kube_log_release(struct kube_log *l)
{
	buf_release(&l->line);
}

static int
compare(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

/*
 * 1 when a line of that time was told before the stream was lost.  Lines may
 * have the same time, so those are counted.  A piece of a line goes with it.
 */
static int
was_told(struct kube_log *l, const struct timespec *at)
{
	int order;

	if (at == NULL)
		return l->passing;
	order = compare(at, &l->last);
	l->passing = l->resumed && (order < 0 || (order == 0 && l->skip > 0));
	if (l->passing) {
		l->skip -= order == 0;
	} else {
		l->told = order == 0 ? l->told + 1 : 1;
		l->last = *at;
	}
	return l->passing;
}

/* The time in front of a line, past which *line and *n then are. */
static int
take_time(struct timespec *at, const char **line, size_t *n)
{
	const char *blank = memchr(*line, ' ', *n);
	size_t len = blank != NULL ? (size_t)(blank - *line) : *n;
	char stamp[64];

	if (len >= sizeof(stamp))
		return 0;
	memcpy(stamp, *line, len);
	stamp[len] = '\0';
	if (clock_parse(stamp, at) != 0)
		return 0;
	len += blank != NULL;
	*line += len;
	*n -= len;
	return 1;
}

/* A line, or a piece of it when it goes on. */
static void
tell(struct kube_log *l, const char *line, size_t n, int goes_on)
{
	int rest = l->piece != 0, timed = l->piece == PIECE_TIMED;

	if (!rest)
		timed = take_time(&l->at, &line, &n);
	l->piece = !goes_on ? 0 : timed ? PIECE_TIMED : PIECE_UNTIMED;
	if (!goes_on && n > 0 && line[n - 1] == '\r')
		n--;
	/* of a line over its limit nothing may be left but its end */
	if (rest && n == 0)
		return;
	if (!was_told(l, timed && !rest ? &l->at : NULL))
		l->fn(l->arg, timed ? &l->at : NULL, line, n);
}

/* Tells what has been kept of a line and forgets it. */
static void
tell_kept(struct kube_log *l, int goes_on)
{
	tell(l, buf_str(&l->line), l->line.len, goes_on);
	buf_clear(&l->line);
}

void
kube_log_feed(struct kube_log *l, const char *p, size_t n)
{
	const char *end;
	size_t len, room;

	for (; n > 0; p += len, n -= len) {
		end = memchr(p, '\n', n);
		len = end != NULL ? (size_t)(end - p) : n;
		room = KUBE_LOG_LINE - l->line.len;
		if (len > room) {
			len = room;
			end = NULL;
		}
		if (l->line.len == 0 && end != NULL) {
			tell(l, p, len, 0);
			len++;
			continue;
		}
		if (buf_add(&l->line, p, len) != 0) {
			buf_clear(&l->line); /* no memory: the line is lost */
			continue;
		}
		if (end != NULL || l->line.len == KUBE_LOG_LINE)
			tell_kept(l, end == NULL);
		len += end != NULL;
	}
}

void
kube_log_resume(struct kube_log *l, struct buf *query)
{
	char since[CLOCK_TS_SIZE];

	buf_clear(&l->line);
	l->piece = 0;
	if (l->told == 0)
		return;
	l->resumed = 1;
	l->skip = l->told;
	clock_format(since, &l->last, 1);
	buf_addf(query, "&sinceTime=%s", since);
}

void
kube_log_end(struct kube_log *l)
{
	if (l->line.len > 0)
		tell_kept(l, 0);
}
