/*
 * Mounts of the sandbox: see mounts.h.
 */
#include "mounts.h"

#include <errno.h>
#include <sys/mount.h>
#include <unistd.h>

#include "namespaces.h"

/*
 * Binds the state folder's file over path; when path does not exist there is
 * nothing to hide, which is an error only where it must be seen.
 */
static int
bind_over(const struct state *s, const char *name, const char *path, int must,
    struct fault *f)
{
	char from[STATE_PATH];

	if (mount(state_path(s, name, from), path, NULL, MS_BIND, NULL) == 0 ||
	    (errno == ENOENT && !must))
		return 0;
	return fault_sys(
	    f, FAULT_UNSURE, errno, "%s: cannot bind over it", path);
}

int
mounts_set_up(const struct state *s, struct fault *f)
{
	char node[STATE_PATH];

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return namespaces_forbidden(f, errno, "private mounts");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		NULL) != 0)
		return fault_sys(f, FAULT_UNSURE, errno,
		    "/proc: cannot mount it for the sandbox%s",
		    errno == EPERM ? " (a container hides parts of it; for "
				     "docker: --security-opt "
				     "systempaths=unconfined)" :
				     "");
	if (bind_over(s, "hosts", "/etc/hosts", 1, f) != 0 ||
	    bind_over(s, "resolv.conf", "/etc/resolv.conf", 0, f) != 0)
		return -1;
	/* a name cache of the machine would answer in place of /etc/hosts */
	if (access("/run/nscd", F_OK) == 0 &&
	    mount("tmpfs", "/run/nscd", "tmpfs", 0, "size=4k") != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "/run/nscd");
	if (mount("tmpfs", state_path(s, "node", node), "tmpfs",
		MS_NOSUID | MS_NODEV, "mode=0755") != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", node);
	return 0;
}
