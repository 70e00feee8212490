/*
 * Server-side apply and ownership.  What is expected was seen on a real API
 * server (1.20) with the same steps, or follows from the newer schema facts.
 */
#include "k8s-apid/apply.h"

#include <stdlib.h>

#include "json_quote.h"
#include "tap.h"

#define T1 "2026-01-01T00:00:00Z"
#define T2 "2026-01-01T00:00:05Z"

static struct fault fault;
static cJSON *causes;

static struct apply_request
request(const char *manager, const char *kind, int force)
{
	struct apply_request rq = { .manager = manager,
		.api_version =
		    strcmp(kind, "Deployment") == 0 ? "apps/v1" : "v1",
		.kind = kind,
		.force = force,
		.time = T1 };

	return rq;
}

/* Applies a text over *live, which becomes the result; 1 when it worked. */
static int
apply_as(const char *manager, const char *kind, cJSON **live, const char *text,
    int force)
{
	struct apply_request rq = request(manager, kind, force);
	cJSON *config = json(text), *new;

	cJSON_Delete(causes);
	memset(&fault, 0, sizeof fault);
	new = apply_patch(&rq, *live, config, &causes, &fault);
	cJSON_Delete(config);
	if (new == NULL)
		return 0;
	cJSON_Delete(*live);
	*live = new;
	return 1;
}

/* Writes a text in place of *live as a plain update. */
static int
update_as(const char *manager, const char *kind, const char *subresource,
    cJSON **live, const char *text)
{
	struct apply_request rq = request(manager, kind, 0);
	cJSON *new = json(text);
	int r;

	rq.subresource = subresource;
	rq.time = T2;
	r = apply_track(&rq, *live, new, NULL);
	cJSON_Delete(*live);
	*live = new;
	return r == 0;
}

/* The fields that a manager owns, as text; "" when it owns none. */
static const char *
owned(const cJSON *object, const char *manager, const char *operation)
{
	const cJSON *e,
	    *list = json_at(object, "metadata", "managedFields", NULL);

	cJSON_ArrayForEach(e, list)
		if (strcmp(json_str(e, "manager", NULL), manager) == 0 &&
		    strcmp(json_str(e, "operation", NULL), operation) == 0)
			return text_of(json_at(e, "fieldsV1", NULL));
	return "";
}

static const char *
member(const cJSON *object, const char *key)
{
	return text_of(json_at(object, key, NULL));
}

static void
test_create(void)
{
	cJSON *o = NULL;

	tap_ok(apply_as("one", "ConfigMap", &o,
		   "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':"
		   "'a','namespace':'n','labels':{'x':'y'}},'data':{'a':'1'}}",
		   0),
	    "apply creates");
	tap_str(member(o, "data"), "{'a':'1'}", "what was applied");
	tap_str(text_of(json_at(o, "metadata", "managedFields", NULL)),
	    "[{'manager':'one','operation':'Apply','apiVersion':'v1','time':"
	    "'" T1 "','fieldsType':'FieldsV1','fieldsV1':{'f:data':{'f:a':{}},"
	    "'f:metadata':{'f:labels':{'f:x':{}}}}}]",
	    "and who owns it");
	cJSON_Delete(o);
}

static void
test_share_and_prune(void)
{
	cJSON *o = NULL, *before;

	apply_as("one", "ConfigMap", &o, "{'data':{'a':'1','b':'2'}}", 0);
	tap_ok(
	    apply_as("two", "ConfigMap", &o, "{'data':{'b':'2','c':'3'}}", 0),
	    "the same value is no conflict");
	tap_str(owned(o, "one", "Apply"), "{'f:data':{'f:a':{},'f:b':{}}}",
	    "it is shared");
	tap_str(owned(o, "two", "Apply"), "{'f:data':{'f:b':{},'f:c':{}}}",
	    "by both");
	before = cJSON_Duplicate(o, 1);
	apply_as("one", "ConfigMap", &o, "{'data':{'a':'1','b':'2'}}", 0);
	tap_ok(apply_same(before, o), "applying it again changes nothing");
	cJSON_Delete(before);
	apply_as("one", "ConfigMap", &o, "{'data':{'a':'1'}}", 0);
	tap_str(member(o, "data"), "{'a':'1','b':'2','c':'3'}",
	    "what another still owns stays");
	apply_as("two", "ConfigMap", &o, "{'data':{'c':'3'}}", 0);
	tap_str(member(o, "data"), "{'a':'1','c':'3'}",
	    "what nobody owns any more goes");
	apply_as("one", "ConfigMap", &o, "{}", 0);
	apply_as("two", "ConfigMap", &o, "{}", 0);
	tap_str(member(o, "data"), "", "and so does what got empty");
	tap_str(text_of(json_at(o, "metadata", "managedFields", NULL)), "",
	    "with its owners");
	json_set_str(json_sub(o, "metadata"), "name", "n");
	apply_as(
	    "one", "ConfigMap", &o, "{'metadata':{'labels':{'x':'1'}}}", 0);
	apply_as("one", "ConfigMap", &o, "{}", 0);
	tap_str(member(o, "metadata"), "{'name':'n'}",
	    "but for the metadata, where the name is");
	cJSON_Delete(o);
}

