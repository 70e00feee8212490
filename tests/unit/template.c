/* Pod templates: hashes, comparison, the pod that one makes. */
#include "k8s-controllerd/template.h"

#include "json_quote.h"
#include "tap.h"

static const char text[] =
    "{'metadata':{'labels':{'app':'x'},'annotations':{'n':'1'}},'spec':{"
    "'containers':[{'name':'c','image':'i','env':[]}]}}";

static void
test_hash(void)
{
	char a[TEMPLATE_HASH_SIZE], b[TEMPLATE_HASH_SIZE];
	cJSON *t = json(text), *u;

	template_hash(t, 0, a);
	tap_ok(strlen(a) >= 1 && strlen(a) <= 10 &&
		   strspn(a, "bcdfghjklmnpqrstvwxz2456789") == strlen(a),
	    "a hash is letters and digits: %s", a);
	u = json("{'spec':{'containers':[{'image':'i','env':[],'name':'c'}]},"
		 "'metadata':{'annotations':{'n':'1'},'labels':{'app':'x',"
		 "'pod-template-hash':'zzz'}}}");
	tap_str(template_hash(u, 0, b), a,
	    "the order of members and the hash itself do not matter");
	tap_ok(
	    template_same(t, u) && template_same(u, t), "nor for comparison");
	tap_ok(strcmp(template_hash(t, 1, b), a) != 0,
	    "a collision gives another");
	json_set_str(
	    cJSON_GetArrayItem(json_at(u, "spec", "containers", NULL), 0),
	    "image", "j");
	tap_ok(strcmp(template_hash(u, 0, b), a) != 0 && !template_same(t, u),
	    "another image gives another");
	cJSON_Delete(u);
	u = json("{'metadata':{'labels':{'app':'x'},'annotations':{'n':'1'}},"
		 "'spec':{'containers':[{'name':'c','image':'i','env':[]}],"
		 "'x':1}}");
	tap_ok(!template_same(t, u) && !template_same(u, t) &&
		   !template_same(NULL, u),
	    "more members are another");
	cJSON_Delete(u);
	cJSON_Delete(t);
}

static void
test_pod(void)
{
	cJSON *t = json(text), *pod;
	cJSON *owner = json("{'metadata':{'name':'s','namespace':'n','uid':"
			    "'u'}}");

	pod = template_pod(t, owner, "apps/v1", "ReplicaSet", "s-", "s-1");
	tap_str(text_of(pod),
	    "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'s-1',"
	    "'generateName':'s-',"
	    "'namespace':'n','labels':{'app':'x'},'annotations':{'n':'1'},"
	    "'ownerReferences':[{'apiVersion':'apps/v1','kind':'ReplicaSet',"
	    "'name':'s','uid':'u','controller':true,'blockOwnerDeletion':true"
	    "}]},'spec':{'containers':[{'name':'c','image':'i','env':[]}]}}",
	    "the pod of a template");
	cJSON_Delete(pod);
	cJSON_Delete(owner);
	cJSON_Delete(t);
}

static void
test_name(void)
{
	char a[TEMPLATE_NAME_SIZE], b[TEMPLATE_NAME_SIZE], base[200];

	template_name("web-", a);
	template_name("web-", b);
	tap_ok(
	    strncmp(a, "web-", 4) == 0 && strlen(a) == 9 && strcmp(a, b) != 0,
	    "names differ: %s %s", a, b);
	memset(base, 'x', sizeof base);
	base[sizeof base - 1] = '\0';
	tap_ok(strlen(template_name(base, a)) == 63, "and are cut to 63");
}

int
main(void)
{
	test_hash();
	test_pod();
	test_name();
	return tap_end();
}
