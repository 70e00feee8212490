/*
 * The rules of readiness, kind by kind.  Objects are written with ' for ".
 */
#include "lib/kube_status.h"

#include "tap.h"

static cJSON *
object(const char *s)
{
	char text[4096];
	struct fault f = { 0 };
	cJSON *v;
	size_t i;

	for (i = 0; s[i] != '\0' && i + 1 < sizeof text; i++)
		text[i] = s[i] == '\'' ? '"' : s[i];
	text[i] = '\0';
	v = json_parse(text, i, &f);
	if (v == NULL)
		printf("# %s: %s\n", f.msg, text);
	return v;
}

static const char *
state_name(enum kube_state s)
{
	static const char *const names[] = { "progressing", "ready", "failed",
		"doomed", "terminating" };

	return names[s];
}

/* holds "state Reason: message" of an object against want */
static void
is(const char *json, const char *want)
{
	cJSON *o = object(json);
	struct kube_verdict v = kube_status(o);
	char got[700];

	snprintf(got, sizeof got, "%s%s%s%s%s", state_name(v.state),
	    v.reason[0] != '\0' ? " " : "", v.reason,
	    v.message[0] != '\0' ? ": " : "", v.message);
	tap_str(got, want, json);
	cJSON_Delete(o);
}

#define DEPLOY "{'apiVersion':'apps/v1','kind':'Deployment',"
#define STS "{'apiVersion':'apps/v1','kind':'StatefulSet',"
#define DS "{'apiVersion':'apps/v1','kind':'DaemonSet',"
#define JOB "{'apiVersion':'batch/v1','kind':'Job',"
#define POD "{'apiVersion':'v1','kind':'Pod',"
#define CRD                                        \
	"{'apiVersion':'apiextensions.k8s.io/v1'," \
	"'kind':'CustomResourceDefinition',"

static void
generic(void)
{
	is("{'apiVersion':'v1','kind':'ConfigMap'}", "ready");
	is("{'apiVersion':'v1','kind':'ConfigMap','metadata':"
	   "{'deletionTimestamp':'2026-01-01T00:00:00Z'}}",
	    "terminating Terminating: it is being deleted");
	is("{'apiVersion':'x/v1','kind':'Thing','metadata':{'generation':3},"
	   "'status':{'observedGeneration':2}}",
	    "progressing NotObserved: generation 3 is not yet taken up");
	is("{'apiVersion':'x/v1','kind':'Thing','metadata':{'generation':3},"
	   "'status':{'observedGeneration':3}}",
	    "ready");
	is("{'apiVersion':'x/v1','kind':'Thing','status':{'conditions':"
	   "[{'type':'Ready','status':'False','reason':'R','message':'m'}]}}",
	    "progressing R: m");
	is("{'apiVersion':'x/v1','kind':'Thing','status':{'conditions':"
	   "[{'type':'Ready','status':'True'}]}}",
	    "ready");
	is("{'apiVersion':'x/v1','kind':'Thing','status':{'conditions':"
	   "[{'type':'Reconciling','status':'True','reason':'R'},"
	   "{'type':'Ready','status':'True'}]}}",
	    "progressing R");
	is("{'apiVersion':'x/v1','kind':'Thing','status':{'conditions':"
	   "[{'type':'Stalled','status':'True','message':'m'}]}}",
	    "failed Stalled: m");
	is("{'apiVersion':'other.io/v1','kind':'Deployment'}", "ready");
}

