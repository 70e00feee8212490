/*
 * k8s-logs: the logs of pods, and of the pods of workloads, as records or as
 * text; once, or followed across restarts and new pods.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kube_tool.h"
#include "lib/clock.h"
#include "logs.h"

#define PATIENCE_MS 10000 /* a kubelet may be away for good */

static const char usage[] =
    "k8s-logs [-fp] [--all-containers] [--context NAME] [--kubeconfig FILE]\n"
    "    [--since DURATION] [--since-time TIME] [--tail N] [--timestamps]\n"
    "    [-c CONTAINER] [-l SELECTOR] [-n NAMESPACE] [-o json|text]\n"
    "    [POD | KIND/NAME] ...";

enum {
	O_ALL = 1,
	O_SINCE,
	O_SINCE_TIME,
	O_TAIL,
	O_TIMESTAMPS,
};

static const struct option options[] = {
	{ "all-containers", no_argument, NULL, O_ALL },
	{ "container", required_argument, NULL, 'c' },
	{ "follow", no_argument, NULL, 'f' },
	{ "output", required_argument, NULL, 'o' },
	{ "previous", no_argument, NULL, 'p' },
	{ "selector", required_argument, NULL, 'l' },
	{ "since", required_argument, NULL, O_SINCE },
	{ "since-time", required_argument, NULL, O_SINCE_TIME },
	{ "tail", required_argument, NULL, O_TAIL },
	{ "timestamps", no_argument, NULL, O_TIMESTAMPS },
	KUBE_TOOL_LONG,
};

struct arguments {
	struct kube_tool cluster;
	const char *selector;
};

static int
output(const char *arg)
{
	if (strcmp(arg, "text") == 0)
		return 1;
	if (strcmp(arg, "json") != 0)
		tool_usage("-o: %s: not json or text", arg);
	return 0;
}

/* What would be half of an answer is refused, in words. */
static void
check(const struct logs *l, const struct arguments *args, int operands)
{
	if (operands == 0 && args->selector == NULL)
		tool_usage("no pods: give POD, KIND/NAME or -l");
	if (l->follow && l->previous)
		tool_usage("-f and --previous: what is over cannot be "
			   "followed");
	if (l->all && l->container != NULL)
		tool_usage("-c and --all-containers exclude each other");
	if (l->since > 0 && l->since_time != NULL)
		tool_usage("--since and --since-time exclude each other");
}

static void
parse(int argc, char **argv, struct logs *l, struct arguments *args)
{
	struct fault f = { 0 };
	struct timespec at;
	double ms;
	int ch, rc = 0;

	while (rc == 0 &&
	       (ch = tool_getopt(argc, argv, "c:fl:n:o:p", options)) != -1)
		switch (ch) {
		case 'c':
			l->container = optarg;
			break;
		case 'f':
			l->follow = 1;
			break;
		case 'l':
			args->selector = optarg;
			break;
		case 'o':
			l->text = output(optarg);
			break;
		case 'p':
			l->previous = 1;
			break;
		case O_ALL:
			l->all = 1;
			break;
		case O_SINCE:
			rc = opt_duration("--since", optarg, &ms, &f);
			/* the API takes whole seconds; 0 is all, as kubectl's
			 */
			l->since = rc == 0 ? (long long)ceil(ms / 1000) : 0;
			break;
		case O_SINCE_TIME:
			if (clock_parse(optarg, &at) != 0)
				tool_usage("--since-time: %s: not a time as "
					   "2026-01-31T12:00:00Z",
				    optarg);
			l->since_time = optarg;
			break;
		case O_TAIL:
			rc = opt_number(
			    "--tail", optarg, -1, 1000000000, &l->tail, &f);
			break;
		case O_TIMESTAMPS:
			l->timestamps = 1;
			break;
		default:
			kube_tool_option(&args->cluster, ch, optarg);
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	check(l, args, argc - optind);
}

/* One operand as a source; a bare name is a pod's. */
static int
add_operand(struct logs *l, const char *arg, struct fault *f)
{
	struct kube_refs refs = { 0 };
	struct buf query;
	int r;

	buf_init(&query, 1 << 16);
	if (strchr(arg, '/') == NULL) {
		/* discovery need not be asked what a pod is */
		kube_name_query(&query, arg);
		r = buf_check(&query, arg, f);
	} else {
		r = kube_refs_parse_arg(&refs, arg, NULL, f);
		if (r == 0)
			r = kube_ref_pods(
			    l->kube, &refs.v[0], l->ns, &query, f);
	}
	if (r == 0)
		r = logs_source(l, buf_str(&query), arg,
		    strncmp(buf_str(&query), "field", 5) == 0, f);
	kube_refs_release(&refs);
	buf_release(&query);
	return r;
}

static void
add_sources(struct logs *l, const struct arguments *args, char **operands)
{
	struct fault f = { 0 };
	struct buf query;

	for (; *operands != NULL; operands++)
		if (add_operand(l, *operands, &f) != 0)
			l->status = tool_worse(l->status, tool_fault(&f));
	if (args->selector == NULL)
		return;
	buf_init(&query, 1 << 16);
	buf_adds(&query, "labelSelector=");
	http_escape(&query, args->selector, strlen(args->selector), 0);
	if (buf_check(&query, "-l", &f) != 0 ||
	    logs_source(l, buf_str(&query), args->selector, 0, &f) != 0)
		l->status = tool_worse(l->status, tool_fault(&f));
	buf_release(&query);
}

int
main(int argc, char **argv)
{
	struct logs l = { .tail = -1 };
	struct arguments args = { 0 };
	struct fault f = { 0 };

	tool_begin("k8s-logs", usage);
	record_init(&l.record);
	parse(argc, argv, &l, &args);
	kube_tool_open(&args.cluster, &l.loop, &l.kube, &l.ns);
	kube_set_patience(l.kube, PATIENCE_MS);
	add_sources(&l, &args, argv + optind);
	if (l.nsources > 0 &&
	    (l.follow ? logs_follow(&l, &f) : logs_once(&l, &f)) != 0)
		l.status = tool_worse(l.status, tool_fault(&f));
	logs_release(&l);
	kube_tool_close(l.loop, l.kube);
	return tool_end(l.status);
}
