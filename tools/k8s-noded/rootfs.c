/*
 * What a container sees: see rootfs.h.  The root itself is bubblewrap's
 * tmpfs, writable and gone with the container, as an image's layers would be;
 * the machine's /usr and the image's folders are bound read-only into it, or
 * stand behind a farm of links (farm.h) where something is mounted below
 * them.  /etc is always such a farm.
 */
#include "k8s-noded/rootfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/etc.h"
#include "k8s-noded/farm.h"
#include "k8s-noded/path.h"
#include "k8s-noded/payload.h"
#include "k8s-noded/places.h"

static long long
security_number(const struct container *c, const char *key, long long otherwise)
{
	const cJSON *own = json_at(c->spec, "securityContext", NULL);
	const cJSON *pod =
	    json_at(c->pod->object, "spec", "securityContext", NULL);

	return (long long)json_num(
	    own, key, json_num(pod, key, (double)otherwise));
}

long long
rootfs_uid(const struct container *c)
{
	return security_number(
	    c, "runAsUser", (long long)json_num(c->image->variant, "user", 0));
}

long long
rootfs_gid(const struct container *c)
{
	return security_number(c, "runAsGroup",
	    (long long)json_num(c->image->variant, "group",
		json_num(c->image->variant, "user", 0)));
}

int
rootfs_termination_log(const struct container *c, char *out)
{
	char rest[PATH_MAX];

	if (path_make(rest, "%s/termination-log", c->name) != 0)
		return -1;
	return pod_path(c->pod, out, rest);
}

/* The machine's folder host at dest: bound, or a farm when it must be. */
static int
add_tree(struct args *a, const struct container *c, const struct places *ps,
    const char *dest, const char *host, struct fault *f)
{
	char farm[PATH_MAX], real[PATH_MAX], name[PATH_MAX];
	const char *rest;
	size_t i;

	if (!places_need_farm(ps, dest, host)) {
		args_option(a, "--ro-bind", host, dest);
		return 0;
	}
	if (path_make(name, "%s", dest) != 0 ||
	    path_make(real, ROOTFS_HOST "%s", dest) != 0)
		return fault_sys(f, FAULT_INPUT, errno, "%s", dest);
	for (i = 0; name[i] != '\0'; i++)
		if (name[i] == '/')
			name[i] = '-';
	if (path_make(farm, "%s/tree%s", c->rootfs, name) != 0)
		return fault_sys(f, FAULT_INPUT, errno, "%s", dest);
	if (farm_make(farm, host, real, NULL, f) != 0)
		return -1;
	for (i = 0; i < ps->n; i++) {
		rest = places_below(ps->v[i].dest, dest);
		if (rest != NULL && farm_open(farm, host, real, rest, f) != 0)
			return -1;
	}
	args_option(a, "--ro-bind", host, real);
	args_option(a, "--bind", farm, dest);
	return 0;
}

/* /etc: always a farm, with the container's own files in it. */
static int
add_etc(struct args *a, const struct container *c, const struct places *ps,
    struct fault *f)
{
	char farm[PATH_MAX];
	const char *rest;
	size_t i;

	if (path_make(farm, "%s/etc", c->rootfs) != 0)
		return fault_sys(f, FAULT_INPUT, errno, "/etc");
	if (etc_make(farm, ROOTFS_HOST "/etc", c, f) != 0)
		return -1;
	for (i = 0; i < ps->n; i++) {
		rest = places_below(ps->v[i].dest, "/etc");
		if (rest != NULL &&
		    farm_open(farm, "/etc", ROOTFS_HOST "/etc", rest, f) != 0)
			return -1;
	}
	args_option(a, "--ro-bind", "/etc", ROOTFS_HOST "/etc");
	args_option(a, "--bind", farm, "/etc");
	return 0;
}

/* /bin and its like: links to /usr on most machines, else bound. */
static void
add_top(struct args *a)
{
	static const char *const tops[] = { "/bin", "/sbin", "/lib", "/lib32",
		"/lib64", "/libx32" };
	char to[PATH_MAX];
	size_t i;
	ssize_t n;

	for (i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		n = readlink(tops[i], to, sizeof(to) - 1);
		if (n > 0) {
			to[n] = '\0';
			args_option(a, "--symlink", to, tops[i]);
		} else {
			args_option(a, "--ro-bind-try", tops[i], tops[i]);
		}
	}
}

