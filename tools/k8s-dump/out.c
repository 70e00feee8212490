/*
 * Where a dump goes: records on standard output, or a folder for people:
 *   events.jsonl   objects/RESOURCE[.GROUP]_NAME.json
 *   logs/POD_CONTAINER.log   logs/POD_CONTAINER.previous.log
 * A dump is kept as evidence and passed around: values of Secrets are left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump.h"
#include "lib/clock.h"
#include "lib/digest.h"
#include "lib/kube_event.h"
#include "lib/kube_status.h"
#include "tool.h"

#define HASH 16 /* letters of a hash that tells names apart */
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static void
failed(struct dump *d, const char *name)
{
	if (!d->failed)
		tool_warn("%s: %s", name,
		    errno != 0 ? strerror(errno) : "write failed");
	d->failed = 1;
	d->status = tool_worse(d->status, FAULT_UNSURE);
}

/* The same for a record that could not be written. */
static void
lost(struct dump *d, struct fault *f)
{
	if (!d->failed && d->dir != NULL)
		fault_prefix(f, "%s/events.jsonl", d->dir);
	if (!d->failed)
		d->status = tool_worse(d->status, tool_fault(f));
	d->failed = 1;
}

/* It may be there: a run that fails twice dumps into the same folder. */
static int
make_folder(const char *path, struct fault *f)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return fault_sys(f, FAULT_UNSURE, errno, "%s", path);
}

/*
 * The names of objects may be as long as those of files, and more belongs into
 * a file's: one that is too long is cut, and told apart by a hash of it all.
 */
static void
shorten(char *name)
{
	char *slash = strrchr(name, '/');
	char *last = slash != NULL ? slash + 1 : name;
	const char *dot = strrchr(last, '.');
	char hash[DIGEST_SHA256_HEX], end[HASH + 16];

	if (strlen(last) <= NAME_MAX || dot == NULL ||
	    digest_sha256_hex(last, strlen(last), hash, NULL) != 0)
		return;
	snprintf(end, sizeof(end), "~%.*s%.10s", HASH, hash, dot);
	snprintf(last + NAME_MAX - strlen(end), sizeof(end), "%s", end);
}

