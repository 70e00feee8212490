/*
 * Lines of a container's log: see kube_log.h.
 */
#include "kube_log.h"

#include <string.h>

#include "clock.h"

#define CHUNK 4096     /* runtimes cut lines at a multiple of it */
#define STAMP_LEAST 31 /* a kubelet's time, with nanoseconds and a blank */

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

/* The time in front of a line: its length with a blank behind it, or 0. */
static size_t
take_time(struct timespec *at, const char *line, size_t n)
{
	const char *blank = memchr(line, ' ', n);
	size_t len = blank != NULL ? (size_t)(blank - line) : n;
	char stamp[64];

	if (len >= sizeof(stamp))
		return 0;
	memcpy(stamp, line, len);
	stamp[len] = '\0';
	return clock_parse(stamp, at) == 0 ? len + (blank != NULL) : 0;
}

/*
 * Runtimes keep a long line in chunks (containerd of 16 KiB, conmon of 8), and
 * kubelets before 1.27 put each one's time in front of it, in the midst of the
 * line.  Takes these out of the text, which then has the length that is
 * returned.  What a container itself says of time is earlier than when the node
 * received it, and hardly at such a place.
 */
static size_t
join(struct kube_log *l, char *text, size_t n)
{
	struct timespec time;
	size_t at, len;

	for (at = CHUNK - l->joined % CHUNK; at < n; at += CHUNK) {
		len = take_time(&time, text + at, n - at);
		if (len < STAMP_LEAST || text[at + len - 1] != ' ' ||
		    compare(&time, &l->at) < 0)
			continue;
		n -= len;
		memmove(text + at, text + at + len, n - at);
	}
	l->joined += n;
	return n;
}

/* A line, or a piece of it when it goes on. */
static void
tell(struct kube_log *l, char *text, size_t n, int goes_on)
{
	int rest = l->piece != 0, timed = l->piece == PIECE_TIMED;
	size_t len;

	if (!rest) {
		len = take_time(&l->at, text, n);
		timed = len > 0;
		text += len;
		n -= len;
		l->joined = 0;
	}
	if (timed)
		n = join(l, text, n);
	l->piece = !goes_on ? 0 : timed ? PIECE_TIMED : PIECE_UNTIMED;
	if (!goes_on && n > 0 && text[n - 1] == '\r')
		n--;
	/* of a line over its limit nothing may be left but its end */
	if (rest && n == 0)
		return;
	if (!was_told(l, timed && !rest ? &l->at : NULL))
		l->fn(l->arg, timed ? &l->at : NULL, text, n);
}

/* Tells what has been kept of a line and forgets it. */
static void
tell_kept(struct kube_log *l, int goes_on)
{
	char none[] = "";

	tell(l, l->line.len > 0 ? l->line.data : none, l->line.len, goes_on);
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
