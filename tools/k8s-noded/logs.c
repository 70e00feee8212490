/*
 * Writing container logs: see logs.h; log_reader.c reads them.  Lines are
 * stamped when they arrive here, not when the process wrote them, as every
 * runtime does it.
 */
#include "k8s-noded/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "k8s-noded/path.h"

struct log {
	int fd;
	char path[PATH_MAX];
	size_t size;           /* bytes in the file */
	struct buf partial[2]; /* per stream: a line that has no end yet */
	struct log_listener *listeners;
};

struct log *
log_open(const char *dir, unsigned instance, struct fault *f)
{
	struct log *l = calloc(1, sizeof(*l));
	struct stat st;

	if (l == NULL) {
		fault_nomem(f);
		return NULL;
	}
	buf_init(&l->partial[LOG_STDOUT], LOG_LINE_MAX);
	buf_init(&l->partial[LOG_STDERR], LOG_LINE_MAX);
	l->fd = -1;
	if (mkdir(dir, 0755) != 0 && errno != EEXIST) {
		fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
		goto bad;
	}
	path_make(l->path, "%s/%u.log", dir, instance);
	l->fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (l->fd < 0 || fstat(l->fd, &st) != 0) {
		fault_sys(f, FAULT_UNSURE, errno, "%s", l->path);
		goto bad;
	}
	l->size = (size_t)st.st_size;
	return l;
bad:
	log_close(l);
	return NULL;
}

/* Begins a new file when this one is full. */
static int
rotate(struct log *l)
{
	char old[PATH_MAX];
	int fd;

	path_make(old, "%s.1", l->path);
	if (rename(l->path, old) != 0)
		return -1;
	fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return -1;
	close(l->fd);
	l->fd = fd;
	l->size = 0;
	return 0;
}

static void
stamp(char *out, size_t size)
{
	struct timespec ts;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, size - n, ".%09ldZ", ts.tv_nsec);
}

/* One line into out; kind is F for a full one, P for a partial one. */
static void
add_line(struct buf *out, const char *when, enum log_stream stream, char kind,
    const struct buf *head, const char *p, size_t n)
{
	buf_addf(out, "%s %s %c ", when,
	    stream == LOG_STDOUT ? "stdout" : "stderr", kind);
	buf_add(out, buf_str(head), head->len);
	buf_add(out, p, n);
	buf_addc(out, '\n');
}

static void
tell(struct log *l, int ended)
{
	struct log_listener *li, *next;

	for (li = l->listeners; li != NULL; li = next) {
		next = li->next;
		li->fn(li->arg, ended);
	}
}

static int
flush_lines(struct log *l, struct buf *out)
{
	int status = out->failed ? -1 : 0;

	if (out->len > 0 && status == 0) {
		if (l->size + out->len > LOG_FILE_MAX && l->size > 0 &&
		    rotate(l) != 0)
			status = -1;
		else if (buf_write_fd(out, l->fd) != 0)
			status = -1;
		l->size += out->len;
		tell(l, 0);
	}
	buf_release(out);
	return status;
}

int
log_write(struct log *l, enum log_stream stream, const char *p, size_t n)
{
	struct buf *head = &l->partial[stream];
	struct buf out;
	char when[64];
	const char *nl;
	size_t room;

	buf_init(&out, LOG_FILE_MAX);
	stamp(when, sizeof(when));
	while (n > 0) {
		room = LOG_LINE_MAX - head->len;
		nl = memchr(p, '\n', n < room ? n : room);
		if (nl != NULL) {
			add_line(
			    &out, when, stream, 'F', head, p, (size_t)(nl - p));
			buf_clear(head);
			n -= (size_t)(nl - p) + 1;
			p = nl + 1;
		} else if (n >= room) {
			add_line(&out, when, stream, 'P', head, p, room);
			buf_clear(head);
			n -= room;
			p += room;
		} else {
			buf_add(head, p, n);
			n = 0;
		}
	}
	return flush_lines(l, &out);
}

void
log_close(struct log *l)
{
	struct buf out;
	char when[64];
	int i;

	buf_init(&out, LOG_FILE_MAX);
	stamp(when, sizeof(when));
	for (i = 0; i < 2; i++) {
		if (l->fd >= 0 && l->partial[i].len > 0)
			add_line(&out, when, (enum log_stream)i, 'P',
			    &l->partial[i], "", 0);
		buf_release(&l->partial[i]);
	}
	if (l->fd >= 0) {
		flush_lines(l, &out);
		close(l->fd);
	}
	tell(l, 1);
	free(l);
}

void
log_listen(struct log *l, struct log_listener *listener)
{
	listener->next = l->listeners;
	l->listeners = listener;
}

void
log_unlisten(struct log *l, struct log_listener *listener)
{
	struct log_listener **p;

	for (p = &l->listeners; *p != NULL; p = &(*p)->next) {
		if (*p == listener) {
			*p = listener->next;
			return;
		}
	}
}

void
log_remove(const char *dir, unsigned instance)
{
	char path[PATH_MAX];

	path_make(path, "%s/%u.log", dir, instance);
	unlink(path);
	path_make(path, "%s/%u.log.1", dir, instance);
	unlink(path);
}
