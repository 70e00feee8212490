/*
 * k8s-proxyd: the cluster IPs of Services, forwarded to their ready
 * endpoints: what kube-proxy is on a real node, in user space, since the
 * sandbox cannot count on the kernel's packet filter.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "forward.h"
#include "lib/kube_watch.h"
#include "lib/opt.h"
#include "services.h"
#include "tool.h"

static const char usage[] =
    "k8s-proxyd [--kubeconfig FILE] [--max-connections N] [--ready-fd N]";

#define MAX_CONNECTIONS 8192
#define OTHER_FDS 1024 /* listening sockets and the rest */

struct proxy {
	struct loop *loop;
	struct kube *kube;
	struct kube_cache *services, *endpoints;
	struct services *served;
	int ready_fd;
	int status;
};

struct options {
	const char *kubeconfig;
	long long max, ready_fd;
};

static void
update(struct proxy *p, const cJSON *object)
{
	const char *ns = json_str(object, "metadata", "namespace", NULL);
	const char *name = json_str(object, "metadata", "name", NULL);

	if (ns == NULL || name == NULL)
		return;
	services_update(p->served, ns, name,
	    kube_cache_get(p->services, ns, name),
	    kube_cache_get(p->endpoints, ns, name));
}

static void
on_change(
    void *arg, enum kube_event ev, const cJSON *object, const cJSON *before)
{
	struct proxy *p = arg;
	const char *why = json_str(object, "message", NULL);

	(void)before;
	if (ev == KUBE_BROKEN) {
		tool_warn("services and endpoints cannot be watched%s%s",
		    why != NULL ? ": " : "", why != NULL ? why : "");
		p->status = FAULT_UNSURE;
		loop_stop(p->loop);
		return;
	}
	/* until both are there, an endpoint may be without its Service */
	if (ev != KUBE_SYNCED && p->endpoints != NULL)
		update(p, object);
	if (p->ready_fd == -1 || p->endpoints == NULL ||
	    !kube_cache_synced(p->services) || !kube_cache_synced(p->endpoints))
		return;
	if (write(p->ready_fd, "\n", 1) != 1)
		tool_warn("--ready-fd: nobody is listening");
	close(p->ready_fd);
	p->ready_fd = -1;
}

static void
on_signal(void *arg, int signo)
{
	struct proxy *p = arg;

	(void)signo;
	loop_stop(p->loop);
}

/* As many descriptors as the connections need; fewer of them otherwise. */
static size_t
room(long long max)
{
	struct rlimit r;
	rlim_t want = (rlim_t)max * 2 + OTHER_FDS;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	if (r.rlim_cur < want) {
		r.rlim_cur = want < r.rlim_max ? want : r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	if (r.rlim_cur >= want)
		return (size_t)max;
	max = r.rlim_cur > 2 * OTHER_FDS ?
		  (long long)(r.rlim_cur - OTHER_FDS) / 2 :
		  (long long)r.rlim_cur / 4;
	tool_warn("the limit of open files allows %lld connections", max);
	return (size_t)max;
}

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "kubeconfig", required_argument, NULL, 'k' },
		{ "max-connections", required_argument, NULL, 'm' },
		{ "ready-fd", required_argument, NULL, 'r' },
		TOOL_LONG,
	};
	struct fault f;
	int ch, rc = 0;

	while ((ch = tool_getopt(argc, argv, "", longs)) != -1) {
		if (ch == 'k')
			o->kubeconfig = optarg;
		else if (ch == 'm')
			rc = opt_number("--max-connections", optarg, 1, 500000,
			    &o->max, &f);
		else
			rc = opt_number(
			    "--ready-fd", optarg, 0, 65535, &o->ready_fd, &f);
		if (rc != 0)
			tool_usage("%s", f.msg);
	}
	if (optind < argc)
		tool_usage("%s: unexpected operand", argv[optind]);
}

static int
run(struct proxy *p, const struct options *o, struct fault *f)
{
	struct kube_config config;
	struct forward *forward = NULL;
	int rc = -1;

	if (kube_config_load(&config, o->kubeconfig, NULL, f) != 0)
		return -1;
	p->kube = kube_new(p->loop, &config, f);
	kube_config_release(&config);
	if (p->kube == NULL ||
	    (forward = forward_new(p->loop, room(o->max), f)) == NULL ||
	    (p->served = services_new(p->loop, forward, f)) == NULL ||
	    loop_signal(p->loop, SIGTERM, on_signal, p, f) != 0 ||
	    loop_signal(p->loop, SIGINT, on_signal, p, f) != 0)
		goto out;
	p->services =
	    kube_cache_new(p->kube, "/api/v1/services", NULL, on_change, p, f);
	if (p->services == NULL)
		goto out;
	p->endpoints =
	    kube_cache_new(p->kube, "/api/v1/endpoints", NULL, on_change, p, f);
	if (p->endpoints != NULL)
		rc = loop_run(p->loop, f);
out:
	kube_cache_free(p->services);
	kube_cache_free(p->endpoints);
	services_free(p->served);
	forward_free(forward);
	kube_free(p->kube);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options o = { .max = MAX_CONNECTIONS, .ready_fd = -1 };
	struct proxy p = { 0 };
	struct fault f = { 0 };

	tool_begin("k8s-proxyd", usage);
	parse(&o, argc, argv);
	p.ready_fd = (int)o.ready_fd;
	p.loop = loop_new(&f);
	if (p.loop == NULL)
		tool_die(&f);
	if (run(&p, &o, &f) != 0)
		p.status = tool_fault(&f);
	loop_free(p.loop);
	return tool_end(p.status);
}
