/*
 * A growing run of bytes with a limit: see buf.h.  Grows by half, so that
 * appending is amortised and memory use stays within 1.5 times the need.
 */
#include "buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

char *
buf_take(struct buf *b)
{
	char *s;

	if (b->failed || buf_reserve(b, 0) != 0)
		return NULL;
	s = b->data;
	buf_init(b, b->max);
	return s;
}

int
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (b->failed)
		return -1;
	if (n > b->max || b->len > b->max - n) {
		b->failed = EFBIG;
		return -1;
	}
	need = b->len + n + 1;
	if (need <= b->cap)
		return 0;
	cap = b->cap + b->cap / 2;
	if (cap < need)
		cap = need < 64 ? 64 : need;
	p = realloc(b->data, cap);
	if (p == NULL) {
		b->failed = ENOMEM;
		return -1;
	}
	if (b->data == NULL)
		p[0] = '\0';
	b->data = p;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	if (buf_reserve(b, n) != 0)
		return -1;
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int
buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		b->failed = EINVAL;
		return -1;
	}
	if (buf_reserve(b, (size_t)n) != 0)
		return -1;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_addv(b, fmt, ap);
	va_end(ap);
	return rc;
}

void
buf_eat(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

int
buf_check(const struct buf *b, const char *what, struct fault *f)
{
	if (b->failed == 0)
		return 0;
	if (b->failed == EFBIG)
		return fault_set(
		    f, FAULT_INPUT, "%s: larger than %zu bytes", what, b->max);
	return fault_sys(f, FAULT_UNSURE, b->failed, "%s", what);
}

int
buf_read_file(struct buf *b, const char *path, struct fault *f)
{
	ssize_t n;
	int fd, rc = -1;

	fd = strcmp(path, "-") == 0 ? STDIN_FILENO :
				      open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return fault_sys(f,
		    errno == ENOENT ? FAULT_INPUT : FAULT_UNSURE, errno, "%s",
		    path);
	for (;;) {
		/* one byte past the limit tells a full file from a too large
		 * one */
		size_t room =
		    b->max - b->len < 65536 ? b->max - b->len + 1 : 65536;
		size_t max = b->max;

		b->max = b->len + room;
		if (buf_reserve(b, room) != 0) {
			b->max = max;
			break;
		}
		b->max = max;
		n = read(fd, b->data + b->len, room);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			fault_sys(f, FAULT_UNSURE, errno, "%s", path);
			goto out;
		}
		if (n == 0) {
			rc = 0;
			break;
		}
		if ((size_t)n > b->max - b->len) {
			b->failed = EFBIG;
			break;
		}
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
	if (rc != 0)
		buf_check(b, path, f);
out:
	if (b->data != NULL)
		b->data[b->len] = '\0';
	if (fd != STDIN_FILENO)
		close(fd);
	return rc;
}

int
buf_write_fd(const struct buf *b, int fd)
{
	size_t off = 0;
	ssize_t n;

	while (off < b->len) {
		n = write(fd, b->data + off, b->len - off);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		off += (size_t)n;
	}
	return 0;
}