static void
deployments(void)
{
	is(DEPLOY "'spec':{'replicas':2}}",
	    "progressing Updating: 0 of 2 replicas updated");
	is(DEPLOY "'spec':{'replicas':2},'status':{'replicas':3,"
		  "'updatedReplicas':2,'availableReplicas':3,"
		  "'readyReplicas':3}}",
	    "progressing Replacing: 1 old replicas are still there");
	is(DEPLOY "'spec':{'replicas':2},'status':{'replicas':2,"
		  "'updatedReplicas':2,'availableReplicas':1,"
		  "'readyReplicas':2}}",
	    "progressing Unavailable: 1 of 2 replicas available");
	is(DEPLOY "'spec':{'replicas':2},'status':{'replicas':2,"
		  "'updatedReplicas':2,'availableReplicas':2,"
		  "'readyReplicas':2}}",
	    "progressing Unavailable");
	is(DEPLOY "'spec':{'replicas':2},'status':{'replicas':2,"
		  "'updatedReplicas':2,'availableReplicas':2,"
		  "'readyReplicas':2,'conditions':"
		  "[{'type':'Available','status':'True'}]}}",
	    "ready");
	is(DEPLOY "'spec':{'replicas':1},'status':{'replicas':3,"
		  "'updatedReplicas':3,'availableReplicas':3,"
		  "'readyReplicas':3,'conditions':"
		  "[{'type':'Available','status':'True'}]}}",
	    "progressing Scaling: 2 replicas too many");
	is(DEPLOY "'spec':{},'status':{'replicas':1,"
		  "'updatedReplicas':1,'availableReplicas':1,"
		  "'readyReplicas':1,'conditions':"
		  "[{'type':'Available','status':'True'}]}}",
	    "ready");
	is(DEPLOY "'spec':{'replicas':0},'status':{'conditions':"
		  "[{'type':'Available','status':'True'}]}}",
	    "ready");
	is(DEPLOY
	    "'status':{'conditions':[{'type':'Progressing','status':'False',"
	    "'reason':'ProgressDeadlineExceeded','message':'timed out'}]}}",
	    "failed ProgressDeadlineExceeded: timed out");
	is(DEPLOY "'metadata':{'generation':2},'status':"
		  "{'observedGeneration':1,'conditions':"
		  "[{'type':'Progressing','status':'False',"
		  "'reason':'ProgressDeadlineExceeded'}]}}",
	    "progressing NotObserved: generation 2 is not yet taken up");
	is("{'apiVersion':'apps/v1','kind':'Deployment','spec':{'replicas':1},"
	   "'status':{'conditions':[{'type':'ReplicaFailure',"
	   "'status':'True','reason':'FailedCreate','message':'quota'}]}}",
	    "progressing FailedCreate: quota");
	is("{'apiVersion':'apps/v1','kind':'ReplicaSet','spec':{'replicas':1},"
	   "'status':{'conditions':[{'type':'ReplicaFailure',"
	   "'status':'True','reason':'FailedCreate','message':'quota'}]}}",
	    "progressing FailedCreate: quota");
	is("{'apiVersion':'apps/v1','kind':'ReplicaSet','spec':{'replicas':1},"
	   "'status':{'replicas':1,'availableReplicas':1}}",
	    "ready");
}

static void
sets(void)
{
	is(STS "'spec':{'replicas':2},'status':{'replicas':2,"
	       "'readyReplicas':1}}",
	    "progressing Unavailable: 1 of 2 replicas ready");
	is(STS "'spec':{'replicas':1},'status':{'replicas':1,"
	       "'readyReplicas':1,'currentRevision':'a',"
	       "'updateRevision':'b'}}",
	    "progressing Updating: 0 of 1 replicas updated");
	is(STS "'spec':{'replicas':1},'status':{'replicas':1,"
	       "'readyReplicas':1,'currentRevision':'b',"
	       "'updateRevision':'b'}}",
	    "ready");
	is(STS "'spec':{'replicas':1},'status':{'replicas':2,"
	       "'readyReplicas':2,'currentRevision':'b',"
	       "'updateRevision':'b'}}",
	    "progressing Scaling: 1 replicas too many");
	is(STS "'spec':{'replicas':3,'updateStrategy':{'type':"
	       "'RollingUpdate','rollingUpdate':{'partition':1}}},"
	       "'status':{'replicas':3,'readyReplicas':3,"
	       "'updatedReplicas':1,'currentRevision':'a',"
	       "'updateRevision':'b'}}",
	    "progressing Updating: 1 of 2 replicas updated");
	is(STS "'spec':{'replicas':3,'updateStrategy':{'type':"
	       "'RollingUpdate','rollingUpdate':{'partition':1}}},"
	       "'status':{'replicas':3,'readyReplicas':3,"
	       "'updatedReplicas':2,'currentRevision':'a',"
	       "'updateRevision':'b'}}",
	    "ready");
	is(STS "'spec':{'replicas':3,'updateStrategy':{'type':'OnDelete'}}}",
	    "ready");
	is(DS "'status':{'desiredNumberScheduled':1}}",
	    "progressing NotObserved: no controller has seen it yet");
	is(DS "'status':{'observedGeneration':1,'desiredNumberScheduled':2,"
	      "'updatedNumberScheduled':2,'numberAvailable':1,"
	      "'numberReady':2}}",
	    "progressing Unavailable: available on 1 of 2 nodes");
	is(DS "'status':{'observedGeneration':1,'desiredNumberScheduled':2,"
	      "'updatedNumberScheduled':1,'numberAvailable':2,"
	      "'numberReady':2}}",
	    "progressing Updating: 1 of 2 nodes updated");
	is(DS "'status':{'observedGeneration':1,'desiredNumberScheduled':0}}",
	    "ready");
}

