/*
 * Objects from folders, files and JSON lines: see objects.h.
 */
#include "s3-put/objects.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/buf.h"
#include "lib/scan.h"
#include "s3-put/object.h"

struct objects {
	char *const *operands;
	size_t n, at;
	const char *prefix;
	FTS *tree;          /* of the folder under way */
	size_t root;        /* bytes of its paths that are no key */
	struct scan *lines; /* of standard input */
};

static char stdin_name[] = "-";
static char *const stdin_operand[] = { stdin_name };

struct objects *
objects_new(
    char *const *operands, size_t n, const char *prefix, struct fault *f)
{
	struct objects *o = calloc(1, sizeof(*o));

	if (o == NULL) {
		fault_nomem(f);
		return NULL;
	}
	o->operands = n > 0 ? operands : stdin_operand;
	o->n = n > 0 ? n : 1;
	o->prefix = prefix;
	return o;
}

void
objects_free(struct objects *o)
{
	if (o == NULL)
		return;
	if (o->tree != NULL)
		fts_close(o->tree);
	scan_close(o->lines);
	free(o);
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Links are followed, as a folder's content is what it shows. */
static int
open_folder(struct objects *o, char *path, struct fault *f)
{
	char *paths[] = { path, NULL };

	o->tree = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	if (o->tree == NULL)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", path);
	o->root = strlen(path);
	while (o->root > 0 && path[o->root - 1] == '/')
		o->root--;
	return 0;
}

/* The next file of the folder: as objects_next, 0 at the folder's end. */
static int
next_of_folder(struct objects *o, struct object *out, struct fault *f)
{
	const char *key;
	FTSENT *e;

	while (errno = 0, (e = fts_read(o->tree)) != NULL) {
		switch (e->fts_info) {
		case FTS_F:
			key = e->fts_path + o->root;
			key += strspn(key, "/");
			return object_of_file(
			    out, o->prefix, key, e->fts_path, NULL, f);
		case FTS_D:
		case FTS_DP:
			break;
		case FTS_DC:
			return fault_set(f, FAULT_INPUT,
			    "%s: a link to a folder above it", e->fts_path);
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS:
			return fault_sys(
			    f, FAULT_UNSURE, e->fts_errno, "%s", e->fts_path);
		case FTS_SLNONE:
			return fault_set(f, FAULT_INPUT,
			    "%s: a link to nothing", e->fts_path);
		default:
			return fault_set(f, FAULT_INPUT,
			    "%s: not a regular file", e->fts_path);
		}
	}
	if (errno != 0)
		fault_sys(f, FAULT_UNSURE, errno, "%s", o->operands[o->at]);
	else
		f->code = FAULT_NONE;
	fts_close(o->tree);
	o->tree = NULL;
	o->at++;
	return f->code == FAULT_NONE ? 0 : -1;
}

enum { KEY, BODY, FILE_NAME, TYPE, MEMBERS };

/* The texts of a line's members, by themselves so that a 0 counts. */
static int
read_members(const char *line, size_t len, struct buf *text, char *there,
    struct fault *f)
{
	static const char *const names[] = { "key", "body", "file",
		"content_type" };
	struct scan_member m[MEMBERS + 1];
	int i, n = scan_object(line, len, m, MEMBERS + 1, f);
	size_t k;

	for (i = 0; i < n; i++) {
		for (k = 0; k < MEMBERS; k++)
			if (m[i].key_len == strlen(names[k]) &&
			    strncmp(m[i].key, names[k], m[i].key_len) == 0)
				break;
		if (k == MEMBERS)
			return fault_set(f, FAULT_INPUT, "%.*s: unknown member",
			    (int)m[i].key_len, m[i].key);
		if (m[i].value.kind != SCAN_STRING)
			return fault_set(
			    f, FAULT_INPUT, "%s: not a string", names[k]);
		if (there[k]++)
			return fault_set(
			    f, FAULT_INPUT, "%s: stands there twice", names[k]);
		if (scan_text(&m[i].value, &text[k], f) != 0)
			return fault_prefix(f, "%s", names[k]);
		if (k != BODY && strlen(buf_str(&text[k])) != text[k].len)
			return fault_set(
			    f, FAULT_INPUT, "%s: a 0 within", names[k]);
	}
	return n < 0 ? -1 : 0;
}

/* A content type becomes a header. */
static int
bad_type(const char *type)
{
	const char *s;

	for (s = type; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return 1;
	return *type == '\0';
}

/* An object of a JSON line: {"key", "body" or "file", "content_type"}. */
static int
read_line(struct objects *o, struct object *out, const char *line, size_t len,
    const char *where, struct fault *f)
{
	struct buf text[MEMBERS];
	char there[MEMBERS] = { 0 };
	const char *type;
	int i, rc;

	for (i = 0; i < MEMBERS; i++)
		buf_init(&text[i], OBJECT_LINE_MAX);
	rc = read_members(line, len, text, there, f);
	type = there[TYPE] ? buf_str(&text[TYPE]) : NULL;
	if (rc == 0 && !there[KEY])
		rc = fault_set(f, FAULT_INPUT, "key: is missing");
	else if (rc == 0 && there[BODY] == there[FILE_NAME])
		rc = fault_set(
		    f, FAULT_INPUT, "either body or file must be there");
	else if (rc == 0 && type != NULL && bad_type(type))
		rc = fault_set(f, FAULT_INPUT,
		    "content_type: empty, or a control character");
	if (rc == 0)
		rc = there[BODY] ?
			 object_of_text(out, o->prefix, buf_str(&text[KEY]),
			     &text[BODY], where, type, f) :
			 object_of_file(out, o->prefix, buf_str(&text[KEY]),
			     buf_str(&text[FILE_NAME]), type, f);
	for (i = 0; i < MEMBERS; i++)
		buf_release(&text[i]);
	return rc == 1 ? 1 : fault_prefix(f, "%s", where);
}

static int
next_of_lines(struct objects *o, struct object *out, struct fault *f)
{
	const char *line;
	char where[64];
	size_t len;
	int rc = scan_next(o->lines, &line, &len, f);

	if (rc != 1) {
		scan_close(o->lines);
		o->lines = NULL;
		o->at++;
		return rc;
	}
	snprintf(where, sizeof(where), "%s:%lu", scan_name(o->lines),
	    scan_line(o->lines));
	return read_line(o, out, line, len, where, f);
}

/* An operand that is a file is an object; others are opened. */
static int
open_operand(struct objects *o, struct object *out, struct fault *f)
{
	char *path = o->operands[o->at];
	const char *name;
	struct stat st;

	if (strcmp(path, "-") == 0) {
		o->lines = scan_open(path, OBJECT_LINE_MAX, f);
		o->at += o->lines == NULL;
		return o->lines != NULL ? 0 : -1;
	}
	if (stat(path, &st) == -1) {
		o->at++;
		return fault_sys(f,
		    errno == ENOENT ? FAULT_INPUT : FAULT_UNSURE, errno, "%s",
		    path);
	}
	if (S_ISDIR(st.st_mode)) {
		if (open_folder(o, path, f) == 0)
			return 0;
		o->at++;
		return -1;
	}
	o->at++;
	name = strrchr(path, '/');
	return object_of_file(
	    out, o->prefix, name != NULL ? name + 1 : path, path, NULL, f);
}

int
objects_next(struct objects *o, struct object *out, struct fault *f)
{
	int rc = 0;

	*out = (struct object){ .fd = -1 };
	while (rc == 0) {
		if (o->tree != NULL)
			rc = next_of_folder(o, out, f);
		else if (o->lines != NULL)
			rc = next_of_lines(o, out, f);
		else if (o->at < o->n)
			rc = open_operand(o, out, f);
		else
			return 0;
	}
	if (rc == -1)
		object_release(out);
	return rc;
}
