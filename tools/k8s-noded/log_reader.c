/*
 * Reading container logs: see logs.h.  A reader holds the file it is in, so
 * a rotation in between loses nothing: it reads the old file to its end, and
 * then goes on with the new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/logs.h"
#include "k8s-noded/path.h"
#include "lib/clock.h"

#define LOG_PIECE (1 << 20) /* bytes read at once */
#define LOG_HEAD 64         /* time, stream and kind fit in it */

struct log_reader {
	int fd;
	char path[PATH_MAX];
	struct log_query q;
	struct buf raw; /* read, but no whole line yet */
	long long skip; /* lines still to be passed over (tail) */
	long long sent; /* bytes given */
	int middle;     /* the last piece given was a partial line */
};

/* The reader's next file: what path is now, if that is another one. */
static int
go_on(struct log_reader *r)
{
	struct stat mine, now;
	int fd;

	if (fstat(r->fd, &mine) != 0 || stat(r->path, &now) != 0 ||
	    (mine.st_dev == now.st_dev && mine.st_ino == now.st_ino))
		return 0;
	fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	close(r->fd);
	r->fd = fd;
	return 1;
}

/* "TIME stdout F text" without its parts; *text_len counts no '\n'. */
static int
split(
    const char *line, size_t n, const char **text, size_t *text_len, char *kind)
{
	const char *sp = memchr(line, ' ', n < LOG_HEAD ? n : LOG_HEAD);
	size_t head;

	if (sp == NULL)
		return -1;
	head = (size_t)(sp - line) + strlen(" stdout F ");
	if (head > n)
		return -1;
	*kind = line[head - 2];
	*text = line + head;
	*text_len = n - head;
	return 0;
}

static int
old_enough(const struct log_reader *r, const char *line)
{
	struct timespec ts;
	char when[LOG_HEAD];
	size_t n = strcspn(line, " ");

	if (r->q.since.tv_sec == 0)
		return 1;
	if (n >= sizeof(when))
		return 0;
	memcpy(when, line, n);
	when[n] = '\0';
	if (clock_parse(when, &ts) != 0)
		return 0;
	return ts.tv_sec > r->q.since.tv_sec ||
	       (ts.tv_sec == r->q.since.tv_sec &&
		   ts.tv_nsec >= r->q.since.tv_nsec);
}

/* One line of the file into out; 1 when the limit is reached. */
static int
give(struct log_reader *r, const char *line, size_t n, struct buf *out)
{
	const char *text;
	size_t len, before = out->len;
	char kind;

	if (split(line, n, &text, &len, &kind) != 0 || !old_enough(r, line))
		return 0;
	if (r->skip > 0) {
		if (kind == 'F')
			r->skip--;
		return 0;
	}
	if (r->q.timestamps && !r->middle)
		buf_add(out, line, strcspn(line, " ") + 1);
	buf_add(out, text, len);
	if (kind == 'F')
		buf_addc(out, '\n');
	r->middle = kind != 'F';
	r->sent += (long long)(out->len - before);
	if (r->q.limit >= 0 && r->sent >= r->q.limit) {
		out->len -= (size_t)(r->sent - r->q.limit);
		out->data[out->len] = '\0';
		return 1;
	}
	return 0;
}

int
log_reader_next(struct log_reader *r, struct buf *out)
{
	size_t start = out->len;
	const char *p, *nl;
	ssize_t n;
	int full = 0;

	do {
		if (buf_reserve(&r->raw, 65536) != 0)
			return -1;
		n = read(r->fd, r->raw.data + r->raw.len, 65536);
		if (n < 0)
			return -1;
		if (n == 0 && !go_on(r))
			break;
		r->raw.len += (size_t)n;
		r->raw.data[r->raw.len] = '\0';
		p = r->raw.data;
		while (!full &&
		       (nl = memchr(p, '\n',
			    r->raw.len - (size_t)(p - r->raw.data))) != NULL) {
			full = give(r, p, (size_t)(nl - p), out);
			p = nl + 1;
		}
		buf_eat(&r->raw, (size_t)(p - r->raw.data));
	} while (!full && out->len - start < LOG_PIECE);
	return out->failed ? -1 : full;
}

/* Counts the lines that the query selects, to know how many tail leaves. */
static long long
count_lines(const char *dir, unsigned instance, const struct log_query *q)
{
	struct log_query all = *q;
	struct log_reader *r;
	struct buf b;
	struct fault f;
	long long lines = 0;
	size_t i;

	all.tail = all.limit = -1;
	all.timestamps = 0;
	r = log_reader_new(dir, instance, &all, &f);
	if (r == NULL)
		return 0;
	buf_init(&b, 8 * LOG_PIECE);
	do {
		buf_clear(&b);
		if (log_reader_next(r, &b) != 0)
			break;
		for (i = 0; i < b.len; i++)
			lines += b.data[i] == '\n';
	} while (b.len > 0);
	lines += r->middle;
	buf_release(&b);
	log_reader_free(r);
	return lines;
}

struct log_reader *
log_reader_new(const char *dir, unsigned instance, const struct log_query *q,
    struct fault *f)
{
	struct log_reader *r = calloc(1, sizeof(*r));
	char old[PATH_MAX];
	long long lines;

	if (r == NULL) {
		fault_nomem(f);
		return NULL;
	}
	r->q = *q;
	buf_init(&r->raw, 2 * LOG_PIECE);
	path_make(r->path, "%s/%u.log", dir, instance);
	path_make(old, "%s.1", r->path);
	r->fd = open(old, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0)
		r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
	if (r->fd < 0) {
		fault_sys(f, FAULT_NO, errno, "%s", r->path);
		free(r);
		return NULL;
	}
	if (q->tail >= 0) {
		lines = count_lines(dir, instance, q);
		r->skip = lines > q->tail ? lines - q->tail : 0;
	}
	return r;
}

void
log_reader_free(struct log_reader *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	buf_release(&r->raw);
	free(r);
}

void
log_tail(const char *dir, unsigned instance, size_t max, struct buf *out)
{
	struct log_query q = { .tail = 80, .limit = -1 };
	struct log_reader *r;
	struct fault f;
	struct buf b;

	r = log_reader_new(dir, instance, &q, &f);
	if (r == NULL)
		return;
	buf_init(&b, 4 * LOG_PIECE);
	while (log_reader_next(r, &b) == 0 && b.len >= LOG_PIECE)
		buf_eat(&b, b.len - max);
	if (b.len > max)
		buf_eat(&b, b.len - max);
	buf_add(out, buf_str(&b), b.len);
	buf_release(&b);
	log_reader_free(r);
}
