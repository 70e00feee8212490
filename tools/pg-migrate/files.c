/*
 * The migrations of a folder: see files.h.  The checksum is of the text as it
 * is run, so that a checkout with other line ends is not an edited file.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

#define FILE_MAX ((size_t)256 << 20)
#define DIGITS 18 /* of a version: fits a bigint */

static int
has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* Fills number, version and name from a file's name. */
static int
parse_name(struct migration *m, const char *file, struct fault *f)
{
	size_t digits = strspn(file, "0123456789");
	size_t n = strlen(file) - strlen(".sql");

	if (digits == 0 || digits > DIGITS || file[digits] != '_' ||
	    digits + 1 >= n)
		return fault_set(
		    f, FAULT_INPUT, "%s: not a name as NNNN_name.sql", file);
	m->version = strndup(file, digits);
	m->name = strndup(file + digits + 1, n - digits - 1);
	if (m->version == NULL || m->name == NULL)
		return fault_nomem(f);
	m->number = strtoull(m->version, NULL, 10);
	return 0;
}

/* Removes a byte order mark and the carriage returns of line ends. */
static void
normalise(struct migration *m)
{
	size_t from = 0, to = 0;

	if (m->len >= 3 && memcmp(m->text, "\xef\xbb\xbf", 3) == 0)
		from = 3;
	for (; from < m->len; from++)
		if (m->text[from] != '\r' || from + 1 == m->len ||
		    m->text[from + 1] != '\n')
			m->text[to++] = m->text[from];
	m->text[to] = '\0';
	m->len = to;
}

static int
opts_out(const struct migration *m)
{
	static const char *const words[] = { "--", "no-transaction" };
	const char *p = m->text;
	size_t i;

	for (i = 0; i < 2; i++) {
		p += strspn(p, " \t");
		if (strncmp(p, words[i], strlen(words[i])) != 0)
			return 0;
		p += strlen(words[i]);
	}
	p += strspn(p, " \t");
	return *p == '\n' || *p == '\0';
}

static int
read_text(struct migration *m, struct fault *f)
{
	struct buf b;

	buf_init(&b, FILE_MAX);
	if (buf_read_file(&b, m->path, f) != 0) {
		buf_release(&b);
		return -1;
	}
	if (b.len > 0 && memchr(b.data, '\0', b.len) != NULL) {
		buf_release(&b);
		return fault_set(f, FAULT_INPUT, "%s: has a NUL byte", m->path);
	}
	m->len = b.len;
	m->text = buf_take(&b);
	if (m->text == NULL)
		return fault_nomem(f);
	normalise(m);
	m->no_transaction = opts_out(m);
	return digest_sha256_hex(m->text, m->len, m->checksum, f);
}

static int
add(struct migrations *ms, const char *dir, const char *file, struct fault *f)
{
	struct migration *more, *m;

	more = reallocarray(ms->v, ms->n + 1, sizeof *more);
	if (more == NULL)
		return fault_nomem(f);
	ms->v = more;
	m = &more[ms->n++];
	*m = (struct migration){ .number = 0 };
	if (parse_name(m, file, f) != 0)
		return fault_prefix(f, "%s", dir);
	if (asprintf(&m->path, "%s/%s", dir, file) < 0) {
		m->path = NULL;
		return fault_nomem(f);
	}
	return read_text(m, f);
}

static int
by_number(const void *a, const void *b)
{
	const struct migration *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->path, y->path);
}

int
migrations_read(struct migrations *ms, const char *dir, struct fault *f)
{
	struct dirent *e;
	size_t i;
	DIR *d;
	int rc = 0;

	*ms = (struct migrations){ .n = 0 };
	d = opendir(dir);
	if (d == NULL)
		return fault_sys(f,
		    errno == ENOENT || errno == ENOTDIR ? FAULT_INPUT :
							  FAULT_UNSURE,
		    errno, "%s", dir);
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && has_suffix(e->d_name, ".sql"))
			rc = add(ms, dir, e->d_name, f);
	if (rc == 0 && errno != 0)
		rc = fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
	closedir(d);
	if (rc == 0 && ms->n > 1)
		qsort(ms->v, ms->n, sizeof *ms->v, by_number);
	for (i = 1; rc == 0 && i < ms->n; i++)
		if (ms->v[i - 1].number == ms->v[i].number)
			rc = fault_set(f, FAULT_INPUT,
			    "%s: the same number as %s", ms->v[i].path,
			    ms->v[i - 1].path);
	if (rc != 0)
		migrations_release(ms);
	return rc;
}

void
migrations_release(struct migrations *ms)
{
	size_t i;

	for (i = 0; i < ms->n; i++) {
		free(ms->v[i].version);
		free(ms->v[i].name);
		free(ms->v[i].path);
		free(ms->v[i].text);
	}
	free(ms->v);
	*ms = (struct migrations){ .n = 0 };
}
