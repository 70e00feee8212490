/*
 * k8s-dump: everything about a namespace, for whoever looks into a failed run
 * after the namespace is gone.
 */
#include <string.h>

#include "dump.h"
#include "kube_tool.h"
#include "lib/opt.h"

#define PATIENCE_MS 10000 /* the cluster may be broken for good */

static const char usage[] =
    "k8s-dump [--context NAME] [--kubeconfig FILE] [--tail N] [-d DIR]\n"
    "    [-n NAMESPACE]";

enum { O_TAIL = 1 };

static const struct option options[] = {
	{ "directory", required_argument, NULL, 'd' },
	{ "tail", required_argument, NULL, O_TAIL },
	KUBE_TOOL_LONG,
};

static void
parse(int argc, char **argv, struct dump *d, struct kube_tool *cluster)
{
	struct fault f = { 0 };
	int ch, rc = 0;

	while (rc == 0 && (ch = tool_getopt(argc, argv, "d:n:", options)) != -1)
		switch (ch) {
		case 'd':
			d->dir = optarg;
			break;
		case O_TAIL:
			rc = opt_number(
			    "--tail", optarg, 0, 1000000000, &d->tail, &f);
			break;
		default:
			kube_tool_option(cluster, ch, optarg);
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	if (optind < argc)
		tool_usage("%s: unexpected operand (-n names the namespace)",
		    argv[optind]);
}

int
main(int argc, char **argv)
{
	struct dump d = { .tail = -1 };
	struct kube_tool cluster = { 0 };
	struct fault f = { 0 };
	int whole;

	tool_begin("k8s-dump", usage);
	record_init(&d.record);
	parse(argc, argv, &d, &cluster);
	kube_tool_open(&cluster, &d.loop, &d.kube, &d.ns);
	kube_set_patience(d.kube, PATIENCE_MS);
	whole = out_open(&d, &f) == 0 && dump_objects(&d, &f) == 0 &&
		dump_logs(&d, &f) == 0;
	if (!whole)
		d.status = tool_worse(d.status, tool_fault(&f));
	out_close(&d);
	if (d.dir != NULL && whole && !d.failed)
		tool_warn(
		    "%s: %zu objects, %zu logs", d.dir, d.objects, d.logs);
	cJSON_Delete(d.pods);
	record_release(&d.record);
	kube_tool_close(d.loop, d.kube);
	return tool_end(d.status);
}
