/* Merge patch (RFC 7396), JSON patch (RFC 6902), strategic merge patch. */
#include "k8s-apid/patch.h"

#include <stdlib.h>

#include "json_quote.h"
#include "tap.h"

/* RFC 7396, appendix A, and what it leaves out. */
static const struct {
	const char *target, *patch, *out;
} merge[] = {
	{ "{'a':'b'}", "{'a':'c'}", "{'a':'c'}" },
	{ "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}" },
	{ "{'a':'b'}", "{'a':null}", "{}" },
	{ "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}" },
	{ "{'a':['b']}", "{'a':'c'}", "{'a':'c'}" },
	{ "{'a':'c'}", "{'a':['b']}", "{'a':['b']}" },
	{ "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}" },
	{ "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}" },
	{ "['a','b']", "['c','d']", "['c','d']" },
	{ "{'a':'b'}", "['c']", "['c']" },
	{ "{'a':'foo'}", "null", "null" },
	{ "{'a':'foo'}", "'bar'", "'bar'" },
	{ "{'e':null}", "{'a':1}", "{'e':null,'a':1}" },
	{ "[1,2]", "{'a':'b','c':null}", "{'a':'b'}" },
	{ "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}" },
	{ "", "{'a':{'b':1}}", "{'a':{'b':1}}" },
};

/* RFC 6902, appendix A; out NULL: does not fit, "!": malformed. */
static const struct {
	const char *target, *patch, *out;
} ops[] = {
	{ "{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux'}]",
	    "{'foo':'bar','baz':'qux'}" },
	{ "{'foo':['bar','baz']}",
	    "[{'op':'add','path':'/foo/1','value':'qux'}]",
	    "{'foo':['bar','qux','baz']}" },
	{ "{'baz':'qux','foo':'bar'}", "[{'op':'remove','path':'/baz'}]",
	    "{'foo':'bar'}" },
	{ "{'foo':['bar','qux','baz']}", "[{'op':'remove','path':'/foo/1'}]",
	    "{'foo':['bar','baz']}" },
	{ "{'baz':'qux'}", "[{'op':'replace','path':'/baz','value':'boo'}]",
	    "{'baz':'boo'}" },
	{ "{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}}",
	    "[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]",
	    "{'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}" },
	{ "{'foo':['all','grass','cows','eat']}",
	    "[{'op':'move','from':'/foo/1','path':'/foo/3'}]",
	    "{'foo':['all','cows','eat','grass']}" },
	{ "{'baz':'qux','foo':['a',2,'c']}",
	    "[{'op':'test','path':'/baz','value':'qux'},"
	    "{'op':'test','path':'/foo/1','value':2}]",
	    "{'baz':'qux','foo':['a',2,'c']}" },
	{ "{'baz':'qux'}", "[{'op':'test','path':'/baz','value':'bar'}]",
	    NULL },
	{ "{'foo':'bar'}",
	    "[{'op':'add','path':'/child','value':{'grandchild':{}}}]",
	    "{'foo':'bar','child':{'grandchild':{}}}" },
	{ "{'foo':'bar'}",
	    "[{'op':'add','path':'/baz','value':'qux','xyz':123}]",
	    "{'foo':'bar','baz':'qux'}" },
	{ "{'foo':'bar'}", "[{'op':'add','path':'/baz/bat','value':'qux'}]",
	    NULL },
	{ "{'/':9,'~1':10}", "[{'op':'test','path':'/~01','value':10}]",
	    "{'/':9,'~1':10}" },
	{ "{'/':9}", "[{'op':'remove','path':'/~1'}]", "{}" },
	{ "{'~1':10}", "[{'op':'test','path':'/~01','value':'10'}]", NULL },
	{ "{'foo':['bar']}",
	    "[{'op':'add','path':'/foo/-','value':['abc','def']}]",
	    "{'foo':['bar',['abc','def']]}" },
	{ "{'a':[1]}", "[{'op':'add','path':'/a/2','value':1}]", NULL },
	{ "{'a':[1]}", "[{'op':'add','path':'/a/01','value':1}]", NULL },
	{ "{'a':[1]}", "[{'op':'add','path':'/a/x','value':1}]", NULL },
	{ "{'a':[1]}", "[{'op':'remove','path':'/a/-'}]", NULL },
	{ "{'a':1}", "[{'op':'remove','path':'/b'}]", NULL },
	{ "{'a':1}", "[{'op':'remove','path':''}]", NULL },
	{ "{'a':1}", "[{'op':'replace','path':'/b','value':1}]", NULL },
	{ "{'a':1}", "[{'op':'replace','path':'','value':{'b':2}}]",
	    "{'b':2}" },
	{ "{'a':1}", "[{'op':'add','path':'','value':{'b':2}}]", "{'b':2}" },
	{ "{'a':[1,2]}", "[{'op':'replace','path':'/a/0','value':3}]",
	    "{'a':[3,2]}" },
	{ "{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]",
	    "{'a':{'b':1},'c':{'b':1}}" },
	{ "{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/a/d'}]",
	    "{'a':{'b':1,'d':{'b':1}}}" },
	{ "{'a':{'b':1}}", "[{'op':'move','from':'/a','path':'/a/b'}]", NULL },
	{ "{'a':1}", "[{'op':'copy','from':'/x','path':'/c'}]", NULL },
	{ "{'a':1}", "[{'op':'test','path':'/b','value':null}]", "{'a':1}" },
	{ "{'a':1}", "[]", "{'a':1}" },
	{ "{'a':1}", "{}", "!" },
	{ "{'a':1}", "[{'op':'frob','path':'/a'}]", "!" },
	{ "{'a':1}", "[{'op':'add','path':'/a'}]", "!" },
	{ "{'a':1}", "[{'op':'move','path':'/a'}]", "!" },
	{ "{'a':1}", "[{'op':'add','value':1}]", "!" },
	{ "{'a':1}", "[{'path':'/a','value':1}]", "!" },
	{ "{'a':1}", "[{'op':'add','path':'a','value':1}]", "!" },
	{ "{'a':1}", "[1]", "!" },
};