static void
others(void)
{
	is(JOB "'status':{'active':1}}",
	    "progressing Running: 0 of 1 completions, 1 pods active, "
	    "0 failed");
	is(JOB "'status':{'conditions':"
	       "[{'type':'Complete','status':'True'}]}}",
	    "ready");
	is(JOB "'status':{'conditions':[{'type':'Failed','status':'True',"
	       "'reason':'BackoffLimitExceeded','message':'m'}]}}",
	    "failed BackoffLimitExceeded: m");
	is(JOB "'status':{'conditions':[{'type':'Failed',"
	       "'status':'False'}]}}",
	    "progressing Running: 0 of 1 completions, 0 pods active, "
	    "0 failed");
	is(JOB "'status':{'conditions':[{'type':'Suspended','status':'True',"
	       "'reason':'JobSuspended','message':'m'}]}}",
	    "progressing JobSuspended: m");
	is("{'apiVersion':'v1','kind':'PersistentVolumeClaim',"
	   "'status':{'phase':'Pending'}}",
	    "progressing Pending: not bound to a volume");
	is("{'apiVersion':'v1','kind':'PersistentVolumeClaim',"
	   "'status':{'phase':'Bound'}}",
	    "ready");
	is("{'apiVersion':'v1','kind':'PersistentVolumeClaim',"
	   "'status':{'phase':'Lost'}}",
	    "failed Lost: not bound to a volume");
	is("{'apiVersion':'v1','kind':'Service','spec':{}}", "ready");
	is("{'apiVersion':'v1','kind':'Service',"
	   "'spec':{'type':'LoadBalancer','clusterIP':'10.0.0.1'}}",
	    "progressing NoIngress: the load balancer has no address yet");
	is("{'apiVersion':'v1','kind':'Service',"
	   "'spec':{'type':'LoadBalancer'},'status':{'loadBalancer':"
	   "{'ingress':[{'ip':'1.2.3.4'}]}}}",
	    "ready");
	is("{'apiVersion':'v1','kind':'Namespace',"
	   "'status':{'phase':'Active'}}",
	    "ready");
	is("{'apiVersion':'v1','kind':'Namespace',"
	   "'status':{'phase':'Terminating'}}",
	    "terminating Terminating: the namespace is going away");
	is(CRD "'status':{'conditions':[{'type':'Established',"
	       "'status':'True'}]}}",
	    "ready");
	is(CRD "'status':{'conditions':[{'type':'Established',"
	       "'status':'False','reason':'Installing'}]}}",
	    "progressing Installing: not served yet");
	is(CRD "'status':{'conditions':[{'type':'NamesAccepted',"
	       "'status':'False','reason':'Conflict','message':'m'}]}}",
	    "failed Conflict: m");
	is(CRD "'status':{}}", "progressing Installing: not served yet");
}

