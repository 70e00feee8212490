/*
 * k8s-controllerd: what makes a cluster's objects come true.  Each controller
 * compares what objects want with what is there and moves one nearer to the
 * other, through the API alone: it works on any API server, and it keeps
 * nothing that it could not find out again.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "k8s-controllerd/control.h"
#include "lib/opt.h"
#include "tool.h"

static const char usage[] =
    "k8s-controllerd [--kubeconfig FILE] [--ready-fd N]";

enum { OPT_KUBECONFIG = 1, OPT_READY };

static const struct option long_options[] = {
	{ "kubeconfig", required_argument, NULL, OPT_KUBECONFIG },
	{ "ready-fd", required_argument, NULL, OPT_READY },
	TOOL_LONG,
};

static const struct controller *const controllers[] = {
	&deployment_controller,
	&replicaset_controller,
	&statefulset_controller,
	&daemonset_controller,
	&job_controller,
	&claim_controller,
	&endpoints_controller,
	&serviceaccount_controller,
	&namespace_controller,
	&scheduler,
	&gc_controller,
	NULL,
};

static int
fd_option(const char *arg)
{
	struct fault f;
	long long n;

	if (opt_number("--ready-fd", arg, 0, 1 << 20, &n, &f) != 0)
		tool_die(&f);
	return (int)n;
}

static void
on_signal(void *arg, int signo)
{
	(void)signo;
	loop_stop(arg);
}

/* One newline tells whoever started us that we serve. */
static void
on_ready(void *arg)
{
	int fd = *(int *)arg;

	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		tool_warn("--ready-fd: cannot be written");
	close(fd);
}

static int
serve(const struct kube_config *config, int *ready_fd, struct fault *f)
{
	struct control c = { .controllers = controllers,
		.ca = config->ca_data,
		.on_ready = on_ready,
		.ready_arg = ready_fd,
		.trouble = f };
	int r = -1;

	c.loop = loop_new(f);
	if (c.loop == NULL)
		return -1;
	c.kube = kube_new(c.loop, config, f);
	if (c.kube != NULL &&
	    loop_signal(c.loop, SIGTERM, on_signal, c.loop, f) == 0 &&
	    loop_signal(c.loop, SIGINT, on_signal, c.loop, f) == 0 &&
	    control_start(&c, f) == 0)
		r = loop_run(c.loop, f);
	if (f->code != FAULT_NONE)
		r = -1;
	control_release(&c);
	kube_free(c.kube);
	loop_free(c.loop);
	return r;
}

int
main(int argc, char **argv)
{
	const char *path = NULL;
	struct kube_config config;
	struct fault f = { 0 };
	int ch, ready_fd = -1, r;

	tool_begin("k8s-controllerd", usage);
	while ((ch = tool_getopt(argc, argv, "", long_options)) != -1)
		switch (ch) {
		case OPT_KUBECONFIG:
			path = optarg;
			break;
		case OPT_READY:
			ready_fd = fd_option(optarg);
			break;
		}
	if (optind < argc)
		tool_usage("unexpected operand: %s", argv[optind]);
	if (http_init(&f) != 0 ||
	    kube_config_load(&config, path, NULL, &f) != 0)
		tool_die(&f);
	r = serve(&config, &ready_fd, &f);
	kube_config_release(&config);
	return tool_end(r == 0 ? 0 : tool_fault(&f));
}
