/*
 * What runs for an image name: see image.h.  The files are small and read
 * once; what costs time (the version command) runs when an image is first
 * used.
 */
#include "k8s-noded/image.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/path.h"
#include "lib/buf.h"
#include "lib/child.h"

#define IMAGE_JSON_MAX (1 << 20)
#define IMAGE_VERSION_MS 3000

struct entry {
	struct entry *next;
	char *name, *dir;
	cJSON *json;
	struct image image;
	int resolved; /* image holds the variant that runs here */
};

struct images {
	const char *const *dirs;
	size_t n;
	const char *bin;
	struct entry *entries; /* in order of search */
};

static void
entries_free(struct entry *e)
{
	struct entry *next;

	for (; e != NULL; e = next) {
		next = e->next;
		cJSON_Delete(e->json);
		free(e->name);
		free(e->dir);
		free(e);
	}
}

/* Reads DIR/NAME/image.json: an entry, or NULL (no such file: no fault). */
static struct entry *
entry_load(const char *dir, const char *name, struct fault *f)
{
	struct entry *e = NULL;
	struct buf b;
	char path[PATH_MAX], real[PATH_MAX];
	struct fault why = { 0 };

	buf_init(&b, IMAGE_JSON_MAX);
	path_make(path, "%s/%s/image.json", dir, name);
	if (access(path, F_OK) != 0)
		goto out;
	e = calloc(1, sizeof(*e));
	if (e == NULL) {
		fault_nomem(f);
		goto out;
	}
	if (buf_read_file(&b, path, f) != 0)
		goto bad;
	e->json = json_parse(buf_str(&b), b.len, &why);
	if (!cJSON_IsObject(e->json) ||
	    !cJSON_IsArray(json_at(e->json, "variants", NULL))) {
		fault_set(f, FAULT_INPUT, "%s: %s", path,
		    e->json == NULL ? why.msg : "no object with variants");
		goto bad;
	}
	path[strlen(path) - strlen("/image.json")] = '\0';
	if (realpath(path, real) == NULL) {
		fault_sys(f, FAULT_INPUT, errno, "%s", path);
		goto bad;
	}
	e->name = strdup(name);
	e->dir = strdup(real);
	if (e->name != NULL && e->dir != NULL)
		goto out;
	fault_nomem(f);
bad:
	entries_free(e);
	e = NULL;
out:
	buf_release(&b);
	return e;
}

static int
visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Reads all folders anew; entries that are known are kept as they are. */
static int
images_scan(struct images *im, struct fault *f)
{
	struct entry *old = im->entries, *e, **tail = &im->entries, **o;
	struct dirent **names;
	char dir[PATH_MAX];
	int n, k, status = 0;
	size_t i;

	im->entries = NULL;
	for (i = 0; i < im->n; i++) {
		n = scandir(im->dirs[i], &names, visible, alphasort);
		for (k = 0; k < n; k++) {
			path_make(dir, "%s/%s", im->dirs[i], names[k]->d_name);
			e = status == 0 ?
				entry_load(im->dirs[i], names[k]->d_name, f) :
				NULL;
			if (e == NULL && f->code != FAULT_NONE)
				status = -1;
			free(names[k]);
			if (e == NULL)
				continue;
			/* pods hold pointers into what was there before */
			for (o = &old; *o != NULL; o = &(*o)->next)
				if (strcmp((*o)->dir, e->dir) == 0)
					break;
			if (*o != NULL) {
				entries_free(e);
				e = *o;
				*o = e->next;
				e->next = NULL;
			}
			*tail = e;
			tail = &e->next;
		}
		if (n >= 0)
			free(names);
	}
	*tail = old;
	return status;
}

struct images *
images_new(const char *const *dirs, size_t n, const char *bin, struct fault *f)
{
	struct images *im = calloc(1, sizeof(*im));

	if (im == NULL) {
		fault_nomem(f);
		return NULL;
	}
	im->dirs = dirs;
	im->bin = bin;
	im->n = n;
	return im;
}

void
images_free(struct images *im)
{
	if (im == NULL)
		return;
	entries_free(im->entries);
	free(im);
}

int
image_matches(const char *pattern, const char *ref)
{
	const char *slash = strrchr(ref, '/');
	char with[1024];

	if (fnmatch(pattern, ref, 0) == 0)
		return 1;
	if (strchr(slash != NULL ? slash : ref, ':') != NULL ||
	    strchr(ref, '@') != NULL)
		return 0;
	snprintf(with, sizeof(with), "%s:latest", ref);
	return fnmatch(pattern, with, 0) == 0;
}

static int
entry_matches(const struct entry *e, const char *ref)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, json_at(e->json, "match", NULL))
		if (cJSON_IsString(m) && image_matches(m->valuestring, ref))
			return 1;
	return 0;
}

/*
 * Where a container's path is on the host: /inttest/bin and /image are bound
 * there, all else that an image names is the machine's.
 */
static void
host_path(char *out, const struct entry *e, const char *bin, const char *path)
{
	if (strncmp(path, "/inttest/bin/", 13) == 0)
		path_make(out, "%s/%s", bin, path + 13);
	else if (strncmp(path, "/image/", 7) == 0)
		path_make(out, "%s/%s", e->dir, path + 7);
	else
		path_make(out, "%s", path);
}

/* 1 when program is an executable on PATH, or a file when absolute. */
static int
present(const struct entry *e, const char *bin, const char *program)
{
	const char *path = getenv("PATH"), *p, *end;
	char file[PATH_MAX];
	if (strchr(program, '/') != NULL) {
		host_path(file, e, bin, program);
		return access(file, F_OK) == 0;
	}
	if (path_make(file, "%s/%s", bin, program) == 0 &&
	    access(file, X_OK) == 0)
		return 1;
	if (path == NULL)
		path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
	for (p = path; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = strchrnul(p, ':');
		path_make(file, "%.*s/%s", (int)(end - p), p, program);
		if (access(file, X_OK) == 0)
			return 1;
	}
	return 0;
}

