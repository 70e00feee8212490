/*
 * k8s-delete: deletes objects and waits until they are gone.  What is gone
 * already is as good as deleted: tear-down is run again and again.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "delete.h"
#include "kube_tool.h"
#include "lib/clock.h"
#include "lib/opt.h"
#include "lib/record.h"

static const char usage[] =
    "k8s-delete [-R] [--cascade background|foreground|orphan] [--context NAME]\n"
    "    [--except NAMESPACE] [--expired] [--grace DURATION]\n"
    "    [--ignore-not-found] [--kubeconfig FILE] [-f FILE|DIR] ...\n"
    "    [-l SELECTOR] [-n NAMESPACE] [-t DURATION]\n"
    "    [KIND/NAME ... | KIND ... | -]";

enum { O_CASCADE = 1, O_EXCEPT, O_EXPIRED, O_GRACE, O_IGNORE };

static const struct option options[] = {
	{ "cascade", required_argument, NULL, O_CASCADE },
	{ "except", required_argument, NULL, O_EXCEPT },
	{ "expired", no_argument, NULL, O_EXPIRED },
	{ "file", required_argument, NULL, 'f' },
	{ "grace", required_argument, NULL, O_GRACE },
	{ "ignore-not-found", no_argument, NULL, O_IGNORE },
	{ "recursive", no_argument, NULL, 'R' },
	{ "selector", required_argument, NULL, 'l' },
	{ "timeout", required_argument, NULL, 't' },
	KUBE_TOOL_LONG,
};

struct arguments {
	struct opt_list files;
	struct kube_tool cluster;
	const char *selector; /* operands are kinds then */
	const char *except;   /* not to expire, or NULL */
	int expired;
	int flags; /* of manifest_read */
};

static const char *
cascade(const char *arg)
{
	if (strcmp(arg, "background") == 0)
		return "Background";
	if (strcmp(arg, "foreground") == 0)
		return "Foreground";
	if (strcmp(arg, "orphan") == 0)
		return "Orphan";
	tool_usage("--cascade: %s: not background, foreground or orphan", arg);
}

static void
parse(int argc, char **argv, struct job *j, struct arguments *args)
{
	struct fault f = { 0 };
	double ms;
	int ch, rc = 0;

	while (rc == 0 &&
	       (ch = tool_getopt(argc, argv, "Rf:l:n:t:", options)) != -1)
		switch (ch) {
		case 'R':
			args->flags |= MANIFEST_RECURSIVE;
			break;
		case 'f':
			rc = opt_list_add(&args->files, optarg, &f);
			break;
		case 'l':
			args->selector = optarg;
			break;
		case 't':
			rc = opt_duration("-t", optarg, &j->timeout_ms, &f);
			break;
		case O_CASCADE:
			j->cascade = cascade(optarg);
			break;
		case O_EXCEPT:
			args->except = optarg;
			break;
		case O_EXPIRED:
			args->expired = 1;
			break;
		case O_GRACE: /* the API takes whole seconds */
			rc = opt_duration("--grace", optarg, &ms, &f);
			j->grace = (long long)ceil(ms / 1000);
			break;
		case O_IGNORE: /* as always */
			break;
		default:
			kube_tool_option(&args->cluster, ch, optarg);
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	if (args->selector != NULL && args->selector[0] == '\0')
		tool_usage("-l: empty, which would select everything");
	if (args->selector != NULL && optind == argc)
		tool_usage("-l: of which kind? give KIND as an operand");
	if (args->except != NULL && !args->expired)
		tool_usage("--except: is of --expired");
	if (optind == argc && args->files.n == 0 && !args->expired)
		tool_usage("nothing to delete: give KIND/NAME, -f, "
			   "--expired or -");
}

/* Reads manifests and operands before anything is deleted. */
static void
read_input(char **operands, struct arguments *args, struct manifests *m,
    struct kube_refs *refs, int *status)
{
	struct fault f = { 0 };
	size_t i;

	for (i = 0; i < args->files.n; i++)
		if (manifest_read(m, args->files.v[i], args->flags, &f) != 0)
			tool_die(&f);
	for (; args->selector == NULL && *operands != NULL; operands++) {
		if (strcmp(*operands, "-") == 0) {
			if (kube_refs_read(refs, stdin, "stdin", &f) != 0)
				tool_die(&f);
		} else if (kube_refs_parse_arg(refs, *operands, NULL, &f) !=
			   0) {
			*status = tool_worse(*status, tool_fault(&f));
		}
	}
}

static void
add_targets(struct job *j, const struct arguments *args, char **operands,
    const struct manifests *m, const struct kube_refs *refs)
{
	struct fault f = { 0 };
	size_t i;

	for (i = 0; i < refs->n; i++)
		if (targets_add(j, &refs->v[i], 0, &f) != 0)
			j->status = tool_worse(j->status, tool_fault(&f));
	for (; args->selector != NULL && *operands != NULL; operands++)
		if (targets_add_selected(j, *operands, args->selector, &f) != 0)
			j->status = tool_worse(j->status, tool_fault(&f));
	j->status = tool_worse(j->status, targets_add_manifests(j, m));
	if (args->expired && targets_add_expired(j, args->except, &f) != 0)
		j->status = tool_worse(j->status, tool_fault(&f));
}

int
main(int argc, char **argv)
{
	struct job j = {
		.cascade = "Background", .grace = -1, .timeout_ms = 300000
	};
	/* only names count: a placeholder elsewhere is fine */
	struct arguments args = { .flags = MANIFEST_PLACEHOLDERS };
	struct manifests m = { 0 };
	struct kube_refs refs = { 0 };
	struct fault f = { 0 };

	tool_begin("k8s-delete", usage);
	parse(argc, argv, &j, &args);
	read_input(argv + optind, &args, &m, &refs, &j.status);
	kube_tool_open(&args.cluster, &j.loop, &j.kube, &j.ns);
	j.forced_ns = args.cluster.ns != NULL;
	j.started = clock_ms();
	j.deadline = j.started + j.timeout_ms;
	kube_set_deadline(j.kube, j.deadline);
	j.progress = isatty(STDERR_FILENO);
	add_targets(&j, &args, argv + optind, &m, &refs);
	if (delete_all(&j, &f) != 0)
		j.status = tool_worse(j.status, tool_fault(&f));
	targets_release(&j);
	kube_tool_close(j.loop, j.kube);
	kube_refs_release(&refs);
	manifests_release(&m);
	opt_list_release(&args.files);
	return tool_end(j.status);
}
