/*
 * CMD: see command.h.  Not through child_spawn, whose children get three
 * descriptors and a clean signal mask: CMD keeps what its caller set up.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "namespaces.h"
#include "tool.h"

int
command_init(struct command *c, char *const *argv, const char *kubeconfig,
    struct fault *f)
{
	static const char *const proxies[] = { "http_proxy", "https_proxy",
		"all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY" };
	size_t n;

	memset(c, 0, sizeof(*c));
	for (n = 0; n < sizeof(proxies) / sizeof(proxies[0]); n++)
		unsetenv(proxies[n]);
	if (setenv("KUBECONFIG", kubeconfig, 1) != 0)
		return fault_nomem(f);
	for (n = 0; environ[n] != NULL; n++)
		;
	/* the array is copied, since the daemons' PATH will differ */
	c->envp = malloc((n + 1) * sizeof(*c->envp));
	if (c->envp == NULL)
		return fault_nomem(f);
	memcpy(c->envp, environ, (n + 1) * sizeof(*c->envp));
	c->argv = argv;
	c->uid = geteuid();
	c->gid = getegid();
	sigprocmask(SIG_SETMASK, NULL, &c->mask);
	return 0;
}

void
command_release(struct command *c)
{
	free(c->envp);
	c->envp = NULL;
}

static void
command_child(const struct command *c)
{
	int err = namespaces_own_user(c->uid, c->gid);

	if (err != 0)
		tool_warn("%s: user namespace: %s", c->argv[0], strerror(err));
	else if (c->cwd != NULL && chdir(c->cwd) != 0)
		tool_warn("%s: %s", c->cwd, strerror(errno));
	else {
		sigprocmask(SIG_SETMASK, &c->mask, NULL);
		environ = c->envp; /* execvp looks for PATH there */
		execvp(c->argv[0], c->argv);
		err = errno;
		tool_warn("%s: %s", c->argv[0], strerror(err));
	}
	_exit(err == ENOENT ? 127 : 126);
}

pid_t
command_start(const struct command *c, struct fault *f)
{
	pid_t pid = fork();

	if (pid == 0)
		command_child(c);
	if (pid == -1)
		fault_sys(f, FAULT_UNSURE, errno, "fork");
	return pid;
}
