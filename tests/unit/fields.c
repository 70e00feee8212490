/* Field sets: algebra, reading, printing; and sets of objects by schema. */
#include "k8s-apid/fields.h"

#include <stdlib.h>

#include "json_quote.h"
#include "k8s-apid/fields_object.h"
#include "k8s-apid/fields_schema.h"
#include "tap.h"

static cJSON *
set(const char *text)
{
	cJSON *v = json(text), *s;

	fields_parse(v, &s, NULL);
	cJSON_Delete(v);
	return s;
}

static const struct {
	const char *a, *b, *both, *minus, *common, *deep;
} algebra[] = {
	{ "{'f:a':{}}", "{'f:b':{}}", "{'f:a':{},'f:b':{}}", "{'f:a':{}}", "",
	    "{'f:a':{}}" },
	{ "{'f:a':{}}", "{'f:a':{}}", "{'f:a':{}}", "", "{'f:a':{}}", "" },
	{ "{'f:a':{}}", "{'f:a':{'f:x':{}}}", "{'f:a':{'.':{},'f:x':{}}}",
	    "{'f:a':{}}", "", "{'f:a':{}}" },
	{ "{'f:a':{'f:x':{}}}", "{'f:a':{}}", "{'f:a':{'.':{},'f:x':{}}}",
	    "{'f:a':{'f:x':{}}}", "", "" },
	{ "{'f:a':{'.':{},'f:x':{},'f:y':{}}}", "{'f:a':{'.':{},'f:x':{}}}",
	    "{'f:a':{'.':{},'f:x':{},'f:y':{}}}", "{'f:a':{'f:y':{}}}",
	    "{'f:a':{'.':{},'f:x':{}}}", "" },
	{ "{'f:a':{'.':{},'f:x':{}}}", "{'f:a':{'f:x':{}}}",
	    "{'f:a':{'.':{},'f:x':{}}}", "{'f:a':{}}", "{'f:a':{'f:x':{}}}",
	    "{'f:a':{}}" },
	{ "", "{'f:a':{}}", "{'f:a':{}}", "", "", "" },
	{ "{'f:a':{}}", "", "{'f:a':{}}", "{'f:a':{}}", "", "{'f:a':{}}" },
};

static void
test_algebra(void)
{
	cJSON *a, *b, *c;
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof algebra / sizeof *algebra; i++) {
		a = algebra[i].a[0] != '\0' ? set(algebra[i].a) : NULL;
		b = algebra[i].b[0] != '\0' ? set(algebra[i].b) : NULL;
		c = fields_union(a, b, &err);
		tap_str(text_of(c), algebra[i].both, "union");
		cJSON_Delete(c);
		c = fields_union(b, a, &err);
		tap_str(text_of(c), algebra[i].both, "union commutes");
		cJSON_Delete(c);
		c = fields_minus(a, b, &err);
		tap_str(text_of(c), algebra[i].minus, "minus");
		cJSON_Delete(c);
		c = fields_common(a, b, &err);
		tap_str(text_of(c), algebra[i].common, "common");
		cJSON_Delete(c);
		c = fields_minus_deep(a, b, &err);
		tap_str(text_of(c), algebra[i].deep, "minus with all below");
		cJSON_Delete(c);
		tap_ok(fields_equal(a, a) &&
			   fields_equal(a, b) ==
			       (strcmp(algebra[i].a, algebra[i].b) == 0),
		    "equal");
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
	tap_ok(err == 0, "no error");
}

