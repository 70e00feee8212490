/*
 * One object made ready: see object.h.  Small files are read whole, so that
 * what is hashed is what is sent, whatever happens to the file meanwhile; a
 * large one that changes is refused by the server, as its hash is signed.
 */
#include "s3-put/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/digest.h"

#define PIECE (256 << 10) /* bytes that are hashed at a time */

const char *
object_type(const char *name)
{
	static const char *const types[][2] = {
		{ "css", "text/css; charset=utf-8" },
		{ "csv", "text/csv; charset=utf-8" },
		{ "gif", "image/gif" },
		{ "gz", "application/gzip" },
		{ "htm", "text/html; charset=utf-8" },
		{ "html", "text/html; charset=utf-8" },
		{ "ico", "image/vnd.microsoft.icon" },
		{ "jpeg", "image/jpeg" },
		{ "jpg", "image/jpeg" },
		{ "js", "text/javascript; charset=utf-8" },
		{ "json", "application/json" },
		{ "jsonl", "application/jsonl" },
		{ "md", "text/markdown; charset=utf-8" },
		{ "mjs", "text/javascript; charset=utf-8" },
		{ "mp4", "video/mp4" },
		{ "parquet", "application/vnd.apache.parquet" },
		{ "pdf", "application/pdf" },
		{ "png", "image/png" },
		{ "svg", "image/svg+xml" },
		{ "tar", "application/x-tar" },
		{ "tsv", "text/tab-separated-values; charset=utf-8" },
		{ "txt", "text/plain; charset=utf-8" },
		{ "wasm", "application/wasm" },
		{ "webp", "image/webp" },
		{ "woff2", "font/woff2" },
		{ "xml", "application/xml" },
		{ "yaml", "application/yaml" },
		{ "yml", "application/yaml" },
		{ "zip", "application/zip" },
	};
	const char *slash = strrchr(name, '/');
	const char *dot = strrchr(slash != NULL ? slash : name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

int
object_key_ok(const char *key, struct fault *f)
{
	const char *s;
	size_t n;

	if (*key == '\0' || strlen(key) > OBJECT_KEY_MAX)
		return fault_set(f, FAULT_INPUT,
		    "key: not 1 to %d bytes: %.100s", OBJECT_KEY_MAX, key);
	if (*key == '/')
		return fault_set(
		    f, FAULT_INPUT, "key: a slash at the front: %s", key);
	for (s = key; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return fault_set(
			    f, FAULT_INPUT, "key: a control character");
	for (s = key; *s != '\0'; s += n + (s[n] == '/')) {
		n = strcspn(s, "/");
		if ((n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return fault_set(
			    f, FAULT_INPUT, "key: leaves its prefix: %s", key);
	}
	return 0;
}

/* What the key itself must be, and then prefix and key together. */
static int
set_names(struct object *o, const char *prefix, const char *key,
    const char *where, const char *type, struct fault *f)
{
	struct buf b;
	int rc = object_key_ok(key, f);

	buf_init(&b, OBJECT_LINE_MAX);
	buf_addf(&b, "%s%s", prefix, key);
	if (rc == 0)
		rc = buf_check(&b, "key", f);
	if (rc == 0)
		rc = object_key_ok(b.data, f);
	o->key = buf_take(&b);
	buf_release(&b);
	o->where = strdup(where);
	o->type = strdup(type != NULL ? type : object_type(key));
	if (rc == 0 && (o->key == NULL || o->where == NULL || o->type == NULL))
		rc = fault_nomem(f);
	return rc;
}

/* Both digests of what is in memory. */
static int
hash_held(struct object *o, struct fault *f)
{
	unsigned char md5[DIGEST_MD5];
	struct buf b;
	int rc;

	if (digest_sha256_hex(o->body, o->len, o->sha256, f) != 0 ||
	    digest_md5(o->body, o->len, md5, f) != 0)
		return -1;
	buf_init(&b, sizeof(o->md5) - 1);
	rc = digest_base64(md5, sizeof(md5), &b);
	memcpy(o->md5, buf_str(&b), b.len + 1);
	buf_release(&b);
	return rc == 0 ? 0 : fault_nomem(f);
}

/* Reads n bytes of fd, no more and no less; path is for the message. */
static int
read_all(int fd, char *to, size_t n, const char *path, struct fault *f)
{
	ssize_t got;

	while (n > 0) {
		got = read(fd, to, n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return fault_sys(f, FAULT_UNSURE, errno, "%s", path);
		if (got == 0)
			return fault_set(
			    f, FAULT_UNSURE, "%s: became shorter", path);
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

static int
hash_file(struct object *o, const char *path, struct fault *f)
{
	unsigned char raw[DIGEST_SHA256];
	struct digest *d = digest_new(f);
	char *piece = malloc(PIECE);
	size_t left = o->len, n;
	int rc = -1;

	if (d == NULL)
		goto out;
	if (piece == NULL) {
		fault_nomem(f);
		goto out;
	}
	for (rc = 0; rc == 0 && left > 0; left -= n) {
		n = left < PIECE ? left : PIECE;
		rc = read_all(o->fd, piece, n, path, f);
		if (rc == 0)
			rc = digest_add(d, piece, n, f);
	}
	if (rc == 0)
		rc = digest_end(d, raw, f);
	if (rc == 0)
		digest_hex(raw, sizeof(raw), o->sha256);
out:
	free(piece);
	digest_free(d);
	return rc;
}

static int
take_file(struct object *o, const char *path, struct fault *f)
{
	struct stat st;

	o->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (o->fd == -1)
		return fault_sys(f,
		    errno == ENOENT ? FAULT_INPUT : FAULT_UNSURE, errno, "%s",
		    path);
	if (fstat(o->fd, &st) == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return fault_set(
		    f, FAULT_INPUT, "%s: not a regular file", path);
	if (st.st_size > OBJECT_SIZE_MAX)
		return fault_set(f, FAULT_INPUT,
		    "%s: larger than 5 GiB, the most that one PUT takes", path);
	o->len = (size_t)st.st_size;
	if (st.st_size > OBJECT_HELD_MAX)
		return hash_file(o, path, f);
	o->body = malloc(o->len + 1);
	if (o->body == NULL)
		return fault_nomem(f);
	if (read_all(o->fd, o->body, o->len, path, f) != 0)
		return -1;
	o->body[o->len] = '\0';
	close(o->fd);
	o->fd = -1;
	return hash_held(o, f);
}

int
object_of_file(struct object *out, const char *prefix, const char *key,
    const char *path, const char *type, struct fault *f)
{
	if (set_names(out, prefix, key, path, type, f) != 0)
		return fault_prefix(f, "%s", path);
	return take_file(out, path, f) == 0 ? 1 : -1;
}

int
object_of_text(struct object *out, const char *prefix, const char *key,
    const struct buf *text, const char *where, const char *type,
    struct fault *f)
{
	if (set_names(out, prefix, key, where, type, f) != 0)
		return -1;
	out->body = malloc(text->len + 1);
	if (out->body == NULL)
		return fault_nomem(f);
	memcpy(out->body, buf_str(text), text->len + 1);
	out->len = text->len;
	return hash_held(out, f) == 0 ? 1 : -1;
}

void
object_release(struct object *o)
{
	free(o->key);
	free(o->type);
	free(o->where);
	free(o->body);
	if (o->fd != -1)
		close(o->fd);
	*o = (struct object){ .fd = -1 };
}
