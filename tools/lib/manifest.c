/*
 * Manifests: see manifest.h.  Placeholders are looked for in the text, before
 * it is parsed, since an unquoted ${NAME} may also be what breaks the YAML;
 * comments are passed over.  Files are read whole: the largest manifests are
 * a few megabytes.
 */
#include "manifest.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "yaml.h"

#define FOLDERS_DEEP 32

/* Where a line's comment starts: a # behind a blank, outside quotes. */
static const char *
comment(const char *s, const char *end)
{
	const char *p;
	char quote = '\0';

	for (p = s; p < end; p++) {
		if (quote != '\0') {
			if (*p == '\\' && quote == '"')
				p++;
			else if (*p == quote)
				quote = '\0';
		} else if (*p == '#' &&
			   (p == s || p[-1] == ' ' || p[-1] == '\t'))
			return p;
		/* an apostrophe within a word is no quote */
		else if ((*p == '"' || *p == '\'') &&
			 (p == s || strchr(" \t[{,:", p[-1]) != NULL))
			quote = *p;
	}
	return end;
}

/* Bytes of the name in ${NAME} at s, 0 when there is none before end. */
static size_t
placeholder(const char *s, const char *end)
{
	const char *p = s + 2;

	if (end - s < 4 || s[0] != '$' || s[1] != '{' ||
	    isdigit((unsigned char)*p))
		return 0;
	while (p < end && (isupper((unsigned char)*p) || *p == '_' ||
			      isdigit((unsigned char)*p)))
		p++;
	return p < end && *p == '}' ? (size_t)(p - s - 2) : 0;
}

static int
check_placeholders(
    const char *source, const char *text, size_t len, struct fault *f)
{
	const char *s = text, *end = text + len, *eol, *stop;
	unsigned long line = 1;
	size_t n;

	for (; s < end; s = eol + 1, line++) {
		eol = memchr(s, '\n', (size_t)(end - s));
		if (eol == NULL)
			eol = end;
		stop = comment(s, eol);
		for (; s < stop; s++) {
			n = placeholder(s, stop);
			if (n > 0)
				return fault_set(f, FAULT_INPUT,
				    "%s:%lu: placeholder ${%.*s} has no value",
				    source, line, (int)n, s + 2);
		}
	}
	return 0;
}

static int
add(struct manifests *m, cJSON *object, const char *source, unsigned long line,
    struct fault *f)
{
	struct manifest *v = reallocarray(m->v, m->n + 1, sizeof *v);

	if (v == NULL) {
		cJSON_Delete(object);
		return fault_nomem(f);
	}
	m->v = v;
	m->v[m->n++] = (struct manifest){ object, source, line };
	return 0;
}

static int
check_object(const cJSON *object, const char *source, unsigned long line,
    struct fault *f)
{
	const char *missing = NULL, *s;

	if (!cJSON_IsObject(object))
		return fault_set(
		    f, FAULT_INPUT, "%s:%lu: not an object", source, line);
	s = json_str(object, "metadata", "name", NULL);
	if (s == NULL || *s == '\0')
		missing = "metadata.name";
	s = json_str(object, "kind", NULL);
	if (s == NULL || *s == '\0')
		missing = "kind";
	s = json_str(object, "apiVersion", NULL);
	if (s == NULL || *s == '\0')
		missing = "apiVersion";
	if (missing == NULL)
		return 0;
	s = json_str(object, "kind", NULL);
	if (s == NULL || *s == '\0')
		s = "object";
	/* `name: y` and `name: 12` are a boolean and a number to YAML */
	if (strcmp(missing, "metadata.name") == 0 &&
	    json_at(object, "metadata", "name", NULL) != NULL)
		return fault_set(f, FAULT_INPUT,
		    "%s:%lu: metadata.name of this %s is no string (quote it)",
		    source, line, s);
	if (strcmp(missing, "metadata.name") == 0 &&
	    json_at(object, "metadata", "generateName", NULL) != NULL)
		return fault_set(f, FAULT_INPUT,
		    "%s:%lu: %s with generateName, but without a name of its "
		    "own to be known by",
		    source, line, s);
	return fault_set(
	    f, FAULT_INPUT, "%s:%lu: %s without %s", source, line, s, missing);
}

/* Items of a typed list (PodList) need not say what they are. */
static int
complete_item(cJSON *item, const cJSON *list)
{
	const char *kind = json_str(list, "kind", NULL);
	const char *api = json_str(list, "apiVersion", NULL);
	char text[128];
	size_t n = strlen(kind) - strlen("List");

	if (!cJSON_IsObject(item) || n == 0 || n >= sizeof text)
		return 0;
	snprintf(text, sizeof text, "%.*s", (int)n, kind);
	if (json_at(item, "kind", NULL) == NULL &&
	    json_set_str(item, "kind", text) != 0)
		return -1;
	if (json_at(item, "apiVersion", NULL) == NULL && api != NULL &&
	    json_set_str(item, "apiVersion", api) != 0)
		return -1;
	return 0;
}

static int
is_list(const cJSON *object)
{
	const char *kind = json_str(object, "kind", NULL);
	size_t n = kind != NULL ? strlen(kind) : 0;

	return n >= 4 && strcmp(kind + n - 4, "List") == 0 &&
	       cJSON_IsArray(json_at(object, "items", NULL));
}