/* A file of the folder, for its owner alone: it holds configuration. */
static FILE *
create(struct dump *d, char *name)
{
	FILE *file = NULL;
	struct buf path;
	int fd;

	shorten(name);
	buf_init(&path, 8192);
	buf_addf(&path, "%s/%s", d->dir, name);
	if (path.failed) {
		errno = ENAMETOOLONG;
	} else {
		fd = open(buf_str(&path),
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		file = fd != -1 ? fdopen(fd, "w") : NULL;
		if (file == NULL && fd != -1)
			close(fd);
	}
	if (file == NULL)
		failed(d, buf_str(&path));
	buf_release(&path);
	return file;
}

static void
finish(struct dump *d, FILE *file, const char *name)
{
	int bad = ferror(file);

	if (fclose(file) != 0 || bad)
		failed(d, name);
}

int
out_open(struct dump *d, struct fault *f)
{
	char events[] = "events.jsonl";
	struct buf path;
	int r;

	if (d->dir == NULL)
		return 0;
	buf_init(&path, 4096);
	buf_addf(&path, "%s/objects", d->dir);
	r = make_folder(d->dir, f);
	if (r == 0)
		r = make_folder(buf_str(&path), f);
	buf_clear(&path);
	buf_addf(&path, "%s/logs", d->dir);
	if (r == 0)
		r = make_folder(buf_str(&path), f);
	buf_release(&path);
	if (r == 0 && (d->events = create(d, events)) == NULL)
		r = fault_set(f, FAULT_UNSURE, "%s: cannot be written", d->dir);
	return r;
}

void
out_close(struct dump *d)
{
	if (d->events != NULL)
		finish(d, d->events, "events.jsonl");
}

void
out_event(struct dump *d, const cJSON *event)
{
	const cJSON *about = json_at(event, "involvedObject", NULL);
	struct record *r = &d->record;
	struct fault f = { 0 };
	struct timespec at;
	char ts[CLOCK_TS_SIZE];
	int known = kube_event_time(event, &at) == 0;

	record_begin(r, "event");
	record_str(r, "kind", json_str(about, "kind", NULL));
	record_str(r, "namespace", d->ns);
	record_str(r, "name", json_str(about, "name", NULL));
	record_str(r, "severity", json_str(event, "type", NULL));
	record_str(r, "reason", json_str(event, "reason", NULL));
	record_str(r, "message", json_str(event, "message", NULL));
	record_int(r, "count", (long long)json_num(event, "count", 1));
	record_str(r, "ts", known ? clock_format(ts, &at, 0) : NULL);
	if (record_end(r, d->dir != NULL ? d->events : stdout, &f) != 0)
		lost(d, &f);
}

/* Keeps the keys of a Secret and nothing else of what it holds. */
static void
redact(cJSON *object)
{
	static const char *const maps[] = { "data", "stringData" };
	cJSON *value, *notes;
	size_t i;

	for (i = 0; i < 2; i++)
		cJSON_ArrayForEach(value, json_at(object, maps[i], NULL)) {
			if (cJSON_IsString(value))
				cJSON_SetValuestring(value, "(redacted)");
		}
	notes = json_at(object, "metadata", "annotations", NULL);
	cJSON_DeleteItemFromObjectCaseSensitive(notes, LAST_APPLIED);
}

/* Indented, as people read it; names of objects have no slashes. */
static void
write_file(struct dump *d, const struct kube_kind *kind, const cJSON *object)
{
	char name[700], *text = cJSON_Print(object);
	FILE *file;

	snprintf(name, sizeof(name), "objects/%s%s%s_%s.json", kind->resource,
	    kind->group[0] != '\0' ? "." : "", kind->group,
	    json_str(object, "metadata", "name", NULL));
	file = create(d, name);
	if (file != NULL) {
		if (text == NULL)
			errno = ENOMEM;
		if (text == NULL || fputs(text, file) < 0 ||
		    fputc('\n', file) < 0)
			failed(d, name);
		finish(d, file, name);
	}
	cJSON_free(text);
}

/* With k8s-wait's verdict in front, so that jq finds what is not well. */
static void
write_record(struct dump *d, const cJSON *object)
{
	static const char *const states[] = { "progressing", "ready", "failed",
		"doomed", "terminating" };
	struct kube_verdict v = kube_status(object);
	struct record *r = &d->record;
	struct fault f = { 0 };

	record_begin(r, "object");
	record_str(r, "apiVersion", json_str(object, "apiVersion", NULL));
	record_str(r, "kind", json_str(object, "kind", NULL));
	record_str(
	    r, "namespace", json_str(object, "metadata", "namespace", NULL));
	record_str(r, "name", json_str(object, "metadata", "name", NULL));
	record_str(r, "state", states[v.state]);
	record_str(r, "reason", v.reason);
	record_str(r, "message", v.message);
	record_json(r, "object", object);
	if (record_end(r, stdout, &f) != 0)
		lost(d, &f);
}

void
out_object(struct dump *d, const struct kube_kind *kind, cJSON *object)
{
	const char *name = json_str(object, "metadata", "name", NULL);

	if (name == NULL || strchr(name, '/') != NULL || d->failed)
		return;
	/* half of an object's text, and nothing to whoever looks for a fault */
	cJSON_DeleteItemFromObjectCaseSensitive(
	    json_at(object, "metadata", NULL), "managedFields");
	if (strcmp(kind->resource, "secrets") == 0 && kind->group[0] == '\0')
		redact(object);
	d->objects++;
	if (d->dir != NULL)
		write_file(d, kind, object);
	else
		write_record(d, object);
}

/* The file is made with the first line: no file, nothing was said. */
static void
write_line(struct out_log *l, const char *ts, const char *text, size_t n)
{
	char name[700];

	if (l->file == NULL) {
		snprintf(name, sizeof(name), "logs/%s_%s%s.log", l->pod,
		    l->container, l->previous ? ".previous" : "");
		l->file = create(l->d, name);
		if (l->file == NULL)
			return;
	}
	if (ts != NULL)
		fprintf(l->file, "%s ", ts);
	fwrite(text, 1, n, l->file);
	fputc('\n', l->file);
}

void
out_log_line(
    struct out_log *l, const struct timespec *at, const char *text, size_t n)
{
	struct record *r = &l->d->record;
	char ts[CLOCK_TS_SIZE];
	struct fault f = { 0 };

	if (l->d->failed)
		return;
	if (at != NULL)
		clock_format(ts, at, 0);
	if (l->d->dir != NULL) {
		write_line(l, at != NULL ? ts : NULL, text, n);
		return;
	}
	record_begin(r, "log");
	record_str(r, "pod", l->pod);
	record_str(r, "container", l->container);
	if (l->previous)
		record_bool(r, "previous", 1);
	record_str(r, "ts", at != NULL ? ts : NULL);
	record_strn(r, "line", text, n);
	if (record_end(r, stdout, &f) != 0)
		lost(l->d, &f);
}

void
out_log_close(struct out_log *l)
{
	if (l->file != NULL)
		finish(l->d, l->file, "logs");
	l->file = NULL;
}
