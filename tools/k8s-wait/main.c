/*
 * k8s-wait: waits until objects are ready, complete, gone or as a condition or
 * a jq expression says; it watches, and gives up as soon as waiting is of no
 * use.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kube_tool.h"
#include "lib/clock.h"
#include "lib/manifest.h"
#include "lib/opt.h"
#include "wait.h"

#define LIVE_MS 200
#define LOOK_MS 30000 /* for the answer to what is not waited for: -t 0 */
#define EXPLAIN_MAX 5 /* objects; more would bury the first */

static const char usage[] =
    "k8s-wait [--context NAME] [--each-timeout DURATION]\n"
    "    [--for ready|complete|deleted|condition=TYPE|jq=EXPRESSION]\n"
    "    [--grace DURATION] [--kubeconfig FILE] [--log-lines N]\n"
    "    [-f FILE|DIR] ... [-l SELECTOR] [-n NAMESPACE] [-t DURATION]\n"
    "    [KIND/NAME ... | KIND ...]";

enum { O_EACH = 1, O_FOR, O_GRACE, O_LINES };

static const struct option options[] = {
	{ "each-timeout", required_argument, NULL, O_EACH },
	{ "file", required_argument, NULL, 'f' },
	{ "for", required_argument, NULL, O_FOR },
	{ "grace", required_argument, NULL, O_GRACE },
	{ "log-lines", required_argument, NULL, O_LINES },
	{ "selector", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' },
	KUBE_TOOL_LONG,
};

struct arguments {
	struct opt_list files;
	struct kube_tool cluster;
};

static void
parse(int argc, char **argv, struct wait *w, struct arguments *args)
{
	struct fault f = { 0 };
	long long lines;
	int ch, rc = 0;

	while (rc == 0 &&
	       (ch = tool_getopt(argc, argv, "f:l:n:t:", options)) != -1)
		switch (ch) {
		case 'f':
			rc = opt_list_add(&args->files, optarg, &f);
			break;
		case 'l':
			w->selector = optarg;
			break;
		case 't':
			rc = opt_duration("-t", optarg, &w->timeout_ms, &f);
			break;
		case O_EACH:
			rc = opt_duration(
			    "--each-timeout", optarg, &w->each_ms, &f);
			break;
		case O_FOR:
			if (goal_parse(w, optarg, &f) != 0)
				tool_usage("--for: %s", f.msg);
			break;
		case O_GRACE:
			rc = opt_duration("--grace", optarg, &w->grace_ms, &f);
			break;
		case O_LINES:
			rc = opt_number(
			    "--log-lines", optarg, 0, 10000, &lines, &f);
			w->log_lines = (unsigned)lines;
			break;
		default:
			kube_tool_option(&args->cluster, ch, optarg);
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	if (w->selector == NULL)
		return;
	if (w->selector[0] == '\0')
		tool_usage("-l: empty, which would select everything");
	if (optind == argc)
		tool_usage("-l: of which kind? give KIND as an operand");
	if (args->files.n > 0)
		tool_usage("-l: the objects of -f are known by their names");
}

/* The objects that manifests describe. */
static void
read_files(struct kube_refs *refs, const struct opt_list *files)
{
	struct manifests m = { 0 };
	struct fault f = { 0 };
	const cJSON *o;
	size_t i;

	/* names are all that counts here: placeholders in the rest are fine */
	for (i = 0; i < files->n; i++)
		if (manifest_read(&m, files->v[i], MANIFEST_PLACEHOLDERS, &f) !=
		    0)
			tool_die(&f);
	for (i = 0; i < m.n; i++) {
		o = m.v[i].object;
		if (kube_refs_add(refs, json_str(o, "apiVersion", NULL),
			json_str(o, "kind", NULL),
			json_str(o, "metadata", "namespace", NULL),
			json_str(o, "metadata", "name", NULL), &f) != 0)
			tool_die(&f);
	}
	manifests_release(&m);
}

/* Operands and manifests, or else the apply records on standard input. */
static void
read_refs(struct kube_refs *refs, const struct opt_list *files, char **operands)
{
	struct fault f = { 0 };

	read_files(refs, files);
	for (; *operands != NULL; operands++)
		if (kube_refs_parse_arg(refs, *operands, NULL, &f) != 0)
			tool_usage("%s", f.msg);
	if (refs->n > 0)
		return;
	if (files->n > 0)
		tool_fail(FAULT_INPUT, "no objects in the files");
	if (isatty(STDIN_FILENO))
		tool_usage("nothing to wait for: no KIND/NAME, and standard "
			   "input is a terminal");
	if (kube_refs_read(refs, stdin, "stdin", &f) != 0)
		tool_die(&f);
	if (refs->n == 0)
		tool_fail(FAULT_INPUT,
		    "nothing to wait for: no apply records on standard input");
}

/* 1 with -t 0, once all is known that was to be looked at. */
static int
has_looked(const struct wait *w)
{
	return w->timeout_ms == 0 && feeds_synced(w);
}

/* Waits until all are met, one cannot be, or the time is up. */
static int
run(struct wait *w)
{
	struct fault f = { 0 };
	size_t i;

	if (feeds_start(w, &f) != 0)
		return tool_fault(&f);
	for (;;) {
		double now = clock_ms(), next = targets_check(w);
		double left = w->deadline - now;

		/* out of memory, or nobody reads: waiting on is of no use */
		if (w->fault.code != FAULT_NONE)
			return tool_fault(&w->fault);
		if ((w->left == 0 && !selections_wait(w)) || w->stop ||
		    left <= 0 || has_looked(w))
			break;
		live_draw(w);
		if (next > 0 && next - now < left)
			left = next - now;
		if (w->live && left > LIVE_MS)
			left = LIVE_MS;
		if (loop_once(w->loop, left > 0 ? left : 0, &f) != 0)
			return tool_fault(&f);
	}
	live_clear(w);
	/* with a failure the reason has been told, and the rest is not late */
	for (i = 0; i < w->n && !w->stop; i++)
		if (w->v[i]->outcome == WAITING)
			report_timeout(w->v[i]);
	return 0;
}

/* The exit status; explains what failed before. */
static int
verdict(struct wait *w)
{
	int status = selections_verdict(w), explained = 0;
	size_t i;

	for (i = 0; i < w->n; i++) {
		struct target *t = w->v[i];

		if (t->outcome == FAILED || t->outcome == TIMED_OUT)
			status = tool_worse(status, FAULT_NO);
		else if (t->outcome == UNSURE)
			status = tool_worse(status, FAULT_UNSURE);
		if (w->log_lines > 0 && explained < EXPLAIN_MAX &&
		    (t->outcome == FAILED || t->outcome == TIMED_OUT)) {
			explained++;
			explain(t);
		}
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct wait w = { .goal_text = "ready",
		.timeout_ms = 300000,
		.grace_ms = 10000,
		.log_lines = 20 };
	struct arguments args = { 0 };
	struct kube_refs refs = { 0 };
	int status;

	tool_begin("k8s-wait", usage);
	parse(argc, argv, &w, &args);
	if (w.selector == NULL)
		read_refs(&refs, &args.files, argv + optind);
	/* time runs from here: what fills the pipe may have taken long */
	w.start_ms = clock_ms();
	w.deadline = w.start_ms + (w.timeout_ms > 0 ? w.timeout_ms : LOOK_MS);
	w.live = isatty(STDERR_FILENO);
	kube_tool_open(&args.cluster, &w.loop, &w.kube, &w.ns);
	kube_set_deadline(w.kube, w.deadline);
	status = w.selector != NULL ? selections_make(&w, argv + optind) :
				      targets_make(&w, &refs);
	if (status == 0)
		status = run(&w);
	if (status == 0)
		status = verdict(&w);
	feeds_release(&w);
	pods_release(&w);
	targets_release(&w);
	kube_refs_release(&refs);
	kube_tool_close(w.loop, w.kube);
	jqx_free(w.expression);
	opt_list_release(&args.files);
	return tool_end(status);
}