static void
test_conflict(void)
{
	cJSON *o = NULL;

	apply_as("one", "ConfigMap", &o, "{'data':{'a':'1','b':'2'}}", 0);
	tap_ok(!apply_as("two", "ConfigMap", &o, "{'data':{'a':'9'}}", 0) &&
		   fault.code == FAULT_NO,
	    "another value is a conflict");
	tap_str(fault.msg,
	    "Apply failed with 1 conflict: conflict with \"one\": .data.a",
	    "in kubectl's words");
	tap_str(text_of(causes),
	    "[{'reason':'FieldManagerConflict','message':'conflict with "
	    "\\'one\\'','field':'.data.a'}]",
	    "with causes");
	tap_ok(
	    !apply_as(
		"two", "ConfigMap", &o, "{'data':{'a':'9','b':'9'}}", 0) &&
		strcmp(fault.msg,
		    "Apply failed with 2 conflicts: conflicts with \"one\":\n"
		    "- .data.a\n- .data.b") == 0,
	    "several conflicts are listed");
	tap_ok(apply_as("two", "ConfigMap", &o, "{'data':{'a':'9'}}", 1),
	    "force takes over");
	tap_str(owned(o, "one", "Apply"), "{'f:data':{'f:b':{}}}",
	    "from its owner");
	tap_str(member(o, "data"), "{'a':'9','b':'2'}", "the value");
	cJSON_Delete(o);
}

static void
test_track(void)
{
	cJSON *o = NULL;

	update_as("kc", "ConfigMap", NULL, &o,
	    "{'metadata':{'name':'a','labels':{'l':'m'}},'data':{'k':'v'}}");
	tap_str(owned(o, "kc", "Update"),
	    "{'f:data':{'.':{},'f:k':{}},'f:metadata':{'f:labels':{'.':{},"
	    "'f:l':{}}}}",
	    "a create owns what it sets");
	tap_ok(!apply_as("one", "ConfigMap", &o, "{'data':{'k':'w'}}", 0),
	    "which apply runs into");
	tap_str(fault.msg,
	    "Apply failed with 1 conflict: conflict with \"kc\" using v1: "
	    ".data.k",
	    "with the version for updates");
	apply_as("one", "ConfigMap", &o, "{'data':{'k':'v'}}", 0);
	update_as("upd", "ConfigMap", NULL, &o,
	    "{'metadata':{'name':'a'},'data':{'k':'w','z':'1'}}");
	tap_str(owned(o, "one", "Apply"), "", "an update takes over");
	tap_str(owned(o, "kc", "Update"), "{'f:data':{}}",
	    "what it removes is nobody's");
	tap_str(owned(o, "upd", "Update"), "{'f:data':{'f:k':{},'f:z':{}}}",
	    "what it sets is its own");
	tap_str(
	    json_str(json_at(o, "metadata", "managedFields", NULL)->child->next,
		"time", NULL),
	    T2, "since when");
	update_as("other", "ConfigMap", NULL, &o,
	    "{'metadata':{'name':'a'},'data':{'k':'w','z':'1'}}");
	tap_str(owned(o, "other", "Update"), "",
	    "who changes nothing owns nothing");
	update_as("upd", "ConfigMap", NULL, &o,
	    "{'metadata':{'name':'a','managedFields':[{}]},'data':{}}");
	tap_ok(json_at(o, "metadata", "managedFields", NULL) == NULL,
	    "[{}] forgets all ownership");
	update_as("upd", "ConfigMap", NULL, &o, "{'data':{'a':'1'}}");
	tap_ok(json_at(o, "metadata", "managedFields", NULL) == NULL,
	    "and nothing is tracked after it");
	apply_as("one", "ConfigMap", &o, "{'data':{'a':'1'}}", 0);
	tap_str(owned(o, "before-first-apply", "Update"),
	    "{'f:data':{'.':{},'f:a':{}}}", "until somebody applies");
	cJSON_Delete(o);
}