/* Takes document (owned) apart into objects. */
static int
take(struct manifests *m, cJSON *document, const char *source,
    unsigned long line, struct fault *f)
{
	cJSON *items, *item;
	int rc = 0;

	if (!is_list(document)) {
		if (check_object(document, source, line, f) == 0)
			return add(m, document, source, line, f);
		cJSON_Delete(document);
		return -1;
	}
	items = json_at(document, "items", NULL);
	while (rc == 0 && (item = cJSON_DetachItemFromArray(items, 0)) != NULL)
		if (complete_item(item, document) != 0) {
			cJSON_Delete(item);
			rc = fault_nomem(f);
		} else
			rc = take(m, item, source, line, f);
	cJSON_Delete(document);
	return rc;
}

/* A copy of the source's name that lives as long as the list. */
static const char *
keep_source(struct manifests *m, const char *source, struct fault *f)
{
	char **v = reallocarray(m->sources, m->sources_n + 1, sizeof *v);
	char *copy;

	if (v != NULL)
		m->sources = v;
	copy = v != NULL ? strdup(source) : NULL;
	if (copy == NULL) {
		fault_nomem(f);
		return NULL;
	}
	return m->sources[m->sources_n++] = copy;
}

int
manifest_parse(struct manifests *m, const char *source, const char *text,
    size_t len, enum manifest_flags flags, struct fault *f)
{
	struct yaml_docs docs = { 0 };
	const char *name = keep_source(m, source, f);
	int rc = 0;
	size_t i;

	if (name == NULL)
		return -1;
	if ((flags & MANIFEST_PLACEHOLDERS) == 0 &&
	    check_placeholders(name, text, len, f) != 0)
		return -1;
	if (yaml_read(text, len, &docs, f) != 0) {
		struct fault why = *f;

		/* "line 3: reason" becomes "FILE:3: reason" */
		if (strncmp(why.msg, "line ", 5) == 0)
			return fault_set(
			    f, why.code, "%s:%s", name, why.msg + 5);
		return fault_prefix(f, "%s", name);
	}
	for (i = 0; rc == 0 && i < docs.n; i++) {
		cJSON *v = docs.v[i].value;

		docs.v[i].value = NULL;
		rc = take(m, v, name, docs.v[i].line, f);
	}
	yaml_docs_release(&docs);
	return rc;
}

static int
read_file(struct manifests *m, const char *path, enum manifest_flags flags,
    struct fault *f)
{
	struct buf b;
	int rc;

	buf_init(&b, MANIFEST_MAX);
	rc = buf_read_file(&b, path, f);
	if (rc == 0)
		rc = manifest_parse(m, strcmp(path, "-") == 0 ? "stdin" : path,
		    buf_str(&b), b.len, flags, f);
	buf_release(&b);
	return rc;
}

static int
has_suffix(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
		   strcmp(dot, ".json") == 0);
}

static int
wanted(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int
read_folder(struct manifests *m, const char *path, unsigned depth,
    enum manifest_flags flags, struct fault *f)
{
	struct dirent **names = NULL;
	int i, n, rc = 0;

	if (depth > FOLDERS_DEEP)
		return fault_set(
		    f, FAULT_INPUT, "%s: folders nested too deep", path);
	n = scandir(path, &names, wanted, alphasort);
	if (n == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", path);
	for (i = 0; i < n; i++) {
		struct stat st;
		char *p = NULL;

		if (rc == 0 &&
		    asprintf(&p, "%s/%s", path, names[i]->d_name) == -1)
			rc = fault_nomem(f);
		else if (rc == 0 && stat(p, &st) == -1)
			rc = fault_sys(f, FAULT_UNSURE, errno, "%s", p);
		else if (rc == 0 && S_ISDIR(st.st_mode)) {
			if (flags & MANIFEST_RECURSIVE)
				rc = read_folder(m, p, depth + 1, flags, f);
		} else if (rc == 0 && has_suffix(names[i]->d_name))
			rc = read_file(m, p, flags, f);
		free(p);
		free(names[i]);
	}
	free(names);
	return rc;
}

int
manifest_read(struct manifests *m, const char *path, enum manifest_flags flags,
    struct fault *f)
{
	size_t before = m->n;
	struct stat st = { 0 };
	int there = strcmp(path, "-") == 0 || stat(path, &st) == 0;

	if (!there && (strncmp(path, "http://", 7) == 0 ||
			  strncmp(path, "https://", 8) == 0))
		return fault_set(f, FAULT_INPUT,
		    "%s: not a file; `curl -fsSL' fetches it, `-f -' reads it",
		    path);
	if (!S_ISDIR(st.st_mode))
		return read_file(m, path, flags, f);
	if (read_folder(m, path, 0, flags, f) != 0)
		return -1;
	if (m->n == before)
		return fault_set(f, FAULT_INPUT,
		    "%s: no manifests (*.yaml, *.yml, *.json) in this folder",
		    path);
	return 0;
}

void
manifests_release(struct manifests *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		cJSON_Delete(m->v[i].object);
	for (i = 0; i < m->sources_n; i++)
		free(m->sources[i]);
	free(m->sources);
	free(m->v);
	*m = (struct manifests){ 0 };
}
