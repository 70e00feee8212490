/*
 * Manifests from text, files and folders.
 */
#include "lib/manifest.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

/* holds "KIND/NAME@LINE ..." or the message against want */
static void
parses(const char *text, enum manifest_flags flags, const char *want,
    const char *what)
{
	struct manifests m = { 0 };
	struct fault f = { 0 };
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 16);
	if (manifest_parse(&m, "t", text, strlen(text), flags, &f) != 0)
		buf_addf(&b, "%d %s", (int)f.code, f.msg);
	for (i = 0; f.code == 0 && i < m.n; i++)
		buf_addf(&b, "%s%s/%s@%lu", i > 0 ? " " : "",
		    json_str(m.v[i].object, "kind", NULL),
		    json_str(m.v[i].object, "metadata", "name", NULL),
		    m.v[i].line);
	tap_str(buf_str(&b), want, what);
	manifests_release(&m);
	buf_release(&b);
}

#define A "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
#define B "apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n"

static void
texts(void)
{
	parses(A "---\n" B, 0, "Pod/a@1 Secret/b@5", "two documents");
	parses("", 0, "", "nothing");
	parses("# only a comment\n---\n", 0, "", "a comment");
	parses("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n"
	       "  kind: Pod\n  metadata: {name: a}\n- apiVersion: v1\n"
	       "  kind: Secret\n  metadata: {name: b}\n",
	    0, "Pod/a@1 Secret/b@1", "a list");
	parses("apiVersion: v1\nkind: PodList\nitems:\n"
	       "- metadata: {name: a}\n",
	    0, "Pod/a@1", "a typed list");
	parses("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":"
	       "{\"name\":\"a\"}}",
	    0, "Pod/a@1", "JSON");
	parses(A "---\nkind: Pod\nmetadata: {name: a}\n", 0,
	    "2 t:5: Pod without apiVersion", "no apiVersion");
	parses("apiVersion: v1\nmetadata: {name: a}\n", 0,
	    "2 t:1: object without kind", "no kind");
	parses("apiVersion: v1\nkind: Pod\nmetadata: {}\n", 0,
	    "2 t:1: Pod without metadata.name", "no name");
	parses("apiVersion: v1\nkind: Pod\nmetadata: {name: y}\n", 0,
	    "2 t:1: metadata.name of this Pod is no string (quote it)",
	    "a name that YAML takes for a boolean");
	parses("- a\n", 0, "2 t:1: not an object", "a sequence");
	parses("a: 1\nb: [\n", 0,
	    "2 t:3: did not find expected node content (while parsing a flow "
	    "node)",
	    "malformed YAML has file and line");
	parses(A "# ${NOT_ME}\n  # ${NOR_ME}\n", 0, "Pod/a@1",
	    "placeholders in comments");
	parses(A "x: ${HERE}\n", 0, "2 t:4: placeholder ${HERE} has no value",
	    "a placeholder");
	parses(A "x: 'it # ${HERE}'\n", 0,
	    "2 t:4: placeholder ${HERE} has no value",
	    "a placeholder in quotes, behind a #");
	parses(A "x: don't ${HERE}\n", 0,
	    "2 t:4: placeholder ${HERE} has no value",
	    "a placeholder behind an apostrophe");
	parses("apiVersion: v1\nkind: Pod\nmetadata: {name: ${NAME}}\n", 0,
	    "2 t:3: placeholder ${NAME} has no value",
	    "a placeholder that breaks the YAML");
	parses(A "x: ${HERE}\n", MANIFEST_PLACEHOLDERS, "Pod/a@1",
	    "placeholders allowed");
	parses(A "x: ${lower} $HOME $(VAR) ${1} ${}\n", 0, "Pod/a@1",
	    "what is no placeholder");
	parses(A "x: ${A", 0, "Pod/a@1", "cut off at the end");
}

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	out = fopen(path, "w");
	if (out == NULL)
		return;
	fputs(text, out);
	fclose(out);
}

static void
folders(void)
{
	char dir[] = "/tmp/manifest.XXXXXX", sub[64];
	struct manifests m = { 0 };
	struct fault f = { 0 };
	char name[300];

	if (mkdtemp(dir) == NULL)
		return;
	snprintf(sub, sizeof sub, "%s/sub", dir);
	mkdir(sub, 0700);
	tap_ok(manifest_read(&m, dir, 0, &f) == -1 && f.code == FAULT_INPUT,
	    "an empty folder");
	write_file(dir, "2.yml", A);
	write_file(dir, "1.yaml", B);
	write_file(dir, "README", "{");
	write_file(sub, "x.json", A);
	tap_ok(manifest_read(&m, dir, 0, &f) == 0 && m.n == 2 &&
		   strcmp(json_str(m.v[0].object, "kind", NULL), "Secret") == 0,
	    "a folder in the order of names");
	manifests_release(&m);
	tap_ok(manifest_read(&m, dir, MANIFEST_RECURSIVE, &f) == 0 && m.n == 3,
	    "a folder with its folders");
	snprintf(name, sizeof name, "%s/x.json", sub);
	tap_str(m.n == 3 ? m.v[2].source : "", name, "sources");
	manifests_release(&m);
	unlink(name);
	snprintf(name, sizeof name, "%s/none.yaml", dir);
	tap_ok(manifest_read(&m, name, 0, &f) == -1 && f.code == FAULT_INPUT &&
		   strstr(f.msg, "none.yaml") != NULL,
	    "a missing file");
	manifests_release(&m);
	for (const char *const *p =
		 (const char *const[]){ "1.yaml", "2.yml", "README", NULL };
	     *p != NULL; p++) {
		snprintf(name, sizeof name, "%s/%s", dir, *p);
		unlink(name);
	}
	rmdir(sub);
	rmdir(dir);
}

int
main(void)
{
	texts();
	folders();
	return tap_end();
}