static void
test_manager_name(void)
{
	struct apply_request rq = request(NULL, "ConfigMap", 0);
	cJSON *o = json("{'data':{'a':'1'}}");

	rq.user_agent = "kubectl/v1.32.0 (linux/amd64)";
	apply_track(&rq, NULL, o, NULL);
	tap_ok(owned(o, "kubectl", "Update")[0] != '\0',
	    "a user agent names the manager");
	cJSON_Delete(o);
	o = json("{'data':{'a':'1'}}");
	rq.user_agent = NULL;
	apply_track(&rq, NULL, o, NULL);
	tap_ok(owned(o, "unknown", "Update")[0] != '\0', "or it is unknown");
	cJSON_Delete(o);
}

static const char deployment[] =
    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'d'},"
    "'spec':{'replicas':2,'selector':{'matchLabels':{'app':'d'}},"
    "'template':{'metadata':{'labels':{'app':'d'}},'spec':{'containers':[{"
    "'name':'c','image':'i:1','env':[{'name':'A','value':'1'},{'name':'B',"
    "'value':'2'}],'ports':[{'containerPort':80}]}]}}}}";

static void
test_deployment(void)
{
	cJSON *o = NULL, *live;
	const cJSON *c;

	apply_as("one", "Deployment", &o, deployment, 0);
	tap_str(owned(o, "one", "Apply"),
	    "{'f:spec':{'f:replicas':{},'f:selector':{},'f:template':{"
	    "'f:metadata':{'f:labels':{'f:app':{}}},'f:spec':{'f:containers':{"
	    "'k:{\\'name\\':\\'c\\'}':{'.':{},'f:env':{"
	    "'k:{\\'name\\':\\'A\\'}':{'.':{},'f:name':{},'f:value':{}},"
	    "'k:{\\'name\\':\\'B\\'}':{'.':{},'f:name':{},'f:value':{}}},"
	    "'f:image':{},'f:name':{},'f:ports':{"
	    "'k:{\\'containerPort\\':80,\\'protocol\\':\\'TCP\\'}':{'.':{},"
	    "'f:containerPort':{}}}}}}}}}",
	    "lists by their keys");
	live = cJSON_Duplicate(o, 1);
	json_set_num(json_at(live, "spec", NULL), "replicas", 5);
	cJSON_DeleteItemFromObject(
	    json_at(live, "metadata", NULL), "managedFields");
	update_as("hpa", "Deployment", "scale", &o, text_of(live));
	cJSON_Delete(live);
	tap_str(owned(o, "hpa", "Update"), "{'f:spec':{'f:replicas':{}}}",
	    "scaling owns replicas alone");
	tap_ok(!apply_as("one", "Deployment", &o, deployment, 0), "conflict");
	tap_str(fault.msg,
	    "Apply failed with 1 conflict: conflict with \"hpa\" with "
	    "subresource \"scale\" using apps/v1: .spec.replicas",
	    "with the subresource");
	apply_as("one", "Deployment", &o,
	    "{'spec':{'selector':{'matchLabels':{'app':'d'}},'template':{"
	    "'metadata':{'labels':{'app':'d'}},'spec':{'containers':[{'name':"
	    "'side'},{'name':'c','image':'i:2','env':[{'name':'B','value':'2'"
	    "}]}]}}}}",
	    0);
	c = json_at(o, "spec", "template", "spec", "containers", NULL);
	tap_str(text_of(c),
	    "[{'name':'side'},{'name':'c','image':'i:2','env':[{'name':'B',"
	    "'value':'2'}]}]",
	    "items come, change and go");
	tap_ok(json_num(json_at(o, "spec", NULL), "replicas", 0) == 5,
	    "what was given up to another stays");
	cJSON_Delete(o);
}

static void
test_status(void)
{
	cJSON *o = NULL;

	apply_as("one", "Deployment", &o,
	    "{'spec':{'replicas':1},'status':{'replicas':9}}", 0);
	tap_ok(json_at(o, "status", NULL) == NULL,
	    "status is passed over by a plain apply");
	update_as("ctl", "Deployment", "status", &o,
	    "{'spec':{'replicas':1},'status':{'replicas':1,'conditions':[{"
	    "'type':'Available','status':'True'}]}}");
	tap_str(owned(o, "ctl", "Update"),
	    "{'f:status':{'f:conditions':{'.':{},"
	    "'k:{\\'type\\':\\'Available\\'}':{'.':{},'f:status':{},'f:type':{}"
	    "}},'f:replicas':{}}}",
	    "a status update owns status");
	tap_str(
	    json_str(json_at(o, "metadata", "managedFields", NULL)->child->next,
		"subresource", NULL),
	    "status", "as that subresource");
	tap_str(owned(o, "one", "Apply"), "{'f:spec':{'f:replicas':{}}}",
	    "and nothing else changes hands");
	cJSON_Delete(o);
}