static const struct {
	const char *kind, *target, *patch, *out;
} strategic[] = {
	{ "Pod", "{'metadata':{'labels':{'a':'1','b':'2'}}}",
	    "{'metadata':{'labels':{'a':null,'c':'3'}}}",
	    "{'metadata':{'labels':{'b':'2','c':'3'}}}" },
	{ "Pod",
	    "{'spec':{'containers':[{'name':'a','image':'1'},{'name':'b'}]}}",
	    "{'spec':{'containers':[{'name':'a','image':'2'},{'name':'c'}]}}",
	    "{'spec':{'containers':[{'name':'a','image':'2'},{'name':'b'},"
	    "{'name':'c'}]}}" },
	{ "Pod",
	    "{'spec':{'containers':[{'name':'a','env':[{'name':'X','value':"
	    "'1'},{'name':'Y','value':'2'}]}]}}",
	    "{'spec':{'containers':[{'name':'a','env':[{'name':'X',"
	    "'$patch':'delete'},{'name':'Z','value':'3'}]}]}}",
	    "{'spec':{'containers':[{'name':'a','env':[{'name':'Y','value':"
	    "'2'},{'name':'Z','value':'3'}]}]}}" },
	{ "Pod", "{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}",
	    "{'spec':{'containers':[{'name':'c'},{'$patch':'replace'}]}}",
	    "{'spec':{'containers':[{'name':'c'}]}}" },
	{ "Pod", "{'spec':{'containers':[{'name':'a','args':['x']}]}}",
	    "{'spec':{'containers':[{'name':'a','args':['y']}]}}",
	    "{'spec':{'containers':[{'name':'a','args':['y']}]}}" },
	{ "Pod", "{'spec':{'tolerations':[{'key':'a'}]}}",
	    "{'spec':{'tolerations':[{'key':'b'}]}}",
	    "{'spec':{'tolerations':[{'key':'b'}]}}" },
	{ "Pod", "{'metadata':{'finalizers':['a','b']}}",
	    "{'metadata':{'finalizers':['b','c']}}",
	    "{'metadata':{'finalizers':['a','b','c']}}" },
	{ "Pod", "{'metadata':{'finalizers':['a','b']}}",
	    "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a']}}",
	    "{'metadata':{'finalizers':['b']}}" },
	{ "Pod", "{'spec':{'securityContext':{'a':1,'b':2}}}",
	    "{'spec':{'securityContext':{'$patch':'replace','c':3}}}",
	    "{'spec':{'securityContext':{'c':3}}}" },
	{ "Pod", "{'spec':{'securityContext':{'a':1,'b':2}}}",
	    "{'spec':{'securityContext':{'$patch':'delete'}}}",
	    "{'spec':{'securityContext':{}}}" },
	{ "Pod", "{'spec':{'securityContext':{'a':1}}}",
	    "{'spec':{'securityContext':{'$patch':'merge','b':2}}}",
	    "{'spec':{'securityContext':{'a':1,'b':2}}}" },
	{ "Pod", "{'spec':{'securityContext':{'a':1}}}",
	    "{'spec':{'securityContext':{'$patch':'other'}}}", NULL },
	{ "Pod", "{'spec':{'containers':[{'name':'a'}]}}",
	    "{'spec':{'containers':[{'image':'x'}]}}", NULL },
	{ "Pod", "{'spec':{'containers':[{'name':'a'}]}}",
	    "{'spec':{'containers':[{'name':'a','$patch':'x'}]}}", NULL },
	{ "Pod", "{'spec':{}}",
	    "{'spec':{'containers':[{'name':'a',"
	    "'env':[{'name':'X','$patch':'delete'}]}]}}",
	    "{'spec':{'containers':[{'name':'a','env':[]}]}}" },
	{ "Pod",
	    "{'spec':{'volumes':[{'name':'v','emptyDir':{}},{'name':'w'}]}}",
	    "{'spec':{'volumes':[{'name':'v','$retainKeys':['name',"
	    "'configMap'],'configMap':{'name':'c'}}]}}",
	    "{'spec':{'volumes':[{'name':'v','configMap':{'name':'c'}},"
	    "{'name':'w'}]}}" },
	{ "Pod",
	    "{'spec':{'containers':[{'name':'a'},{'name':'s'},{'name':'b'}]}}",
	    "{'spec':{'$setElementOrder/containers':[{'name':'n'},"
	    "{'name':'b'},{'name':'a'}],'containers':[{'name':'n'}]}}",
	    "{'spec':{'containers':[{'name':'n'},{'name':'s'},{'name':'b'},"
	    "{'name':'a'}]}}" },
	{ "Service", "{'spec':{'ports':[{'port':80,'name':'a'},{'port':81}]}}",
	    "{'spec':{'ports':[{'port':80,'name':'z'}]}}",
	    "{'spec':{'ports':[{'port':80,'name':'z'},{'port':81}]}}" },
	{ "Service", "{'spec':{'selector':{'a':'b'}}}",
	    "{'spec':{'selector':{'c':'d'}}}",
	    "{'spec':{'selector':{'a':'b','c':'d'}}}" },
	{ "Pod",
	    "{'status':{'conditions':[{'type':'Ready','status':'False'},"
	    "{'type':'Initialized','status':'True'}]}}",
	    "{'status':{'conditions':[{'type':'Ready','status':'True'}]}}",
	    "{'status':{'conditions':[{'type':'Ready','status':'True'},"
	    "{'type':'Initialized','status':'True'}]}}" },
	{ "Pod", "{'a':1}", "[]", NULL },
};