/* The folders that programs expect, in the tmpfs of the root. */
static void
add_folders(struct args *a)
{
	static const char *const open_to_all[] = { "/tmp", "/var/tmp" };
	static const char *const plain[] = { "/run", "/var/lib", "/var/log",
		"/var/cache", "/home", "/mnt", "/opt", "/srv" };
	size_t i;

	for (i = 0; i < 2; i++) {
		args_option(a, "--perms", "1777", NULL);
		args_option(a, "--dir", open_to_all[i], NULL);
	}
	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		args_option(a, "--dir", plain[i], NULL);
	args_option(a, "--perms", "0700", NULL);
	args_option(a, "--dir", "/root", NULL);
	args_option(a, "--symlink", "../run", "/var/run");
}

/* The folders of the image: /image, and those that it mounts. */
static int
add_image(struct args *a, const struct container *c, const struct places *ps,
    struct fault *f)
{
	const struct image *im = c->image;
	char path[PATH_MAX], real[PATH_MAX];
	const cJSON *m;

	args_option(a, "--ro-bind", im->dir, "/image");
	args_option(a, "--ro-bind", c->pod->node->bin, "/inttest/bin");
	cJSON_ArrayForEach(m, json_at(im->variant, "mounts", NULL)) {
		if (!cJSON_IsString(m) || m->string[0] != '/')
			continue;
		if (m->valuestring[0] == '/' ?
			path_make(path, "%s", m->valuestring) != 0 :
			path_make(path, "%s/%s", im->dir, m->valuestring) != 0)
			return fault_sys(
			    f, FAULT_INPUT, errno, "%s", m->string);
		if (realpath(path, real) == NULL)
			return fault_sys(
			    f, FAULT_NO, errno, "image %s: %s", im->name, path);
		if (add_tree(a, c, ps, m->string, real, f) != 0)
			return -1;
	}
	return 0;
}

/* The file that a container may leave its last words in. */
static int
add_termination_log(struct args *a, const struct container *c, struct fault *f)
{
	const char *dest = json_str(c->spec, "terminationMessagePath", NULL);
	char path[PATH_MAX];

	if (rootfs_termination_log(c, path) != 0 ||
	    path_write(path, "", 0666) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "termination log");
	args_option(a, "--bind", path,
	    dest != NULL && *dest == '/' ? dest : "/dev/termination-log");
	return 0;
}

/* Appends a list of strings from the container's spec, expanded. */
static int
add_words(struct args *a, const cJSON *list, const struct env *e)
{
	const cJSON *w;
	struct buf b;

	cJSON_ArrayForEach(w, list) {
		if (!cJSON_IsString(w))
			continue;
		if (e == NULL) {
			args_add(a, w->valuestring);
			continue;
		}
		buf_init(&b, ENV_MAX);
		if (env_expand(&b, w->valuestring, e) != 0)
			a->failed = 1;
		args_add(a, buf_str(&b));
		buf_release(&b);
	}
	return a->failed ? -1 : 0;
}

/* command replaces the image's entrypoint and its cmd, args only its cmd. */
static int
add_command(struct args *a, const struct container *c, const struct env *e,
    struct fault *f)
{
	const cJSON *command = json_at(c->spec, "command", NULL);
	const cJSON *args = json_at(c->spec, "args", NULL);
	const cJSON *variant = c->image->variant;
	size_t before;

	args_add(a, "--");
	before = a->n;
	if (cJSON_GetArraySize(command) > 0)
		add_words(a, command, e);
	else
		add_words(a, json_at(variant, "entrypoint", NULL), NULL);
	if (cJSON_GetArraySize(args) > 0)
		add_words(a, args, e);
	else if (cJSON_GetArraySize(command) == 0)
		add_words(a, json_at(variant, "cmd", NULL), NULL);
	if (a->n == before)
		return fault_set(f, FAULT_NO, "no command specified");
	return 0;
}