static const struct {
	const char *in, *out; /* out NULL: refused */
} parsing[] = {
	{ "{}", "" },
	{ "{'f:b':{},'f:a':{}}", "{'f:a':{},'f:b':{}}" },
	{ "{'f:a':{'.':{}}}", "{'f:a':{}}" },
	{ "{'f:a':{'f:x':{},'.':{}}}", "{'f:a':{'.':{},'f:x':{}}}" },
	{ "{'f:l':{'k:{\\'b\\': 1, \\'a\\':2}':{}}}",
	    "{'f:l':{'k:{\\'a\\':2,\\'b\\':1}':{}}}" },
	{ "{'f:l':{'v:\\'x\\'':{},'v:3':{},'i:0':{}}}",
	    "{'f:l':{'i:0':{},'v:\\'x\\'':{},'v:3':{}}}" },
	{ "{'x:a':{}}", NULL },
	{ "{'f':{}}", NULL },
	{ "{'f:a':1}", NULL },
	{ "{'k:[1]':{}}", NULL },
	{ "{'k:{':{}}", NULL },
	{ "{'i:x':{}}", NULL },
	{ "{'f:a':{'q:':{}}}", NULL },
};

static void
test_parse(void)
{
	cJSON *v, *s;
	struct fault f;
	size_t i;
	int r;

	for (i = 0; i < sizeof parsing / sizeof *parsing; i++) {
		v = json(parsing[i].in);
		memset(&f, 0, sizeof f);
		r = fields_parse(v, &s, &f);
		if (parsing[i].out == NULL)
			tap_ok(r == -1 && f.code == FAULT_INPUT, "%s: refused",
			    parsing[i].in);
		else
			tap_str(text_of(s), parsing[i].out, parsing[i].in);
		cJSON_Delete(s);
		cJSON_Delete(v);
	}
	tap_ok(fields_parse(NULL, &s, NULL) == 0 && s == NULL, "no set");
}

static int
collect(void *arg, const char *path)
{
	snprintf((char *)arg + strlen(arg), 200, "%s ", path);
	return 0;
}

static int
stop(void *arg, const char *path)
{
	(void)path;
	return ++*(int *)arg == 2 ? 7 : 0;
}

static void
test_paths(void)
{
	const char *const image[] = { "f:spec", "f:containers",
		"k:{\"name\":\"a\"}", "f:image", NULL };
	const char *const parent[] = { "f:spec", NULL };
	char out[1024] = "";
	cJSON *s = NULL;
	int n = 0;

	tap_ok(fields_add(&s, image) == 0 && fields_has(s, image) &&
		   !fields_has(s, parent) && fields_count(s) == 1,
	    "a path is in the set, its parents are not");
	tap_ok(fields_add(&s, parent) == 0 && fields_has(s, parent) &&
		   fields_has(s, image) && fields_count(s) == 2,
	    "and then they are");
	cJSON_Delete(s);
	s = set("{'f:metadata':{'f:labels':{'f:app.x/y':{}}},'f:spec':{'f:l':{"
		"'.':{},'i:3':{},'k:{\\'name\\':\\'a\\',\\'port\\':80}':{'.':{}"
		",'f:image':{}},'v:\\'x\\'':{}}}}");
	tap_ok(fields_each(s, collect, out) == 0, "paths are told");
	tap_str(out,
	    ".metadata.labels.app.x/y .spec.l .spec.l[3] "
	    ".spec.l[name=\"a\",port=80] .spec.l[name=\"a\",port=80].image "
	    ".spec.l[=\"x\"] ",
	    "as kubectl shows them");
	tap_ok(fields_each(s, stop, &n) == 7 && n == 2, "until told to stop");
	cJSON_Delete(s);
}

