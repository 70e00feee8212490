/* Whether a pod fits on a node, and why not. */
#include "k8s-controllerd/schedule.h"

#include <math.h>

#include "json_quote.h"
#include "tap.h"

#define NODE(ready, spec)                                                   \
	"{'metadata':{'name':'a','labels':{'disk':'ssd'}},'spec':{" spec    \
	"},'status':{'conditions':[{'type':'Ready','status':'" ready "'}]," \
	"'allocatable':{'cpu':'2','memory':'1Gi'}}}"
#define ASKS(cpu, memory)                                              \
	"{'spec':{'containers':[{'resources':{'requests':{'cpu':'" cpu \
	"','memory':'" memory "'}}}]}}"

static const struct {
	const char *node, *pod, *why; /* why "": it fits */
} cases[] = {
	{ NODE("True", ""), "{}", "" },
	{ NODE("False", ""), "{}",
	    "node(s) had untolerated taint {node.kubernetes.io/not-ready: }" },
	{ NODE("True", "'unschedulable':true"), "{}",
	    "node(s) were unschedulable" },
	{ NODE("True", ""), ASKS("1", "512Mi"), "" },
	{ NODE("True", ""), ASKS("1500m", "512Mi"), "" },
	{ NODE("True", ""), ASKS("1501m", "512Mi"), "Insufficient cpu" },
	{ NODE("True", ""), ASKS("1", "1025Mi"), "Insufficient memory" },
	{ NODE("True", ""), "{'spec':{'nodeSelector':{'disk':'ssd'}}}", "" },
	{ NODE("True", ""), "{'spec':{'nodeSelector':{'disk':'hdd'}}}",
	    "node(s) didn't match Pod's node affinity/selector" },
	{ NODE("True", ""), "{'spec':{'nodeSelector':{'zone':'x'}}}",
	    "node(s) didn't match Pod's node affinity/selector" },
	{ NODE("True", "'taints':[{'key':'k','value':'v','effect':"
		       "'NoSchedule'}]"),
	    "{}", "node(s) had untolerated taint {k: v}" },
	{ NODE("True", "'taints':[{'key':'k','effect':'PreferNoSchedule'}]"),
	    "{}", "" },
	{ NODE("True", "'taints':[{'key':'k','value':'v','effect':"
		       "'NoSchedule'}]"),
	    "{'spec':{'tolerations':[{'key':'k','value':'v'}]}}", "" },
	{ NODE("True", "'taints':[{'key':'k','value':'v','effect':"
		       "'NoSchedule'}]"),
	    "{'spec':{'tolerations':[{'key':'k','value':'w'}]}}",
	    "node(s) had untolerated taint {k: v}" },
	{ NODE("True", "'taints':[{'key':'k','effect':'NoExecute'}]"),
	    "{'spec':{'tolerations':[{'operator':'Exists'}]}}", "" },
	{ NODE("True", "'taints':[{'key':'k','effect':'NoExecute'}]"),
	    "{'spec':{'tolerations':[{'key':'k','operator':'Exists','effect':"
	    "'NoSchedule'}]}}",
	    "node(s) had untolerated taint {k: }" },
};

int
main(void)
{
	struct requests used = { 0.5, 0 }, r;
	char why[300];
	cJSON *node, *pod;
	size_t i;
	int fits;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		node = json(cases[i].node);
		pod = json(cases[i].pod);
		why[0] = '\0';
		fits = node_fits(node, &used, pod, why, sizeof why);
		tap_str(why, cases[i].why, cases[i].pod);
		if (fits != (cases[i].why[0] == '\0'))
			tap_ok(0, "case %zu fits: %d", i + 1, fits);
		cJSON_Delete(node);
		cJSON_Delete(pod);
	}
	pod = json("{'spec':{'containers':[{'resources':{'requests':{'cpu':"
		   "'250m'},'limits':{'cpu':'1','memory':'64Mi'}}},{"
		   "'resources':{'limits':{'cpu':'0.25'}}}],'initContainers':"
		   "[{'resources':{'requests':{'cpu':'100m','memory':'1Gi'}}}]"
		   "}}");
	r = pod_requests(pod);
	tap_ok(fabs(r.cpu - 0.5) < 1e-9,
	    "requests add up, limits stand in for them");
	tap_ok(r.memory == 1073741824.0, "a larger init container counts");
	cJSON_Delete(pod);
	return tap_end();
}