/* Things that only a real node has. */
static int
refuse(const struct container *c, struct fault *f)
{
	static const char *const host[] = { "hostNetwork", "hostPID", "hostIPC",
		"shareProcessNamespace" };
	const cJSON *port, *spec = json_at(c->pod->object, "spec", NULL);
	size_t i;

	for (i = 0; i < 4; i++)
		if (json_bool(spec, host[i], 0))
			return fault_set(f, FAULT_NO,
			    "%s is not supported by the sandbox", host[i]);
	if (json_bool(
		json_at(c->spec, "securityContext", NULL), "privileged", 0))
		return fault_set(f, FAULT_NO,
		    "privileged containers are not supported by the sandbox");
	cJSON_ArrayForEach(port, json_at(c->spec, "ports", NULL))
		if (json_num(port, "hostPort", 0) > 0)
			return fault_set(f, FAULT_NO,
			    "hostPort is not supported by the sandbox");
	if (rootfs_uid(c) == 0 &&
	    json_bool(json_at(c->spec, "securityContext", NULL), "runAsNonRoot",
		json_bool(
		    json_at(spec, "securityContext", NULL), "runAsNonRoot", 0)))
		return fault_set(f, FAULT_NO,
		    "container has runAsNonRoot and image will run as root "
		    "(pod: \"%s_%s(%s)\", container: %s)",
		    c->pod->name, c->pod->ns, c->pod->uid, c->name);
	return 0;
}

/* A new private folder for what the instance needs on the host. */
static int
make_private(struct container *c, struct fault *f)
{
	char rest[PATH_MAX];

	rootfs_remove(c);
	if (path_make(rest, "%s/rootfs", c->name) != 0 ||
	    pod_path(c->pod, c->rootfs, rest) != 0 ||
	    path_make_dirs(c->rootfs, 0755) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", c->rootfs);
	return 0;
}

int
rootfs_args(
    struct args *a, struct container *c, const struct env *e, struct fault *f)
{
	const char *cwd = json_str(c->spec, "workingDir", NULL);
	const cJSON *security = json_at(c->spec, "securityContext", NULL);
	struct places ps = { 0 };
	long long uid, gid;
	size_t i;
	int status = -1;

	if (refuse(c, f) != 0 || make_private(c, f) != 0 ||
	    places_find(&ps, c, e, f) != 0)
		goto out;
	uid = rootfs_uid(c);
	gid = rootfs_gid(c);
	args_add(a, "--unshare-user");
	args_addf(a, "--uid");
	args_addf(a, "%lld", uid);
	args_addf(a, "--gid");
	args_addf(a, "%lld", gid);
	args_option(a, "--unshare-pid", "--as-pid-1", "--die-with-parent");
	args_option(a, "--new-session", "--cap-drop", "ALL");
	args_option(a, "--proc", "/proc", NULL);
	args_option(a, "--dev", "/dev", NULL);
	add_top(a);
	add_folders(a);
	if (add_tree(a, c, &ps, "/usr", "/usr", f) != 0 ||
	    add_etc(a, c, &ps, f) != 0 || add_image(a, c, &ps, f) != 0)
		goto out;
	for (i = 0; i < ps.n; i++)
		args_option(a, ps.v[i].read_only ? "--ro-bind" : "--bind",
		    ps.v[i].src, ps.v[i].dest);
	if (add_termination_log(a, c, f) != 0)
		goto out;
	if (cwd == NULL || *cwd == '\0')
		cwd = json_str(c->image->variant, "workdir", NULL);
	if (cwd == NULL || *cwd != '/')
		cwd = "/";
	args_option(a, "--dir", cwd, NULL);
	if (json_bool(security, "readOnlyRootFilesystem", 0)) {
		args_option(a, "--remount-ro", "/", NULL);
		/* a mount of its own, unless a volume has taken its place */
		if (!places_at(&ps, "/etc"))
			args_option(a, "--remount-ro", "/etc", NULL);
	}
	args_option(a, "--chdir", cwd, NULL);
	if (add_command(a, c, e, f) != 0)
		goto out;
	status = a->failed ? fault_nomem(f) : 0;
out:
	places_release(&ps);
	return status;
}

void
rootfs_remove(struct container *c)
{
	if (c->rootfs[0] != '\0')
		payload_remove_tree(c->rootfs);
	c->rootfs[0] = '\0';
}
