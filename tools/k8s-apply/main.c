/*
 * k8s-apply: server-side apply of manifests, many objects side by side, in
 * the order in which they need each other.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apply.h"
#include "kube_tool.h"
#include "lib/opt.h"

/*
 * Requests under way at most, where -j says nothing: streams of one connection
 * cost next to nothing and keep the server busy; connections cost a handshake
 * each, on both sides.
 */
#define JOBS_SHARED 48
#define JOBS_APART 6

static const char usage[] =
    "k8s-apply [-R] [--context NAME] [--diff] [--dry-run] [--field-manager NAME]\n"
    "    [--force-conflicts] [--keep-placeholders] [--kubeconfig FILE]\n"
    "    [-f FILE|DIR] ... [-j N] [-n NAMESPACE] [-t DURATION]";

enum { O_DIFF = 1, O_DRY_RUN, O_MANAGER, O_FORCE, O_KEEP };

static const struct option options[] = {
	{ "diff", no_argument, NULL, O_DIFF },
	{ "dry-run", optional_argument, NULL, O_DRY_RUN },
	{ "field-manager", required_argument, NULL, O_MANAGER },
	{ "file", required_argument, NULL, 'f' },
	{ "force-conflicts", no_argument, NULL, O_FORCE },
	{ "keep-placeholders", no_argument, NULL, O_KEEP },
	{ "parallel", required_argument, NULL, 'j' },
	{ "recursive", no_argument, NULL, 'R' },
	{ "timeout", required_argument, NULL, 't' },
	KUBE_TOOL_LONG,
};

struct arguments {
	struct opt_list files;
	struct kube_tool cluster;
	int flags; /* of manifest_read */
};

static void
parse(int argc, char **argv, struct apply *a, struct arguments *args)
{
	struct fault f = { 0 };
	long long jobs;
	int ch, rc = 0;

	while (rc == 0 &&
	       (ch = tool_getopt(argc, argv, "Rf:j:n:t:", options)) != -1)
		switch (ch) {
		case 'R':
			args->flags |= MANIFEST_RECURSIVE;
			break;
		case 'f':
			rc = opt_list_add(&args->files, optarg, &f);
			break;
		case 'j':
			rc = opt_number("-j", optarg, 1, 256, &jobs, &f);
			a->jobs = (unsigned)jobs;
			break;
		case 't':
			rc = opt_duration("-t", optarg, &a->timeout_ms, &f);
			break;
		case O_DIFF:
			a->diff = 1;
			break;
		case O_DRY_RUN:
			/* defaults, admission and conflicts are the server's */
			if (optarg != NULL && strcmp(optarg, "server") != 0)
				tool_usage("--dry-run: only the server can "
					   "tell: %s",
				    optarg);
			a->dry_run = 1;
			break;
		case O_MANAGER:
			a->manager = optarg;
			break;
		case O_FORCE:
			a->force = 1;
			break;
		case O_KEEP:
			args->flags |= MANIFEST_PLACEHOLDERS;
			break;
		default:
			kube_tool_option(&args->cluster, ch, optarg);
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	if (optind < argc)
		tool_usage(
		    "%s: unexpected operand (-f names files)", argv[optind]);
}

static void
read_all(struct manifests *m, struct arguments *args)
{
	struct fault f = { 0 };
	size_t i;

	if (args->files.n == 0) {
		if (isatty(STDIN_FILENO))
			tool_usage("no -f, and standard input is a terminal");
		if (manifest_read(m, "-", args->flags, &f) != 0)
			tool_die(&f);
	}
	for (i = 0; i < args->files.n; i++)
		if (manifest_read(m, args->files.v[i], args->flags, &f) != 0)
			tool_die(&f);
	if (m->n == 0)
		tool_fail(FAULT_INPUT, "no objects in the input");
}

/*
 * All tiers; the exit status.  An object that is refused holds nothing up:
 * what does not need it is applied, and what does will say so itself.
 */
static int
run(struct apply *a)
{
	struct fault f = { 0 };
	int tier, unserved, status = 0;
	size_t i;

	send_baseline(a);
	if (a->jobs == 0)
		a->jobs = kube_shared(a->kube) ? JOBS_SHARED : JOBS_APART;
	for (tier = 0; tier < TIERS; tier++) {
		if (send_tier(a, (enum tier)tier, &f) != 0)
			break;
		if (tier != TIER_CRD)
			continue;
		unserved = crd_wait(a);
		status = tool_worse(status, unserved);
		status = tool_worse(status, plan_again(a, unserved == 0));
	}
	report_progress(a, 1);
	/* what became of those under way is not known, nor can it be told */
	if (tier < TIERS)
		return tool_fault(&f);
	for (i = 0; i < a->n; i++)
		if (a->v[i].result == R_PENDING)
			object_fail(&a->v[i], FAULT_UNSURE,
			    "not applied within the time limit");
	if (report_ready(a, &f) != 0)
		status = tool_fault(&f);
	for (i = 0; i < a->n; i++)
		if (a->v[i].result == R_FAILED)
			status = tool_worse(status, (int)a->v[i].code);
	return status;
}

int
main(int argc, char **argv)
{
	struct apply a = { .manager = "inttest", .timeout_ms = 60000 };
	struct arguments args = { 0 };
	struct manifests m = { 0 };
	int status;

	tool_begin("k8s-apply", usage);
	parse(argc, argv, &a, &args);
	read_all(&m, &args);
	kube_tool_open(&args.cluster, &a.loop, &a.kube, &a.ns);
	a.forced_ns = args.cluster.ns != NULL;
	a.deadline = clock_ms() + a.timeout_ms;
	kube_set_deadline(a.kube, a.deadline);
	a.progress = isatty(STDERR_FILENO);
	send_baseline_early(&a);
	status = plan_make(&a, &m);
	if (status == 0)
		status = run(&a);
	kube_tool_close(a.loop, a.kube);
	plan_release(&a);
	manifests_release(&m);
	opt_list_release(&args.files);
	return tool_end(status);
}
