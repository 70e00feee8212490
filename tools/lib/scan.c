/*
 * The reader of lines: see scan.h.  Big reads into one buffer that grows only
 * for lines longer than it; lines are found with memchr and handed out in
 * place.
 */
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan_text.h"

#define READ_SIZE ((size_t)256 << 10)

struct scan {
	char *name;
	int fd;
	int eof;
	size_t max;
	unsigned long line;
	char *data;
	size_t cap;
	size_t from; /* where the next line starts */
	size_t seen; /* no newline between from and here */
	size_t end;  /* where the bytes end */
};

struct scan *
scan_open(const char *path, size_t max, struct fault *f)
{
	struct scan *s = calloc(1, sizeof *s);
	int dash = strcmp(path, "-") == 0;

	if (s == NULL || (s->name = strdup(dash ? "stdin" : path)) == NULL) {
		fault_nomem(f);
		free(s);
		return NULL;
	}
	s->max = max;
	s->fd = dash ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd == -1) {
		fault_sys(f, errno == ENOENT ? FAULT_INPUT : FAULT_UNSURE,
		    errno, "%s", path);
		scan_close(s);
		return NULL;
	}
	return s;
}

void
scan_close(struct scan *s)
{
	if (s == NULL)
		return;
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	free(s->name);
	free(s->data);
	free(s);
}

const char *
scan_name(const struct scan *s)
{
	return s->name;
}

unsigned long
scan_line(const struct scan *s)
{
	return s->line;
}

/* Room for a read: the line's start moves to the front, the space grows. */
static int
make_room(struct scan *s, struct fault *f)
{
	size_t cap = s->cap;
	char *p;

	if (s->from > 0) {
		memmove(s->data, s->data + s->from, s->end - s->from);
		s->end -= s->from;
		s->seen -= s->from;
		s->from = 0;
	}
	if (s->cap - s->end >= READ_SIZE / 2)
		return 0;
	cap = s->cap == 0 ? READ_SIZE : s->cap * 2;
	p = realloc(s->data, cap);
	if (p == NULL)
		return fault_nomem(f);
	s->data = p;
	s->cap = cap;
	return 0;
}

static int
fill(struct scan *s, struct fault *f)
{
	ssize_t n;

	if (s->end - s->from > s->max)
		return fault_set(f, FAULT_INPUT,
		    "%s:%lu: a line of more than %zu bytes", s->name,
		    s->line + 1, s->max);
	if (make_room(s, f) != 0)
		return -1;
	do
		n = read(s->fd, s->data + s->end, s->cap - s->end);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", s->name);
	s->end += (size_t)n;
	s->eof = n == 0;
	return 0;
}

int
scan_next(struct scan *s, const char **line, size_t *len, struct fault *f)
{
	char *nl;

	for (;;) {
		nl = s->end > s->seen ?
			 memchr(s->data + s->seen, '\n', s->end - s->seen) :
			 NULL;
		if (nl == NULL && !s->eof) {
			s->seen = s->end;
			if (fill(s, f) != 0)
				return -1;
			continue;
		}
		if (nl == NULL && s->from == s->end)
			return 0;
		*line = s->data + s->from;
		*len = (size_t)((nl != NULL ? nl : s->data + s->end) - *line);
		s->from += *len + (nl != NULL);
		s->seen = s->from;
		/* a byte order mark is no part of the first record */
		if (s->line++ == 0 && *len >= 3 &&
		    memcmp(*line, "\xef\xbb\xbf", 3) == 0) {
			*line += 3;
			*len -= 3;
		}
		if (*len > s->max)
			return fault_set(f, FAULT_INPUT,
			    "%s:%lu: a line of more than %zu bytes", s->name,
			    s->line, s->max);
		if (skip_blanks(*line, *line + *len) < *line + *len)
			return 1;
	}
}
