/*
 * --diff: what applying changes, as diff(1) tells it.  The texts go by pipe
 * and by memory, never by a file, and values of Secrets are only said to
 * differ.
 */
#include <sys/mman.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "lib/child.h"
#include "tool.h"

#define DIFF_MS 10000

cJSON *
object_content(const cJSON *object)
{
	static const char *const counts[] = { "managedFields",
		"resourceVersion", "generation", NULL };
	cJSON *copy = cJSON_Duplicate(object, 1);
	int i;

	for (i = 0; counts[i] != NULL; i++)
		cJSON_DeleteItemFromObjectCaseSensitive(
		    json_at(copy, "metadata", NULL), counts[i]);
	return copy;
}

static void
mask(cJSON *data, const cJSON *other, const char *differs)
{
	cJSON *m;

	cJSON_ArrayForEach(m, data) {
		const char *that = json_str(other, m->string, NULL);
		const char *stars = "***";

		if (!cJSON_IsString(m))
			continue;
		if (that == NULL || strcmp(that, m->valuestring) != 0)
			stars = differs;
		/* replaced in place: the list that is walked stays whole */
		cJSON_free(m->valuestring);
		m->valuestring = strdup(stars);
	}
}

/* kubectl's client-side apply keeps the whole object in an annotation. */
static void
drop_last_applied(cJSON *object)
{
	cJSON_DeleteItemFromObjectCaseSensitive(
	    json_at(object, "metadata", "annotations", NULL),
	    "kubectl.kubernetes.io/last-applied-configuration");
}

static void
mask_secret(cJSON *before, cJSON *after)
{
	cJSON *old = json_at(before, "data", NULL);
	cJSON *new = json_at(after, "data", NULL);
	cJSON *kept = cJSON_Duplicate(old, 1);

	mask(old, new, "*** (before)");
	mask(new, kept, "*** (after)");
	cJSON_Delete(kept);
	drop_last_applied(before);
	drop_last_applied(after);
}

/* The object on many lines, nothing when there is none: 0 or -1. */
static int
print(const cJSON *object, struct buf *text, struct fault *f)
{
	char *printed;

	if (object == NULL)
		return 0;
	printed = cJSON_Print(object);
	if (printed == NULL)
		return fault_nomem(f);
	buf_addf(text, "%s\n", printed);
	free(printed);
	return buf_check(text, "diff", f);
}

/* A descriptor of memory that holds the text, or -1. */
static int
memory(const struct buf *text, struct fault *f)
{
	int fd = memfd_create("diff", MFD_CLOEXEC);

	if (fd == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "diff");
	if (buf_write_fd(text, fd) == 0)
		return fd;
	fault_sys(f, FAULT_UNSURE, errno, "diff");
	close(fd);
	return -1;
}

static int
run_diff(
    const char *name, const cJSON *before, const cJSON *after, struct fault *f)
{
	char old[64], label[2][600];
	const char *argv[] = { "diff", "-u", "--label", label[0], "--label",
		label[1], old, "-", NULL };
	struct buf text, new, out;
	int fd = -1, status = 0, rc = -1;

	buf_init(&text, MANIFEST_MAX);
	buf_init(&new, MANIFEST_MAX);
	buf_init(&out, MANIFEST_MAX);
	if (print(before, &text, f) != 0 || print(after, &new, f) != 0)
		goto out;
	fd = memory(&text, f);
	if (fd == -1)
		goto out;
	snprintf(old, sizeof old, "/proc/%ld/fd/%d", (long)getpid(), fd);
	snprintf(label[0], sizeof label[0], "%s (as it is)", name);
	snprintf(label[1], sizeof label[1], "%s (applied)", name);
	if (child_filter(argv, &new, &out, NULL, DIFF_MS, &status, f) != 0)
		goto out;
	if (status > 1) {
		fault_set(f, FAULT_UNSURE, "diff: exit status %d", status);
		goto out;
	}
	fputs(buf_str(&out), stderr);
	rc = 0;
out:
	if (fd != -1)
		close(fd);
	buf_release(&text);
	buf_release(&new);
	buf_release(&out);
	return rc;
}

int
diff_print(struct object *o, struct fault *f)
{
	cJSON *before, *after;
	char name[512];
	int rc;

	if (o->after == NULL || o->result == R_UNCHANGED)
		return 0;
	before = o->before != NULL ? object_content(o->before) : NULL;
	after = object_content(o->after);
	if (strcmp(o->kind.kind, "Secret") == 0 && o->kind.group[0] == '\0')
		mask_secret(before, after);
	report_progress(o->run, 1);
	rc = run_diff(object_name(o, name, sizeof name), before, after, f);
	cJSON_Delete(before);
	cJSON_Delete(after);
	return rc;
}