static void
test_kubectl(void)
{
	cJSON *o = NULL;
	const char *note;

	update_as("kubectl-client-side-apply", "ConfigMap", NULL, &o,
	    "{'metadata':{'annotations':{'kubectl.kubernetes.io/last-applied-"
	    "configuration':'{}'}},'data':{'a':'1','b':'2'}}");
	json_set_str(json_at(o, "metadata", "annotations", NULL),
	    "kubectl.kubernetes.io/last-applied-configuration",
	    "{\"data\":{\"a\":\"1\"}}");
	tap_ok(!apply_as("one", "ConfigMap", &o, "{'data':{'a':'9'}}", 0),
	    "client-side apply owns its fields");
	tap_ok(apply_as("kubectl", "ConfigMap", &o, "{'data':{'a':'9'}}", 0),
	    "but kubectl may go over to the server's side");
	note = json_str(o, "metadata", "annotations",
	    "kubectl.kubernetes.io/last-applied-configuration", NULL);
	tap_str(note, "{\"data\":{\"a\":\"9\"}}\n", "its annotation follows");
	tap_ok(!apply_as("kubectl", "ConfigMap", &o, "{'data':{'b':'9'}}", 0),
	    "for what it had applied only");
	cJSON_Delete(o);
}

static void
test_refused(void)
{
	static const char *const bad[] = {
		"{'metadata':{'managedFields':[{'manager':'x'}]}}",
		"{'spec':{'template':{'spec':{'containers':[{'image':'x'}]}}}}",
		"{'spec':{'template':{'spec':{'containers':[{'name':'x'},"
		"{'name':'x'}]}}}}",
		"[]",
	};
	cJSON *o = NULL;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		tap_ok(!apply_as("one", "Deployment", &o, bad[i], 0) &&
			   fault.code == FAULT_INPUT,
		    "refused: %s", bad[i]);
	tap_ok(!apply_as("", "ConfigMap", &o, "{}", 0) &&
		   fault.code == FAULT_INPUT,
	    "a manager is needed");
}

static void
test_many_updaters(void)
{
	cJSON *o = NULL;
	char text[1024] = "{'data':{'k0':'0'}}", manager[16];
	const cJSON *list;
	int i;

	for (i = 0; i < 15; i++) {
		snprintf(manager, sizeof manager, "m%d", i);
		update_as(manager, "ConfigMap", NULL, &o, text);
		snprintf(
		    text + strlen(text) - 2, 32, ",'k%d':'%d'}}", i + 1, i);
	}
	list = json_at(o, "metadata", "managedFields", NULL);
	tap_ok(cJSON_GetArraySize(list) == APPLY_MAX_UPDATERS,
	    "so many updaters are kept");
	tap_ok(owned(o, "ancient-changes", "Update")[0] != '\0' &&
		   owned(o, "m14", "Update")[0] != '\0',
	    "the others become ancient");
	cJSON_Delete(o);
}

static void
test_same(void)
{
	static const struct {
		const char *a, *b;
		int same;
	} pairs[] = {
		{ "{'a':1,'b':2}", "{'b':2,'a':1}", 1 },
		{ "{'a':1}", "{'a':2}", 0 },
		{ "{'a':1}", "{'a':1,'b':1}", 0 },
		{ "{'metadata':{'resourceVersion':'1'}}",
		    "{'metadata':{'resourceVersion':'2'}}", 1 },
		{ "{'metadata':{'name':'a'}}", "{'metadata':{}}", 0 },
		{ "{'metadata':{'managedFields':[{'manager':'a','time':'x'}]}}",
		    "{'metadata':{'managedFields':[{'manager':'a'}]}}", 1 },
		{ "{'metadata':{'managedFields':[{'manager':'a'}]}}",
		    "{'metadata':{'managedFields':[{'manager':'b'}]}}", 0 },
		{ "{'metadata':{'managedFields':[{'manager':'a'}]}}",
		    "{'metadata':{}}", 0 },
	};
	cJSON *a, *b;
	size_t i;

	for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		a = json(pairs[i].a);
		b = json(pairs[i].b);
		tap_ok(apply_same(a, b) == pairs[i].same, "%s and %s: %d",
		    pairs[i].a, pairs[i].b, pairs[i].same);
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
}

int
main(void)
{
	test_create();
	test_share_and_prune();
	test_conflict();
	test_track();
	test_manager_name();
	test_deployment();
	test_status();
	test_kubectl();
	test_refused();
	test_many_updaters();
	test_same();
	cJSON_Delete(causes);
	return tap_end();
}