static void
test_schema(void)
{
	const struct schema_row *rows;
	size_t i, j, n, bad = 0, dangling = 0;
	int c;

	rows = schema_rows(&n);
	for (i = 1; i < n; i++) {
		c = strcmp(rows[i - 1].type, rows[i].type);
		if (c > 0 ||
		    (c == 0 && strcmp(rows[i - 1].field, rows[i].field) >= 0)) {
			printf("# %s.%s\n", rows[i].type, rows[i].field);
			bad++;
		}
	}
	tap_ok(bad == 0, "the table is sorted");
	for (i = 0; i < n; i++) {
		for (j = 0; rows[i].ref != NULL && j < n; j++)
			if (strcmp(rows[i].ref, rows[j].type) == 0)
				break;
		dangling += rows[i].ref != NULL && j == n;
	}
	tap_ok(dangling == 0, "every type that it refers to is there");
	tap_str(schema_kind("apps/v1", "Deployment"), "Deployment", "a kind");
	tap_str(schema_kind("v1", "Deployment"), SCHEMA_UNKNOWN,
	    "another group's kind is none");
	tap_str(schema_kind("example.com/v1", "Thing"), SCHEMA_UNKNOWN,
	    "an unknown kind");
	tap_str(schema_field("Container", "env")->keys, "name", "a row");
	tap_ok(schema_field("Container", "image") == NULL &&
		   schema_field(NULL, "metadata") == NULL,
	    "no row");
}

static const struct {
	const char *type, *object, *fields;
} objects[] = {
	{ "ConfigMap", "{'metadata':{'labels':{'a':'b'}},'data':{'k':'v'}}",
	    "{'f:data':{'f:k':{}},'f:metadata':{'f:labels':{'f:a':{}}}}" },
	{ "ConfigMap", "{'data':{}}", "{'f:data':{}}" },
	{ "Pod",
	    "{'spec':{'containers':[{'name':'a','image':'i','args':['x'],"
	    "'ports':[{'containerPort':80}],'resources':{}}]}}",
	    "{'f:spec':{'f:containers':{'k:{\\'name\\':\\'a\\'}':{'.':{},"
	    "'f:args':{},'f:image':{},'f:name':{},'f:ports':{"
	    "'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{'.':{},"
	    "'f:containerPort':{}}},'f:resources':{}}}}}" },
	{ "Deployment",
	    "{'spec':{'replicas':2,'selector':{'matchLabels':{'a':'b'}},"
	    "'template':{'spec':{'tolerations':[{'key':'x'}]}}}}",
	    "{'f:spec':{'f:replicas':{},'f:selector':{},'f:template':{"
	    "'f:spec':{'f:tolerations':{}}}}}" },
	{ "Namespace", "{'metadata':{'finalizers':['a','b']}}",
	    "{'f:metadata':{'f:finalizers':{'v:\\'a\\'':{},'v:\\'b\\'':{}}}}" },
	{ "Service", "{'spec':{'selector':{'a':'b'},'ports':[]}}",
	    "{'f:spec':{'f:selector':{}}}" },
	{ SCHEMA_UNKNOWN, "{'spec':{'a':{'b':1},'l':[{'name':'x'}]}}",
	    "{'f:spec':{'.':{},'f:a':{'.':{},'f:b':{}},'f:l':{}}}" },
};

static void
test_objects(void)
{
	struct fault f = { 0 };
	cJSON *o, *s;
	size_t i;

	for (i = 0; i < sizeof objects / sizeof *objects; i++) {
		o = json(objects[i].object);
		fields_of(objects[i].type, o, 1, &s, NULL);
		tap_str(text_of(s), objects[i].fields, objects[i].object);
		cJSON_Delete(s);
		cJSON_Delete(o);
	}
	o = json("{'spec':{'containers':[{'image':'x'}]}}");
	tap_ok(fields_of("Pod", o, 1, &s, &f) == -1 && f.code == FAULT_INPUT,
	    "an item without its key is refused");
	tap_str(f.msg,
	    "spec: containers: element 0: associative list with keys has an "
	    "element that omits all key fields (name)",
	    "and told where");
	tap_ok(fields_of("Pod", o, 0, &s, NULL) == 0, "or told by position");
	tap_str(text_of(s),
	    "{'f:spec':{'f:containers':{'i:0':{'.':{},'f:image':{}}}}}",
	    "which is its element");
	cJSON_Delete(s);
	cJSON_Delete(o);
	o = json("{'spec':{'containers':[{'name':'x'},{'name':'x'}]}}");
	tap_ok(fields_of("Pod", o, 1, &s, &f) == -1 &&
		   strstr(f.msg, "duplicate entries for key") != NULL,
	    "two items of one key are refused");
	cJSON_Delete(o);
}