static void
pods(void)
{
	static const char *const fatal[] = { "CrashLoopBackOff", "ErrImagePull",
		"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
		"ImageInspectError", "CreateContainerConfigError",
		"CreateContainerError", "RunContainerError",
		"PostStartHookError" };
	char json[512], want[200];
	size_t i;

	for (i = 0; i < sizeof fatal / sizeof *fatal; i++) {
		snprintf(json, sizeof json,
		    POD "'status':{'phase':'Pending','containerStatuses':"
			"[{'name':'c','state':{'waiting':{'reason':'%s',"
			"'message':'m'}}}]}}",
		    fatal[i]);
		snprintf(
		    want, sizeof want, "doomed %s: container c: m", fatal[i]);
		is(json, want);
	}
	is(POD "'status':{'phase':'Pending','initContainerStatuses':"
	       "[{'name':'i','state':{'waiting':{'reason':"
	       "'CrashLoopBackOff'}},'lastState':{'terminated':"
	       "{'exitCode':3}}}],'containerStatuses':[{'name':'c',"
	       "'state':{'waiting':{'reason':'PodInitializing'}}}]}}",
	    "doomed CrashLoopBackOff: container i, exit status 3");
	is(POD "'status':{'phase':'Running','containerStatuses':"
	       "[{'name':'c','state':{'waiting':{'reason':"
	       "'CrashLoopBackOff'}},'lastState':{'terminated':"
	       "{'reason':'OOMKilled','exitCode':137}}}]}}",
	    "doomed CrashLoopBackOff: container c, out of memory "
	    "(OOMKilled)");
	is(POD "'status':{'phase':'Pending','containerStatuses':"
	       "[{'name':'c','state':{'waiting':{'reason':"
	       "'CreateContainerConfigError','message':"
	       "'failed to sync configmap cache: timed out'}}}]}}",
	    "progressing CreateContainerConfigError: container c waits");
	is(POD "'status':{'phase':'Pending','conditions':"
	       "[{'type':'PodScheduled','status':'False',"
	       "'reason':'Unschedulable','message':'0/1 nodes'}]}}",
	    "doomed Unschedulable: 0/1 nodes");
	is(POD "'status':{'phase':'Pending','containerStatuses':"
	       "[{'name':'c','state':{'waiting':{'reason':"
	       "'ContainerCreating'}}}]}}",
	    "progressing ContainerCreating: container c waits");
	is(POD "'status':{'phase':'Running','containerStatuses':"
	       "[{'name':'c','ready':false,'state':{'running':{}}}]}}",
	    "progressing NotReady: container c runs but is not ready");
	is(POD "'status':{'phase':'Running','containerStatuses':"
	       "[{'name':'c','state':{'terminated':{'reason':'Error',"
	       "'exitCode':1}}}]}}",
	    "progressing Error: container c ended with exit status 1");
	is(POD "'status':{'phase':'Running','conditions':"
	       "[{'type':'Ready','status':'True'}]}}",
	    "ready");
	is(POD "'status':{'phase':'Succeeded'}}", "ready");
	is(POD "'status':{'phase':'Failed','containerStatuses':"
	       "[{'name':'c','state':{'terminated':{'reason':'Error',"
	       "'exitCode':2}}}]}}",
	    "failed Error: container c ended with exit status 2");
	is(POD "'metadata':{'ownerReferences':[{'uid':'u','controller':true}]}"
	       ",'status':{'phase':'Failed','reason':'Evicted',"
	       "'message':'disk'}}",
	    "progressing Evicted: disk");
	is(POD "'metadata':{'ownerReferences':[{'uid':'u','controller':true}]}"
	       ",'status':{'phase':'Failed','reason':'Preempting'}}",
	    "progressing Preempting");
	is(POD "'metadata':{'ownerReferences':[{'uid':'u','controller':true}]}"
	       ",'status':{'phase':'Failed','reason':'OutOfmemory'}}",
	    "failed OutOfmemory");
	is(POD "'status':{'phase':'Failed','reason':'Evicted',"
	       "'message':'disk'}}",
	    "failed Evicted: disk");
	is(POD "'metadata':{'deletionTimestamp':'2026-01-01T00:00:00Z'},"
	       "'status':{'phase':'Failed'}}",
	    "terminating Terminating: it is being deleted");
	is(POD "'status':{}}", "progressing Pending");
}

static void
selects(const char *selector, const char *labels, int want)
{
	cJSON *s = object(selector), *l = object(labels);

	tap_ok(kube_selects(s, l) == want, "%s on %s", selector, labels);
	cJSON_Delete(s);
	cJSON_Delete(l);
}

static void
relations(void)
{
	cJSON *p = object(POD "'metadata':{'ownerReferences':[{'uid':'a'},"
			      "{'uid':'b'}]}}");

	tap_ok(kube_owned_by(p, "b") && !kube_owned_by(p, "c"), "owners");
	cJSON_Delete(p);
	selects("{'matchLabels':{'a':'1'}}", "{'a':'1','b':'2'}", 1);
	selects("{'matchLabels':{'a':'1'}}", "{'a':'2'}", 0);
	selects("{'matchLabels':{'a':'1'}}", "{}", 0);
	selects("{}", "{'a':'2'}", 1);
	selects("{'matchExpressions':[{'key':'a','operator':'In',"
		"'values':['1','2']}]}",
	    "{'a':'2'}", 1);
	selects("{'matchExpressions':[{'key':'a','operator':'NotIn',"
		"'values':['1','2']}]}",
	    "{'a':'2'}", 0);
	selects("{'matchExpressions':[{'key':'a','operator':'NotIn',"
		"'values':['1']}]}",
	    "{}", 1);
	selects("{'matchExpressions':[{'key':'a','operator':'Exists'}]}",
	    "{'a':''}", 1);
	selects("{'matchExpressions':[{'key':'a','operator':'DoesNotExist'}]}",
	    "{'a':''}", 0);
	selects("{'matchExpressions':[{'key':'a','operator':'Gt'}]}",
	    "{'a':'1'}", 0);
}

int
main(void)
{
	generic();
	deployments();
	sets();
	others();
	pods();
	relations();
	return tap_end();
}
