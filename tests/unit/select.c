/* Label and field selectors: what matches, what is refused and how. */
#include "k8s-apid/select.h"

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static const char pod[] =
    "{\"metadata\":{\"name\":\"web-0\",\"namespace\":\"demo\",\"labels\":"
    "{\"app\":\"web\",\"tier\":\"api\",\"empty\":\"\",\"n\":\"7\","
    "\"example.com/x\":\"y\"}},\"spec\":{\"nodeName\":\"node-a\"},"
    "\"status\":{\"phase\":\"Running\"}}";

static const struct {
	const char *text;
	int match; /* -1: refused */
} labels[] = {
	{ "", 1 },
	{ "  ", 1 },
	{ "app=web", 1 },
	{ "app==web", 1 },
	{ " app = web , tier = api ", 1 },
	{ "app=db", 0 },
	{ "app=web,tier=db", 0 },
	{ "app!=db", 1 },
	{ "app!=web", 0 },
	{ "other!=x", 1 },
	{ "app", 1 },
	{ "other", 0 },
	{ "!other", 1 },
	{ "! other", 1 },
	{ "!app", 0 },
	{ "app in (db,web)", 1 },
	{ "app in ( db , web )", 1 },
	{ "app in (db)", 0 },
	{ "app in ()", 0 },
	{ "app notin (db, cache)", 1 },
	{ "app notin (web)", 0 },
	{ "other notin (web)", 1 },
	{ "empty=", 1 },
	{ "app=", 0 },
	{ "other=", 0 },
	{ "example.com/x=y", 1 },
	{ "in in (in)", 0 },
	{ "n>6", 1 },
	{ "n > 7", 0 },
	{ "n<8", 1 },
	{ "app<8", 0 },
	{ "other<8", 0 },
	{ "app=web,tier in (api),!other,n!=8", 1 },
	{ "app in x", -1 },
	{ "app in (x", -1 },
	{ "app=web x", -1 },
	{ "app=web,", -1 },
	{ ",app", -1 },
	{ "!app=web", -1 },
	{ "=web", -1 },
	{ "app=$", -1 },
	{ "-app=web", -1 },
	{ "A/b=c", -1 },
	{ "/b=c", -1 },
	{ "a/=c", -1 },
	{ "n>x", -1 },
	{ "n>", -1 },
	{ "a=b=c", -1 },
	{ "()", -1 },
};

static const struct {
	const char *kind, *text;
	int match;
} fields[] = {
	{ "Pod", "", 1 },
	{ "Pod", "metadata.name=web-0", 1 },
	{ "Pod", "metadata.name==web-0,metadata.namespace=demo", 1 },
	{ "Pod", "metadata.name!=web-0", 0 },
	{ "Pod", "status.phase!=Succeeded,status.phase!=Failed", 1 },
	{ "Pod", "spec.nodeName=node-a", 1 },
	{ "Pod", "spec.nodeName=", 0 },
	{ "Pod", "spec.hostNetwork=false", 1 },
	{ "Pod", "status.podIP=", 1 },
	{ "Pod", "metadata.name=a\\,b", 0 },
	{ "Pod", "metadata.name", -1 },
	{ "Pod", "metadata.name!x", -1 },
	{ "Pod", "metadata.name=a=b", -1 },
	{ "Pod", "metadata.name=a\\x", -1 },
	{ "Pod", "metadata.name=a\\", -1 },
	{ "Pod", "spec", -1 },
	{ "Pod", "spec.node=x", -1 },
	{ "ConfigMap", "status.phase=x", -1 },
	{ "ConfigMap", "metadata.name=web-0", 1 },
	{ "Job", "status.successful=0", 1 },
};

static void
test_refused(void)
{
	struct fault f = { 0 };

	tap_ok(selector_labels("app in x", &f) == NULL && f.code == FAULT_INPUT,
	    "a refusal is malformed input");
	tap_str(f.msg, "unable to parse requirement: found 'x', expected: '('",
	    "what was found and expected");
	selector_fields("Pod", "foo=x", &f);
	tap_str(f.msg, "field label not supported: foo", "unknown field");
	alarm(10);
	selector_fields("Pod", "=x", &f);
	tap_str(f.msg, "field label not supported: ", "no field");
	alarm(0);
	selector_labels("a=$", &f);
	tap_str(f.msg, "unable to parse requirement: invalid label value \"$\"",
	    "bad value");
}

static void
test_event(void)
{
	const char text[] =
	    "{\"metadata\":{\"name\":\"e\"},\"involvedObject\":{\"kind\":"
	    "\"Pod\",\"name\":\"web-0\",\"uid\":\"u\"},\"reason\":\"Killing\","
	    "\"type\":\"Normal\",\"source\":{\"component\":\"kubelet\"}}";
	cJSON *event = json_parse(text, sizeof text - 1, NULL);
	struct selector *s = selector_fields("Event",
	    "involvedObject.kind=Pod,involvedObject.name=web-0,reason=Killing,"
	    "type=Normal,source=kubelet",
	    NULL);

	tap_ok(event != NULL && s != NULL && selector_match(s, event),
	    "an event by what it is about");
	tap_str(selector_wants(s, "involvedObject.name"), "web-0",
	    "what the selector demands of a field");
	tap_ok(selector_wants(s, "metadata.name") == NULL,
	    "nothing demanded of another");
	selector_free(s);
	cJSON_Delete(event);
}

static void
test_limit(void)
{
	char text[4096] = "a";
	struct fault f = { 0 };
	size_t i;

	for (i = 1; i < SELECT_MAX + 1; i++)
		memcpy(text + 2 * i - 1, ",a", 3);
	tap_ok(selector_labels(text, &f) == NULL && f.code == FAULT_INPUT,
	    "too many requirements are refused");
}

int
main(void)
{
	cJSON *object = json_parse(pod, sizeof pod - 1, NULL);
	struct selector *s;
	size_t i;

	for (i = 0; i < sizeof labels / sizeof *labels; i++) {
		s = selector_labels(labels[i].text, NULL);
		tap_ok((s == NULL ? -1 : selector_match(s, object)) ==
			   labels[i].match,
		    "labels '%s': %d", labels[i].text, labels[i].match);
		selector_free(s);
	}
	for (i = 0; i < sizeof fields / sizeof *fields; i++) {
		s = selector_fields(fields[i].kind, fields[i].text, NULL);
		tap_ok((s == NULL ? -1 : selector_match(s, object)) ==
			   fields[i].match,
		    "fields of %s '%s': %d", fields[i].kind, fields[i].text,
		    fields[i].match);
		selector_free(s);
	}
	tap_ok(selector_match(NULL, object), "no selector matches everything");
	test_refused();
	test_event();
	test_limit();
	cJSON_Delete(object);
	return tap_end();
}
