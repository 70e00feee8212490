/*
 * k8s-sandbox: a Kubernetes cluster for the life of one command, or kept for
 * interactive use, made of plain processes in namespaces.  Only the command
 * line is here; init.h has the sandbox, keep.h the kept ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"
#include "keep.h"
#include "tool.h"

static const char usage[] =
    "k8s-sandbox run [--images DIR]... [--] CMD [ARG]...\n"
    "       k8s-sandbox up [--images DIR]... [--name NAME]\n"
    "       k8s-sandbox exec [--name NAME] [--] CMD [ARG]...\n"
    "       k8s-sandbox down [--name NAME]\n"
    "       k8s-sandbox status [--name NAME]\n"
    "       k8s-sandbox list";

enum { OPT_IMAGES = 1, OPT_NAME };

#define IMAGES                                                \
	{                                                     \
		"images", required_argument, NULL, OPT_IMAGES \
	}
#define NAME                                              \
	{                                                 \
		"name", required_argument, NULL, OPT_NAME \
	}

static const struct option no_options[] = { TOOL_LONG };
static const struct option run_options[] = { IMAGES, TOOL_LONG };
static const struct option up_options[] = { IMAGES, NAME, TOOL_LONG };
static const struct option name_options[] = { NAME, TOOL_LONG };

/* `run`: a sandbox around the command. */
static int
run(struct sandbox *s, char *const *argv)
{
	char path[STATE_PATH];
	struct fault f;
	int status = -1;

	if (state_new(&s->state, NULL, &f) != 0)
		return tool_fault(&f);
	if (command_init(&s->cmd, argv,
		state_path(&s->state, "kubeconfig", path), &f) == 0)
		status = sandbox_run(s, &f);
	state_remove(&s->state);
	command_release(&s->cmd);
	return status == -1 ? tool_fault(&f) : status;
}

/*
 * Takes up 0, 1 and 2 where the caller has closed them, so that no socket of
 * ours gets such a number.  CMD finds them closed again, and a write fails.
 */
static void
take_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

/* An --images folder, absolute: daemons may be elsewhere.  Lives to the end. */
static void
add_images(struct opt_list *images, const char *dir)
{
	const char *real = realpath(dir, NULL);
	struct fault f;

	if (real == NULL)
		tool_fail(
		    FAULT_INPUT, "--images: %s: %s", dir, strerror(errno));
	if (opt_list_add(images, real, &f) != 0)
		tool_die(&f);
}

/* The subcommand called name, with its options parsed. */
static int
dispatch(
    const char *name, const char *cluster, struct sandbox *s, char *const *argv)
{
	int takes_command =
	    strcmp(name, "run") == 0 || strcmp(name, "exec") == 0;

	if (takes_command && argv[0] == NULL)
		tool_usage("%s: a command is missing", name);
	if (!takes_command && argv[0] != NULL)
		tool_usage("%s: %s: takes no operand", name, argv[0]);
	if (strcmp(name, "run") == 0)
		return run(s, argv);
	if (strcmp(name, "up") == 0)
		return keep_up(s, cluster);
	if (strcmp(name, "exec") == 0)
		return keep_exec(cluster, argv);
	if (strcmp(name, "down") == 0)
		return keep_down(cluster);
	if (strcmp(name, "status") == 0)
		return keep_status(cluster);
	return keep_list();
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		const struct option *options;
	} commands[] = { { "run", run_options }, { "up", up_options },
		{ "exec", name_options }, { "down", name_options },
		{ "status", name_options }, { "list", no_options } };
	struct sandbox s = { .ready_fd = -1 };
	const char *cluster = "default";
	size_t i;
	int ch, status;

	tool_begin("k8s-sandbox", usage);
	take_standard_fds();
	while (tool_getopt(argc, argv, "+", no_options) != -1)
		;
	argc -= optind;
	argv += optind;
	if (argc == 0)
		tool_usage(NULL);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			break;
	if (i == sizeof(commands) / sizeof(commands[0]))
		tool_usage("%s: unknown subcommand", argv[0]);
	optind = 0; /* glibc: start anew, on the subcommand's arguments */
	while ((ch = tool_getopt(argc, argv, "+", commands[i].options)) != -1)
		if (ch == OPT_NAME)
			cluster = optarg;
		else
			add_images(&s.images, optarg);
	status = dispatch(commands[i].name, cluster, &s, argv + optind);
	return tool_end(status);
}
