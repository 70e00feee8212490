/*
 * Files of a folder over HTTP: see static.h.  A front end's files are small,
 * so each is read whole; what makes them cheap is that a browser asks for
 * them again with the ETag it has.
 */
#include "static.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"

#define FILE_MAX ((size_t)32 << 20) /* larger files are not served */

static const char *
content_type(const char *path)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".mjs", "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".map", "application/json" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".jpg", "image/jpeg" },
		{ ".jpeg", "image/jpeg" },
		{ ".gif", "image/gif" },
		{ ".webp", "image/webp" },
		{ ".ico", "image/vnd.microsoft.icon" },
		{ ".woff2", "font/woff2" },
		{ ".wasm", "application/wasm" },
		{ ".pdf", "application/pdf" },
		{ ".xml", "application/xml" },
	};
	const char *dot = strrchr(path, '.');
	size_t i;

	for (i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
		if (strcasecmp(dot, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

char *
static_root(const char *dir, struct fault *f)
{
	struct stat st;
	char *real = realpath(dir, NULL);

	if (real == NULL || stat(real, &st) != 0 || !S_ISDIR(st.st_mode)) {
		fault_set(f, FAULT_INPUT, "%s: not a folder", dir);
		free(real);
		return NULL;
	}
	return real;
}

/* A name that starts with a dot is hidden, and so are "." and "..". */
static int
hidden(const char *path)
{
	return strstr(path, "/.") != NULL;
}

/* Opens the file; its real path must lie below root (links may not lead out).
 */
static int
open_below(const char *root, const char *path, struct stat *st)
{
	char name[PATH_MAX], *real;
	size_t n = strlen(root), len = strlen(path);
	int fd = -1;

	if (path[0] != '/' || hidden(path) ||
	    (size_t)snprintf(name, sizeof name, "%s%s%s", root, path,
		path[len - 1] == '/' ? "index.html" : "") >= sizeof name)
		return -1;
	real = realpath(name, NULL);
	if (real != NULL && strncmp(real, root, n) == 0 &&
	    (real[n] == '/' || n == 1))
		fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(real);
	if (fd != -1 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) ||
			    (size_t)st->st_size > FILE_MAX)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int
read_all(int fd, struct buf *b)
{
	ssize_t n;

	for (;;) {
		if (buf_reserve(b, 65536) != 0)
			return -1;
		n = read(fd, b->data + b->len, 65536);
		if (n <= 0)
			return (int)n;
		b->len += (size_t)n;
	}
}

/* 1 when If-None-Match names the tag. */
static int
client_has(struct httpd_req *rq, const char *tag)
{
	const char *have = httpd_header(rq, "If-None-Match");

	return have != NULL &&
	       (strcmp(have, "*") == 0 || strstr(have, tag) != NULL);
}

int
static_answer(const char *root, struct httpd_req *rq, const char *path,
    int *status, size_t *bytes)
{
	const char *type = path[strlen(path) - 1] == '/' ? ".html" : path;
	struct stat st;
	struct buf b;
	char tag[64];
	int fd = open_below(root, path, &st);

	if (fd == -1)
		return 0;
	buf_init(&b, FILE_MAX + 65536);
	snprintf(tag, sizeof tag, "\"%llx-%llx\"",
	    (unsigned long long)st.st_size,
	    (unsigned long long)st.st_mtim.tv_sec * 1000000000ULL +
		(unsigned long long)st.st_mtim.tv_nsec);
	httpd_add_header(rq, "ETag", tag);
	httpd_add_header(rq, "Cache-Control", "no-cache");
	*status = client_has(rq, tag) ? 304 : 200;
	if (*status == 200 && read_all(fd, &b) != 0)
		*status = 500;
	close(fd);
	*bytes = *status == 200 ? b.len : 0;
	httpd_answer(rq, *status, *status == 200 ? content_type(type) : NULL,
	    buf_str(&b), *bytes);
	buf_release(&b);
	return 1;
}
