/*
 * k8s-forward: local ports that lead to Services and pods of a cluster,
 * through its API server, so that only that one address has to be reachable.
 * With a command it lives as long as the command does.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "forward.h"
#include "kube_tool.h"
#include "lib/child.h"
#include "lib/opt.h"
#include "lib/record.h"

static const char usage[] =
    "k8s-forward [--address ADDRESS] [--context NAME] [--kubeconfig FILE]\n"
    "    [-n NAMESPACE] [-t DURATION] [LOCAL:]NAME:PORT ...\n"
    "    [-- COMMAND [ARG ...]]";

#define MAX_LINKS 4096
#define OTHER_FILES 20 /* all that are open but for those of links */

enum { O_ADDRESS = 1 };

static const struct option options[] = {
	{ "address", required_argument, NULL, O_ADDRESS },
	{ "timeout", required_argument, NULL, 't' },
	KUBE_TOOL_LONG,
};

struct arguments {
	struct kube_tool cluster;
	char **command; /* NULL-ended, or NULL */
};

/* The command, and what ends us. */
struct run {
	struct forward fw;
	struct child child;
	int status, ended;
};

static void
parse(int argc, char **argv, struct forward *fw, struct arguments *args)
{
	struct fault f = { 0 };
	int ch;

	while ((ch = tool_getopt(argc, argv, "+n:t:", options)) != -1)
		switch (ch) {
		case 't':
			if (opt_duration("-t", optarg, &fw->patience_ms, &f) !=
			    0)
				tool_die(&f);
			break;
		case O_ADDRESS:
			fw->address = optarg;
			break;
		default:
			kube_tool_option(&args->cluster, ch, optarg);
			break;
		}
}

/* The operands up to "--", which are targets, and the command behind it. */
static void
take_targets(int argc, char **argv, struct forward *fw, struct arguments *args)
{
	struct fault f = { 0 };
	int i, n = optind;

	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	if (n < argc && n + 1 == argc)
		tool_usage("the command is missing");
	if (n < argc)
		args->command = argv + n + 1;
	if (n == optind)
		tool_usage("nothing to forward to: [LOCAL:]NAME:PORT");
	fw->targets = calloc((size_t)(n - optind), sizeof(*fw->targets));
	if (fw->targets == NULL) {
		fault_nomem(&f);
		tool_die(&f);
	}
	for (i = optind; i < n; i++) {
		fw->targets[fw->ntargets].fw = fw;
		if (target_parse(&fw->targets[fw->ntargets++], argv[i], &f) !=
		    0)
			tool_usage("%s", f.msg);
	}
}

/*
 * How many connections there may be.  Each has two descriptors: one that was
 * accepted and then had no second would keep the others out.
 */
static size_t
room_for_links(size_t targets)
{
	struct rlimit files;
	size_t n = OTHER_FILES + targets;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
	    files.rlim_cur > n + 2 * MAX_LINKS)
		return MAX_LINKS;
	return files.rlim_cur < n + 2 ? 1 : (files.rlim_cur - n) / 2;
}

/* FORWARD_NAME_PORT in the environment: the local port. */
static int
set_environment(const struct target *t, struct fault *f)
{
	char name[512], port[16], *p;

	snprintf(name, sizeof(name), "FORWARD_%s_%s", t->name, t->port);
	for (p = name; *p != '\0'; p++)
		*p = isalnum((unsigned char)*p) ?
			 (char)toupper((unsigned char)*p) :
			 '_';
	snprintf(port, sizeof(port), "%d", t->local);
	return setenv(name, port, 1) == 0 ? 0 : fault_nomem(f);
}

static int
tell(struct record *r, const struct target *t, struct fault *f)
{
	record_begin(r, "forward");
	record_str(r, "name", t->name);
	record_str(r, "port", t->port);
	record_str(r, "address", t->fw->address);
	record_int(r, "local_port", t->local);
	if (record_end(r, stdout, f) != 0)
		return -1;
	/* whoever reads it waits for it */
	return fflush(stdout) == 0 ? 0 :
				     fault_set(f, FAULT_UNSURE,
					 "standard output: cannot be "
					 "written");
}

static void
on_ended(void *arg, int fd, uint32_t events)
{
	struct run *r = arg;
	struct fault f = { 0 };
	int status;

	(void)events;
	if (child_reap(&r->child, &status, &f) != 1)
		return;
	loop_fd_drop(r->fw.loop, fd);
	r->status = child_exit_status(status);
	r->ended = 1;
}

/* A signal is the command's to answer; without one it ends us. */
static void
on_signal(void *arg, int signo)
{
	struct run *r = arg;

	if (r->child.pidfd != -1)
		child_kill(&r->child, signo);
	else
		r->ended = 1;
}

static void
start_command(struct run *r, char **command)
{
	struct child_spec spec = { .argv = (const char *const *)command,
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.err = STDERR_FILENO };
	struct fault f = { 0 };

	if (child_spawn(&r->child, &spec, &f) != 0 ||
	    loop_fd(r->fw.loop, r->child.pidfd, EPOLLIN, on_ended, r, &f) != 0)
		tool_die(&f);
}

int
main(int argc, char **argv)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct run r = { .child.pidfd = -1,
		.fw = { .address = "127.0.0.1", .patience_ms = 30e3 } };
	struct arguments args = { 0 };
	struct record record;
	struct fault f = { 0 };
	size_t i;

	tool_begin("k8s-forward", usage);
	record_init(&record);
	parse(argc, argv, &r.fw, &args);
	take_targets(argc, argv, &r.fw, &args);
	r.fw.max_links = room_for_links(r.fw.ntargets);
	kube_tool_open(&args.cluster, &r.fw.loop, &r.fw.kube, &r.fw.ns);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (loop_signal(r.fw.loop, signals[i], on_signal, &r, &f) != 0)
			tool_die(&f);
	for (i = 0; i < r.fw.ntargets; i++)
		if (target_listen(&r.fw.targets[i], &f) != 0 ||
		    (args.command != NULL ?
			    set_environment(&r.fw.targets[i], &f) :
			    tell(&record, &r.fw.targets[i], &f)) != 0)
			tool_die(&f);
	if (args.command != NULL)
		start_command(&r, args.command);
	while (!r.ended)
		if (loop_once(r.fw.loop, -1, &f) != 0)
			tool_die(&f);
	for (i = 0; i < r.fw.ntargets; i++)
		target_release(&r.fw.targets[i]);
	free(r.fw.targets);
	record_release(&record);
	kube_tool_close(r.fw.loop, r.fw.kube);
	return tool_end(r.status);
}
