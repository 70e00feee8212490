/* Subsets of Endpoints: addresses, named ports, readiness. */
#include "k8s-controllerd/endpoints_build.h"

#include "json_quote.h"
#include "tap.h"

#define POD(name, ip, ready, more)                                           \
	"{'metadata':{'name':'" name "','namespace':'n','uid':'u-" name      \
	"','labels':{'app':'x'}},'spec':{'nodeName':'sandbox'," more         \
	"'containers':[{'name':'c','ports':[{'name':'http','containerPort':" \
	"8080}]}]},'status':{'phase':'Running','podIP':'" ip                 \
	"','conditions':[{'type':'Ready','status':'" ready "'}]}}"
#define ADDRESS(name, ip)                                          \
	"{'ip':'" ip "','nodeName':'sandbox','targetRef':{'kind':" \
	"'Pod','namespace':'n','name':'" name "','uid':'u-" name "'}}"
#define SERVICE(spec)                                                     \
	"{'metadata':{'name':'svc','namespace':'n'},'spec':{'selector':{" \
	"'app':'x'}," spec "}}"

static const struct {
	const char *what, *service, *pods[3], *subsets;
} cases[] = {
	{ "no pods", SERVICE("'ports':[{'port':80}]"), { NULL }, "[]" },
	{ "ready and not ready", SERVICE("'ports':[{'port':80}]"),
	    { POD("a", "10.0.0.1", "True", ""),
		POD("b", "10.0.0.2", "False", "") },
	    "[{'ports':[{'port':80,'protocol':'TCP'}],'addresses':[" ADDRESS(
		"a", "10.0.0.1") "],'notReadyAddresses':[" ADDRESS("b",
		"10.0.0.2") "]}]" },
	{ "not ready addresses published",
	    SERVICE("'publishNotReadyAddresses':true,'ports':[{'port':80}]"),
	    { POD("b", "10.0.0.2", "False", "") },
	    "[{'ports':[{'port':80,'protocol':'TCP'}],'addresses':[" ADDRESS(
		"b", "10.0.0.2") "]}]" },
	{ "a named target port",
	    SERVICE("'ports':[{'name':'web','port':80,'targetPort':'http'}]"),
	    { POD("a", "10.0.0.1", "True", "") },
	    "[{'ports':[{'name':'web','port':8080,'protocol':'TCP'}],"
	    "'addresses':[" ADDRESS("a", "10.0.0.1") "]}]" },
	{ "a numbered target port",
	    SERVICE("'ports':[{'port':80,'targetPort':8000,'protocol':'UDP'}]"),
	    { POD("a", "10.0.0.1", "True", "") },
	    "[{'ports':[{'port':8000,'protocol':'UDP'}],'addresses':[" ADDRESS(
		"a", "10.0.0.1") "]}]" },
	{ "a name that the pod does not have",
	    SERVICE("'ports':[{'port':80,'targetPort':'other'}]"),
	    { POD("a", "10.0.0.1", "True", "") }, "[]" },
	{ "no ports at all", SERVICE("'clusterIP':'None'"),
	    { POD("a", "10.0.0.1", "True", "") },
	    "[{'addresses':[" ADDRESS("a", "10.0.0.1") "]}]" },
	{ "a hostname in the Service's subdomain",
	    SERVICE("'clusterIP':'None'"),
	    { POD(
		"a", "10.0.0.1", "True", "'hostname':'a','subdomain':'svc',") },
	    "[{'addresses':[{'ip':'10.0.0.1','hostname':'a','nodeName':"
	    "'sandbox','targetRef':{'kind':'Pod','namespace':'n','name':'a',"
	    "'uid':'u-a'}}]}]" },
	{ "what has no address, is not selected, has ended or is ending",
	    SERVICE("'ports':[{'port':80}]"),
	    { POD("a", "", "True", ""),
		"{'metadata':{'name':'b','labels':{'app':'y'}},'status':{"
		"'podIP':'10.0.0.3'}}",
		"{'metadata':{'name':'c','labels':{'app':'x'}},'status':{"
		"'phase':'Succeeded','podIP':'10.0.0.4'}}" },
	    "[]" },
	{ "what is being deleted", SERVICE("'ports':[{'port':80}]"),
	    { "{'metadata':{'name':'c','labels':{'app':'x'},"
	      "'deletionTimestamp':'2026-01-01T00:00:00Z'},'status':{'phase':"
	      "'Running','podIP':'10.0.0.4'}}" },
	    "[]" },
};

static void
test_mixed_ports(void)
{
	cJSON *service =
	    json(SERVICE("'ports':[{'port':80,'targetPort':'http'}]"));
	cJSON *pods[2] = { json(POD("a", "10.0.0.1", "True", "")),
		json(POD("b", "10.0.0.2", "True", "")) };
	cJSON *subsets, *port;

	port = cJSON_GetArrayItem(
	    json_at(cJSON_GetArrayItem(
			json_at(pods[1], "spec", "containers", NULL), 0),
		"ports", NULL),
	    0);
	json_set_num(port, "containerPort", 9090);
	subsets = endpoints_build(service, (const cJSON *const *)pods, 2);
	tap_ok(cJSON_GetArraySize(subsets) == 2,
	    "other numbers make another subset");
	cJSON_Delete(subsets);
	cJSON_Delete(service);
	cJSON_Delete(pods[0]);
	cJSON_Delete(pods[1]);
}

int
main(void)
{
	cJSON *service, *pods[3], *subsets;
	size_t i, n, k;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		service = json(cases[i].service);
		for (n = 0; n < 3 && cases[i].pods[n] != NULL; n++)
			pods[n] = json(cases[i].pods[n]);
		subsets =
		    endpoints_build(service, (const cJSON *const *)pods, n);
		tap_str(text_of(subsets), cases[i].subsets, cases[i].what);
		cJSON_Delete(subsets);
		cJSON_Delete(service);
		for (k = 0; k < n; k++)
			cJSON_Delete(pods[k]);
	}
	test_mixed_ports();
	return tap_end();
}
