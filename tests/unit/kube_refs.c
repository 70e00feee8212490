/* References: operands, apply records, selectors. */
#include <stdlib.h>

#include "lib/kube_refs.h"
#include "tap.h"

static void
bad_arg(const char *arg, const char *kind, const char *want)
{
	struct kube_refs refs = { 0 };
	struct fault f = { 0 };

	tap_ok(kube_refs_parse_arg(&refs, arg, kind, &f) == -1 &&
		   f.code == FAULT_INPUT && refs.n == 0,
	    "\"%s\" is refused", arg);
	tap_str(f.msg, want, "and told");
	kube_refs_release(&refs);
}

static void
test_args(void)
{
	struct kube_refs refs = { 0 };
	struct fault f = { 0 };

	tap_ok(kube_refs_parse_arg(&refs, "deploy/web", NULL, &f) == 0 &&
		   kube_refs_parse_arg(&refs, "web-0", "pods", &f) == 0 &&
		   kube_refs_parse_arg(&refs, "sts.apps/db", "pods", &f) == 0 &&
		   refs.n == 3,
	    "operands");
	tap_str(refs.v[0].kind, "deploy", "KIND");
	tap_str(refs.v[0].name, "web", "NAME");
	tap_ok(refs.v[0].api_version == NULL && refs.v[0].ns == NULL,
	    "nothing else is known");
	tap_str(refs.v[1].kind, "pods", "a bare name's kind");
	tap_str(refs.v[2].kind, "sts.apps", "a kind with its group");
	kube_refs_release(&refs);
	bad_arg("web", NULL, "web: not KIND/NAME");
	bad_arg("/web", NULL, "/web: not KIND/NAME");
	bad_arg("deploy/", NULL, "deploy/: not KIND/NAME");
	bad_arg("a/b/c", NULL, "a/b/c: not KIND/NAME");
	bad_arg("", "pods", ": not NAME or KIND/NAME");
}

static int
read_text(struct kube_refs *refs, const char *text, struct fault *f)
{
	FILE *in = fmemopen((void *)text, strlen(text), "r");
	int r;

	if (in == NULL)
		return -2;
	r = kube_refs_read(refs, in, "in.jsonl", f);
	fclose(in);
	return r;
}

static void
test_records(void)
{
	static const char nul[] = { '\0', '\n' };
	struct kube_refs refs = { 0 };
	struct fault f = { 0 };
	FILE *in;

	tap_ok(read_text(&refs,
		   "{\"type\":\"stage\",\"name\":\"x\"}\n\n"
		   "{\"type\":\"apply\",\"apiVersion\":\"apps/v1\",\"kind\":"
		   "\"Deployment\",\"namespace\":\"n\",\"name\":\"web\","
		   "\"result\":\"created\"}\n"
		   "{\"type\":\"apply\",\"kind\":\"Pod\",\"name\":\"bad\","
		   "\"result\":\"failed\"}\n"
		   "{\"type\":\"apply\",\"apiVersion\":\"v1\",\"kind\":"
		   "\"Namespace\",\"name\":\"n\",\"result\":\"unchanged\"}",
		   &f) == 0 &&
		   refs.n == 2,
	    "apply records; others and failed ones are passed over");
	tap_str(refs.v[0].api_version, "apps/v1", "version");
	tap_str(refs.v[0].ns, "n", "namespace");
	tap_ok(refs.v[1].ns == NULL, "none");
	kube_refs_release(&refs);
	tap_ok(read_text(&refs, "{\"type\":\"stage\"}\n{oops\n", &f) == -1 &&
		   f.code == FAULT_INPUT &&
		   strncmp(f.msg, "in.jsonl:2: ", 12) == 0,
	    "malformed: %s", f.msg);
	tap_ok(read_text(
		   &refs, "{\"type\":\"apply\",\"kind\":\"Pod\"}\n", &f) == -1,
	    "no name");
	tap_str(f.msg, "in.jsonl:1: an apply record without kind and name",
	    "is told");
	tap_ok(read_text(&refs, "[1]\n", &f) == -1, "no record");
	in = fmemopen((void *)nul, sizeof(nul), "r");
	tap_ok(in != NULL && kube_refs_read(&refs, in, "in.jsonl", &f) == -1 &&
		   f.code == FAULT_INPUT,
	    "a NUL byte is no blank line: %s", f.msg);
	if (in != NULL)
		fclose(in);
	kube_refs_release(&refs);
}

static void
selector(const char *json, const char *want)
{
	cJSON *v = json_parse(json, strlen(json), NULL);
	struct buf b;
	int r;

	buf_init(&b, 1000);
	r = kube_selector_text(&b, v);
	tap_str(r == 0 ? buf_str(&b) : NULL, want, json);
	buf_release(&b);
	cJSON_Delete(v);
}

int
main(void)
{
	test_args();
	test_records();
	selector("{\"matchLabels\":{\"a\":\"b\",\"c\":\"d\"}}", "a=b,c=d");
	selector("{\"a\":\"b\"}", "a=b");
	selector("{\"matchLabels\":{\"a\":\"b\"},\"matchExpressions\":["
		 "{\"key\":\"k\",\"operator\":\"In\",\"values\":[\"x\",\"y\"]},"
		 "{\"key\":\"n\",\"operator\":\"NotIn\",\"values\":[\"z\"]},"
		 "{\"key\":\"e\",\"operator\":\"Exists\"},"
		 "{\"key\":\"m\",\"operator\":\"DoesNotExist\"}]}",
	    "a=b,k in (x,y),n notin (z),e,!m");
	selector("{}", NULL);
	selector("{\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"Gt\"}]}",
	    NULL);
	return tap_end();
}