static const struct {
	const char *type, *old, *new, *changed, *removed;
} differences[] = {
	{ "ConfigMap", "{'data':{'a':'1','b':'2'}}",
	    "{'data':{'a':'1','b':'3','c':'4'}}",
	    "{'f:data':{'f:b':{},'f:c':{}}}", "" },
	{ "ConfigMap", "{'data':{'a':'1'}}", "{}", "",
	    "{'f:data':{'.':{},'f:a':{}}}" },
	{ "ConfigMap", "{}", "{'data':{'a':'1'}}",
	    "{'f:data':{'.':{},'f:a':{}}}", "" },
	{ "ConfigMap", NULL, "{'metadata':{'labels':{'a':'b'}}}",
	    "{'f:metadata':{'f:labels':{'.':{},'f:a':{}}}}", "" },
	{ "Deployment", NULL,
	    "{'spec':{'strategy':{'type':'RollingUpdate','rollingUpdate':{"
	    "'maxSurge':1}},'template':{'spec':{'containers':[{'name':'a',"
	    "'resources':{}}]}}}}",
	    "{'f:spec':{'f:strategy':{'f:rollingUpdate':{'.':{},'f:maxSurge':"
	    "{}},'f:type':{}},'f:template':{'f:spec':{'f:containers':{"
	    "'k:{\\'name\\':\\'a\\'}':{'.':{},'f:name':{},'f:resources':{}}}}}"
	    "}}",
	    "" },
	{ "Pod",
	    "{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b'"
	    "}]}}",
	    "{'spec':{'containers':[{'name':'c'},{'name':'a','image':'2'}]}}",
	    "{'f:spec':{'f:containers':{'k:{\\'name\\':\\'a\\'}':{'f:image':{}"
	    "},'k:{\\'name\\':\\'c\\'}':{'.':{},'f:name':{}}}}}",
	    "{'f:spec':{'f:containers':{'k:{\\'name\\':\\'b\\'}':{'.':{},"
	    "'f:name':{}}}}}" },
	{ "Service", "{'spec':{'selector':{'a':'b'}}}",
	    "{'spec':{'selector':{'a':'c'}}}", "{'f:spec':{'f:selector':{}}}",
	    "" },
	{ "Service", "{'spec':{'selector':{'a':'b'}}}",
	    "{'spec':{'selector':{'a':'b'}}}", "", "" },
	{ "Namespace", "{'metadata':{'finalizers':['a']}}",
	    "{'metadata':{'finalizers':['b']}}",
	    "{'f:metadata':{'f:finalizers':{'v:\\'b\\'':{}}}}",
	    "{'f:metadata':{'f:finalizers':{'v:\\'a\\'':{}}}}" },
};

static void
test_compare(void)
{
	cJSON *old, *new, *changed, *removed;
	size_t i;

	for (i = 0; i < sizeof differences / sizeof *differences; i++) {
		old = differences[i].old != NULL ? json(differences[i].old) :
						   NULL;
		new = json(differences[i].new);
		fields_compare(
		    differences[i].type, old, new, &changed, &removed, NULL);
		tap_str(text_of(changed), differences[i].changed, "changed");
		tap_str(text_of(removed), differences[i].removed, "removed");
		cJSON_Delete(changed);
		cJSON_Delete(removed);
		cJSON_Delete(old);
		cJSON_Delete(new);
	}
}