/* The first program of a variant that is missing, or NULL. */
static const char *
missing(const struct entry *e, const char *bin, const cJSON *variant)
{
	const cJSON *r;

	cJSON_ArrayForEach(r, json_at(variant, "requires", NULL))
		if (cJSON_IsString(r) && !present(e, bin, r->valuestring))
			return r->valuestring;
	return NULL;
}

/* sandbox://NAME/VERSION: what really runs, for containerStatuses. */
static void
identify(struct entry *e, const char *bin)
{
	const cJSON *version = json_at(e->image.variant, "version", NULL);
	const char *argv[16];
	char program[PATH_MAX];
	struct buf out;
	const cJSON *a;
	size_t n = 0, len;
	int status;

	buf_init(&out, 65536);
	cJSON_ArrayForEach(a, version)
		if (cJSON_IsString(a) && n + 1 < 16)
			argv[n++] = a->valuestring;
	argv[n] = NULL;
	if (n > 0 && *argv[0] == '/') {
		host_path(program, e, bin, argv[0]);
		argv[0] = program;
	}
	if (n == 0 ||
	    child_run(argv, &out, IMAGE_VERSION_MS, &status, NULL) != 0 ||
	    status != 0)
		buf_clear(&out);
	len = strcspn(buf_str(&out), "\r\n");
	snprintf(e->image.id, sizeof(e->image.id), "sandbox://%s%s%.*s",
	    e->name, len > 0 ? "/" : "", (int)len, buf_str(&out));
	buf_release(&out);
}

/* Chooses the variant that can run here. */
static int
entry_resolve(
    struct entry *e, const char *ref, const char *bin, struct fault *f)
{
	char lacking[512] = "";
	const char *program;
	const cJSON *v;
	size_t n;

	cJSON_ArrayForEach(v, json_at(e->json, "variants", NULL)) {
		program = missing(e, bin, v);
		if (program == NULL) {
			e->image.name = e->name;
			e->image.dir = e->dir;
			e->image.variant = v;
			e->resolved = 1;
			identify(e, bin);
			return 0;
		}
		n = strlen(lacking);
		snprintf(lacking + n, sizeof(lacking) - n, "%s%s",
		    n > 0 ? ", " : "", program);
	}
	return fault_set(f, FAULT_NO,
	    "%s: the sandbox's image %s needs a program that is not "
	    "installed: %s",
	    ref, e->name, *lacking != '\0' ? lacking : "(no variant)");
}

static struct entry *
lookup(const struct images *im, const char *ref)
{
	struct entry *e;

	for (e = im->entries; e != NULL; e = e->next)
		if (entry_matches(e, ref))
			return e;
	return NULL;
}

int
images_find(struct images *im, const char *ref, const struct image **out,
    struct fault *f)
{
	struct entry *e = lookup(im, ref);
	char where[512] = "";
	size_t i, n;

	if (e == NULL) {
		f->code = FAULT_NONE;
		if (images_scan(im, f) != 0)
			return -1;
		e = lookup(im, ref);
	}
	if (e == NULL) {
		for (i = 0; i < im->n; i++) {
			n = strlen(where);
			snprintf(where + n, sizeof(where) - n, "%s%s",
			    i > 0 ? ", " : "", im->dirs[i]);
		}
		return fault_set(f, FAULT_NO,
		    "%s: not found: no image.json in %s matches it", ref,
		    where);
	}
	if (!e->resolved && entry_resolve(e, ref, im->bin, f) != 0)
		return -1;
	*out = &e->image;
	return 0;
}

/* One component between slashes: lower case, digits, single separators. */
static int
component_valid(const char *s, size_t n, const char **why)
{
	size_t i;

	if (n == 0 || !isalnum((unsigned char)s[0]) ||
	    !isalnum((unsigned char)s[n - 1])) {
		*why = "invalid reference format";
		return 0;
	}
	for (i = 0; i < n; i++) {
		if (isupper((unsigned char)s[i])) {
			*why = "invalid reference format: repository name "
			       "must be lowercase";
			return 0;
		}
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("._-", s[i]) == NULL) {
			*why = "invalid reference format";
			return 0;
		}
	}
	return 1;
}

int
image_valid(const char *s, const char **why)
{
	const char *at = strchrnul(s, '@');
	const char *end = at, *slash, *p, *next;
	size_t tag;
	int first = 1;

	*why = "invalid reference format";
	if (*s == '\0' || strlen(s) > 1000)
		return 0;
	if (*at == '@' && (strchr(at, ':') == NULL || at[1] == ':'))
		return 0;
	slash = memrchr(s, '/', (size_t)(at - s));
	p = memchr(slash != NULL ? slash : s, ':',
	    (size_t)(at - (slash != NULL ? slash : s)));
	if (p != NULL) {
		tag = (size_t)(at - p) - 1;
		if (tag == 0 || tag > 128 || p[1] == '.' || p[1] == '-')
			return 0;
		for (next = p + 1; next < at; next++)
			if (!isalnum((unsigned char)*next) &&
			    strchr("._-", *next) == NULL)
				return 0;
		end = p;
	}
	for (p = s; p <= end; p = next + 1) {
		next = memchr(p, '/', (size_t)(end - p));
		if (next == NULL)
			next = end;
		/* a registry may have a port and upper case letters */
		if (!(first && next < end &&
			memchr(p, ':', (size_t)(next - p)) != NULL) &&
		    !component_valid(p, (size_t)(next - p), why))
			return 0;
		first = 0;
	}
	return 1;
}
