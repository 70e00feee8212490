/*
 * The /etc of a container: see etc.h.
 */
#include "k8s-noded/etc.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "k8s-noded/farm.h"
#include "k8s-noded/image.h"
#include "k8s-noded/path.h"
#include "k8s-noded/rootfs.h"

/* Of the machine's /etc, what a container gets its own of, or not at all. */
static const char *const own[] = { "hosts", "hostname", "resolv.conf", "passwd",
	"group", "shadow", "gshadow", "passwd-", "group-", "shadow-",
	"gshadow-", "sudoers", "sudoers.d", "fstab", NULL };

static int
write_own(const char *dir, const char *name, const struct buf *b)
{
	char path[PATH_MAX];

	if (b->failed || path_make(path, "%s/%s", dir, name) != 0)
		return -1;
	return path_write(path, buf_str(b), 0644);
}

/*
 * The accounts: root, the container's user under its image's name (some
 * programs refuse a uid without one), nobody.
 */
static int
write_accounts(const char *dir, const struct container *c)
{
	long long uid = rootfs_uid(c), gid = rootfs_gid(c);
	struct buf b;
	int status;

	buf_init(&b, 4096);
	buf_addf(&b, "root:x:0:%lld:root:/root:/bin/sh\n", uid == 0 ? gid : 0);
	if (uid != 0)
		buf_addf(&b, "%s:x:%lld:%lld:%s:/:/bin/sh\n", c->image->name,
		    uid, gid, c->image->name);
	buf_adds(&b, "nobody:x:65534:65534:nobody:/nonexistent:"
		     "/usr/sbin/nologin\n");
	status = write_own(dir, "passwd", &b);
	buf_clear(&b);
	buf_adds(&b, "root:x:0:\n");
	if (gid != 0)
		buf_addf(&b, "%s:x:%lld:\n", c->image->name, gid);
	buf_adds(&b, "nogroup:x:65534:\n");
	if (status == 0)
		status = write_own(dir, "group", &b);
	buf_release(&b);
	return status;
}

int
etc_make(const char *dir, const char *target, const struct container *c,
    struct fault *f)
{
	char hosts[PATH_MAX], path[PATH_MAX];
	struct buf b;
	int status;

	if (farm_make(dir, "/etc", target, own, f) != 0)
		return -1;
	buf_init(&b, 256);
	buf_adds(&b, "");
	status = write_own(dir, "resolv.conf", &b);
	buf_addf(&b, "%.63s\n", pod_hostname(c->pod));
	if (status == 0)
		status = write_own(dir, "hostname", &b);
	if (status == 0)
		status = write_accounts(dir, c);
	if (status == 0 && pod_path(c->pod, hosts, ".hosts") == 0 &&
	    path_make(path, "%s/hosts", dir) == 0)
		status = link(hosts, path);
	buf_release(&b);
	return status == 0 ? 0 : fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
}