static const struct {
	const char *type, *live, *config, *out;
} merges[] = {
	{ "ConfigMap", "{'data':{'a':'1','b':'2'}}",
	    "{'data':{'b':'3','c':'4'}}",
	    "{'data':{'a':'1','b':'3','c':'4'}}" },
	{ "Service", "{'spec':{'selector':{'a':'b'}}}",
	    "{'spec':{'selector':{'c':'d'}}}",
	    "{'spec':{'selector':{'c':'d'}}}" },
	{ "Pod",
	    "{'spec':{'volumes':[{'name':'a','x':1},{'name':'b'},"
	    "{'name':'c'}]}}",
	    "{'spec':{'volumes':[{'name':'c'},{'name':'a','y':2},"
	    "{'name':'d'}]}}",
	    "{'spec':{'volumes':[{'name':'b'},{'name':'c'},"
	    "{'name':'a','x':1,'y':2},{'name':'d'}]}}" },
	{ "Pod", "{'spec':{'volumes':[{'name':'a'},{'name':'b'}]}}",
	    "{'spec':{'volumes':[{'name':'n'},{'name':'b'}]}}",
	    "{'spec':{'volumes':[{'name':'a'},{'name':'n'},{'name':'b'}]}}" },
	{ "Pod", "{'spec':{'volumes':[{'name':'a'}]}}",
	    "{'spec':{'volumes':[]}}", "{'spec':{'volumes':[{'name':'a'}]}}" },
	{ "Pod", "{'spec':{'tolerations':[{'key':'a'}]}}",
	    "{'spec':{'tolerations':[]}}", "{'spec':{'tolerations':[]}}" },
	{ "Pod", "{'spec':{'securityContext':{'a':1}}}",
	    "{'spec':{'securityContext':null}}",
	    "{'spec':{'securityContext':{'a':1}}}" },
};

static const struct {
	const char *object, *set, *out;
} removals[] = {
	{ "{'data':{'a':'1','b':'2'}}", "{'f:data':{'f:a':{}}}",
	    "{'data':{'b':'2'}}" },
	{ "{'data':{'a':'1'}}", "{'f:data':{'f:a':{}}}", "{}" },
	{ "{'data':{}}", "{'f:data':{'f:a':{}}}", "{'data':{}}" },
	{ "{'metadata':{'finalizers':['a','b']}}",
	    "{'f:metadata':{'f:finalizers':{'v:\\'a\\'':{}}}}",
	    "{'metadata':{'finalizers':['b']}}" },
	{ "{'data':{'a':'1'},'x':1}", "{'f:data':{'.':{},'f:a':{}}}",
	    "{'x':1}" },
};

static void
test_merge(void)
{
	cJSON *live, *config, *out, *s;
	size_t i;

	for (i = 0; i < sizeof merges / sizeof *merges; i++) {
		live = json(merges[i].live);
		config = json(merges[i].config);
		out = fields_merge(merges[i].type, live, config, NULL);
		tap_str(text_of(out), merges[i].out, "merged");
		cJSON_Delete(out);
		cJSON_Delete(live);
		cJSON_Delete(config);
	}
	for (i = 0; i < sizeof removals / sizeof *removals; i++) {
		live = json(removals[i].object);
		s = set(removals[i].set);
		fields_remove("ConfigMap", live, s);
		tap_str(text_of(live), removals[i].out, "taken out");
		cJSON_Delete(s);
		cJSON_Delete(live);
	}
	s = set("{'f:metadata':{'f:labels':{'f:a':{}}},'f:spec':{'f:containers'"
		":{'k:{\\'name\\':\\'a\\'}':{'f:image':{}}}}}");
	fields_with_parents("Pod", s, &out);
	tap_str(text_of(out),
	    "{'f:metadata':{'.':{},'f:labels':{'.':{},'f:a':{}}},'f:spec':{"
	    "'.':{},'f:containers':{'.':{},'k:{\\'name\\':\\'a\\'}':{"
	    "'f:image':{}}}}}",
	    "structures become members, items do not");
	cJSON_Delete(out);
	cJSON_Delete(s);
}

int
main(void)
{
	test_algebra();
	test_parse();
	test_paths();
	test_schema();
	test_objects();
	test_compare();
	test_merge();
	return tap_end();
}
