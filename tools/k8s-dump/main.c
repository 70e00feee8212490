/*
 * k8s-dump: everything about a namespace, for whoever looks into a failed run
 * after the namespace is gone.
 */
#include <string.h>

#include "dump.h"
#include "lib/opt.h"
#include "tool.h"

static const char usage[] =
    "k8s-dump [--context NAME] [--kubeconfig FILE] [--tail N] [-d DIR]\n"
    "    [-n NAMESPACE]";

enum { O_CONTEXT = 1, O_KUBECONFIG, O_TAIL };

static const struct option options[] = {
	{ "context", required_argument, NULL, O_CONTEXT },
	{ "directory", required_argument, NULL, 'd' },
	{ "kubeconfig", required_argument, NULL, O_KUBECONFIG },
	{ "namespace", required_argument, NULL, 'n' },
	{ "tail", required_argument, NULL, O_TAIL },
	TOOL_LONG,
};

struct arguments {
	const char *kubeconfig, *context;
};

static void
parse(int argc, char **argv, struct dump *d, struct arguments *args)
{
	struct fault f = { 0 };
	int ch, rc = 0;

	while (rc == 0 && (ch = tool_getopt(argc, argv, "d:n:", options)) != -1)
		switch (ch) {
		case 'd':
			d->dir = optarg;
			break;
		case 'n':
			d->ns = optarg;
			break;
		case O_CONTEXT:
			args->context = optarg;
			break;
		case O_TAIL:
			rc = opt_number(
			    "--tail", optarg, 0, 1000000000, &d->tail, &f);
			break;
		default:
			args->kubeconfig = optarg;
			break;
		}
	if (rc != 0)
		tool_usage("%s", f.msg);
	if (optind < argc)
		tool_usage("%s: unexpected operand (-n names the namespace)",
		    argv[optind]);
}

static void
connect_to(struct dump *d, const struct arguments *args)
{
	struct fault f = { 0 };

	if (http_init(&f) != 0 || (d->loop = loop_new(&f)) == NULL)
		tool_die(&f);
	d->kube = kube_open(d->loop, args->kubeconfig, args->context, &f);
	if (d->kube == NULL)
		tool_die(&f);
	if (d->ns == NULL)
		d->ns = kube_namespace(d->kube);
}

int
main(int argc, char **argv)
{
	struct dump d = { .tail = -1 };
	struct arguments args = { 0 };
	struct fault f = { 0 };

	tool_begin("k8s-dump", usage);
	record_init(&d.record);
	parse(argc, argv, &d, &args);
	connect_to(&d, &args);
	if (out_open(&d, &f) != 0 || dump_objects(&d, &f) != 0 ||
	    dump_logs(&d, &f) != 0)
		d.status = tool_worse(d.status, tool_fault(&f));
	out_close(&d);
	if (d.dir != NULL && !d.failed)
		tool_warn(
		    "%s: %zu objects, %zu logs", d.dir, d.objects, d.logs);
	cJSON_Delete(d.pods);
	record_release(&d.record);
	kube_free(d.kube);
	loop_free(d.loop);
	return tool_end(d.status);
}