static void
test_merge(void)
{
	cJSON *target, *patch, *out;
	size_t i;

	for (i = 0; i < sizeof merge / sizeof *merge; i++) {
		target = json(merge[i].target);
		patch = json(merge[i].patch);
		out = patch_merge(target, patch, NULL);
		tap_str(text_of(out), merge[i].out, "merge patch");
		if (target != NULL)
			tap_str(text_of(target), merge[i].target,
			    "the target is as it was");
		cJSON_Delete(out);
		cJSON_Delete(target);
		cJSON_Delete(patch);
	}
}

static void
test_json(void)
{
	cJSON *target, *patch, *out;
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof ops / sizeof *ops; i++) {
		target = json(ops[i].target);
		patch = json(ops[i].patch);
		memset(&f, 0, sizeof f);
		out = patch_json(target, patch, &f);
		if (ops[i].out == NULL)
			tap_ok(out == NULL && f.code == FAULT_NO,
			    "does not fit: %s", ops[i].patch);
		else if (ops[i].out[0] == '!')
			tap_ok(out == NULL && f.code == FAULT_INPUT,
			    "malformed: %s", ops[i].patch);
		else
			tap_str(text_of(out), ops[i].out, ops[i].patch);
		cJSON_Delete(out);
		cJSON_Delete(target);
		cJSON_Delete(patch);
	}
}

/* Patches that grow what they are given must stop somewhere. */
static void
test_bounds(void)
{
	cJSON *target = json("{'a':[1]}"), *patch = cJSON_CreateArray(), *op;
	struct fault f = { 0 };
	int i;

	for (i = 0; i < 40; i++) {
		op = json("{'op':'copy','from':'/a','path':'/a/-'}");
		cJSON_AddItemToArray(patch, op);
	}
	tap_ok(patch_json(target, patch, &f) == NULL && f.code == FAULT_NO,
	    "copies that double are stopped");
	cJSON_Delete(patch);
	patch = cJSON_CreateArray();
	for (i = 0; i < PATCH_MAX_OPS + 1; i++)
		cJSON_AddItemToArray(patch, cJSON_CreateNull());
	tap_ok(patch_json(target, patch, &f) == NULL && f.code == FAULT_INPUT,
	    "too many operations are refused");
	cJSON_Delete(patch);
	cJSON_Delete(target);
}

static void
test_strategic(void)
{
	cJSON *target, *patch, *out;
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof strategic / sizeof *strategic; i++) {
		target = json(strategic[i].target);
		patch = json(strategic[i].patch);
		memset(&f, 0, sizeof f);
		out =
		    patch_strategic("v1", strategic[i].kind, target, patch, &f);
		if (strategic[i].out == NULL)
			tap_ok(out == NULL && f.code == FAULT_INPUT,
			    "refused: %s", strategic[i].patch);
		else
			tap_str(
			    text_of(out), strategic[i].out, strategic[i].patch);
		cJSON_Delete(out);
		cJSON_Delete(target);
		cJSON_Delete(patch);
	}
	tap_ok(patch_has_strategy("apps/v1", "Deployment") &&
		   !patch_has_strategy("example.com/v1", "Thing"),
	    "strategic merge is for built-in kinds");
}

int
main(void)
{
	test_merge();
	test_json();
	test_bounds();
	test_strategic();
	return tap_end();
}
