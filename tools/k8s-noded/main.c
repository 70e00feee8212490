/*
 * k8s-noded: the node of the sandbox, what the kubelet is on a real one.
 * One process, one loop; pods are children of it in namespaces of their own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/event.h"
#include "k8s-noded/hosts.h"
#include "k8s-noded/image.h"
#include "k8s-noded/metrics.h"
#include "k8s-noded/net.h"
#include "k8s-noded/node.h"
#include "k8s-noded/path.h"
#include "k8s-noded/pods.h"
#include "k8s-noded/serve.h"
#include "lib/opt.h"
#include "tool.h"

#define FILES_MAX 65536

static const char usage[] =
    "k8s-noded --address ADDR --bin DIR --images DIR ... --kubeconfig FILE\n"
    "    --kubelet-token-file FILE --root DIR --tls-cert FILE --tls-key FILE\n"
    "    [--hosts FILE] [--node-name NAME] [--ready-fd N]";

/* Options with one argument, in the order of their numbers. */
enum option_number {
	O_ADDRESS,
	O_BIN,
	O_KUBECONFIG,
	O_TOKEN,
	O_ROOT,
	O_CERT,
	O_KEY,
	O_REQUIRED, /* those before it must be given */
	O_HOSTS = O_REQUIRED,
	O_NAME,
	O_READY,
	O_COUNT,
	O_IMAGES = O_COUNT, /* may be given again */
};

struct options {
	const char *v[O_COUNT];
	struct opt_list images;
	long long ready_fd;
};

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "address", required_argument, NULL, O_ADDRESS },
		{ "bin", required_argument, NULL, O_BIN },
		{ "kubeconfig", required_argument, NULL, O_KUBECONFIG },
		{ "kubelet-token-file", required_argument, NULL, O_TOKEN },
		{ "root", required_argument, NULL, O_ROOT },
		{ "tls-cert", required_argument, NULL, O_CERT },
		{ "tls-key", required_argument, NULL, O_KEY },
		{ "hosts", required_argument, NULL, O_HOSTS },
		{ "node-name", required_argument, NULL, O_NAME },
		{ "ready-fd", required_argument, NULL, O_READY },
		{ "images", required_argument, NULL, O_IMAGES },
		TOOL_LONG,
	};
	struct fault f;
	int ch, i;

	o->v[O_NAME] = "sandbox";
	o->ready_fd = -1;
	while ((ch = tool_getopt(argc, argv, "", longs)) != -1) {
		if (ch < O_COUNT)
			o->v[ch] = optarg;
		else if (opt_list_add(&o->images, optarg, &f) != 0)
			tool_die(&f);
	}
	if (optind < argc)
		tool_usage("%s: unexpected operand", argv[optind]);
	for (i = 0; i < O_REQUIRED; i++)
		if (o->v[i] == NULL)
			tool_usage("--%s is missing", longs[i].name);
	if (o->images.n == 0)
		tool_usage("--images is missing");
	if (o->v[O_READY] != NULL && opt_number("--ready-fd", o->v[O_READY], 0,
					 65535, &o->ready_fd, &f) != 0)
		tool_usage("%s", f.msg);
}

/* bubblewrap on the PATH, as an absolute path: containers have their own. */
static int
find_bwrap(struct node *n, struct fault *f)
{
	const char *path = getenv("PATH"), *p, *end;

	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (p = path; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (*p == '/' &&
		    path_make(n->bwrap, "%.*s/bwrap", (int)(end - p), p) == 0 &&
		    access(n->bwrap, X_OK) == 0)
			return 0;
	}
	return fault_set(f, FAULT_UNSURE,
	    "bwrap: not on the PATH (Debian's package bubblewrap)");
}

static void
on_signal(void *arg, int signo)
{
	(void)signo;
	loop_stop(arg);
}

static void
on_ready(void *arg)
{
	long long *fd = arg;

	if (*fd >= 0) {
		if (write((int)*fd, "\n", 1) != 1)
			tool_warn("ready descriptor: %s", strerror(errno));
		close((int)*fd);
	}
	*fd = -1;
}

/* The client of the API, and that of probes. */
static int
connect_api(struct node *n, struct kube_config *c, const char *kubeconfig,
    struct fault *f)
{
	struct http_tls anything = { .insecure = 1 };

	if (kube_config_load(c, kubeconfig, NULL, f) != 0)
		return -1;
	n->ca = c->ca_data;
	n->kube = kube_new(n->loop, c, f);
	if (n->kube == NULL)
		return -1;
	n->probes = http_new(n->loop, &anything, f);
	return n->probes != NULL ? 0 : -1;
}

/*
 * A pod holds some ten descriptors: as many as we may have.  Without that
 * the limit shows when it is reached.
 */
static void
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max < FILES_MAX ? r.rlim_max : FILES_MAX;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* All rooms, each needing those before it. */
static int
open_rooms(struct node *n, const struct options *o, struct fault *f)
{
	n->images = images_new(o->images.v, o->images.n, n->bin, f);
	if (n->images == NULL || (n->net = net_new(n->address, f)) == NULL ||
	    (n->events = events_new(n, f)) == NULL ||
	    (n->hosts = hosts_new(n, o->v[O_HOSTS], f)) == NULL ||
	    (n->pods = pods_new(n, f)) == NULL ||
	    (n->metrics = metrics_new(n, f)) == NULL)
		return -1;
	return 0;
}

static void
close_rooms(struct node *n)
{
	node_unregister(n);
	metrics_free(n->metrics);
	pods_free(n->pods);
	hosts_free(n->hosts);
	events_free(n->events);
	net_free(n->net);
	images_free(n->images);
	if (n->probes != NULL)
		http_free(n->probes);
	if (n->kube != NULL)
		kube_free(n->kube);
	loop_free(n->loop);
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct node n = { 0 };
	struct kube_config config = { 0 };
	struct serve *serve = NULL;
	struct fault f = { 0 };
	int status = 0;

	tool_begin("k8s-noded", usage);
	parse(&o, argc, argv);
	umask(022);
	n.name = o.v[O_NAME];
	n.address = o.v[O_ADDRESS];
	n.root = o.v[O_ROOT];
	n.bin = o.v[O_BIN];
	node_measure(&n);
	raise_limit();
	if (http_init(&f) != 0 || (n.loop = loop_new(&f)) == NULL ||
	    find_bwrap(&n, &f) != 0 ||
	    connect_api(&n, &config, o.v[O_KUBECONFIG], &f) != 0 ||
	    open_rooms(&n, &o, &f) != 0 ||
	    (serve = serve_new(
		 &n, o.v[O_CERT], o.v[O_KEY], o.v[O_TOKEN], &f)) == NULL ||
	    loop_signal(n.loop, SIGTERM, on_signal, n.loop, &f) != 0 ||
	    loop_signal(n.loop, SIGINT, on_signal, n.loop, &f) != 0 ||
	    node_register(&n, on_ready, &o.ready_fd, &f) != 0 ||
	    loop_run(n.loop, &f) != 0)
		status = tool_fault(&f);
	serve_free(serve);
	close_rooms(&n);
	kube_config_release(&config);
	opt_list_release(&o.images);
	return tool_end(status);
}
