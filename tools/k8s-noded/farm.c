/*
 * A folder of links in place of a read-only one: see farm.h.
 */
#include "k8s-noded/farm.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s-noded/path.h"

static int
skipped(const char *name, const char *const *skip)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 1;
	for (; skip != NULL && *skip != NULL; skip++)
		if (strcmp(name, *skip) == 0)
			return 1;
	return 0;
}

static int
plant(const char *dir, const struct dirent *d, int host, const char *target)
{
	char at[PATH_MAX], to[PATH_MAX];
	ssize_t n = -1;

	if (path_make(at, "%s/%s", dir, d->d_name) != 0)
		return -1;
	if (d->d_type == DT_LNK)
		n = readlinkat(host, d->d_name, to, sizeof(to) - 1);
	if (n >= 0)
		to[n] = '\0';
	else if (path_make(to, "%s/%s", target, d->d_name) != 0)
		return -1;
	return symlink(to, at) != 0 && errno != EEXIST ? -1 : 0;
}

int
farm_make(const char *dir, const char *host, const char *target,
    const char *const *skip, struct fault *f)
{
	struct dirent *d;
	DIR *h;
	int status = 0;

	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
	h = opendir(host);
	if (h == NULL)
		return errno == ENOENT ?
			   0 :
			   fault_sys(f, FAULT_UNSURE, errno, "%s", host);
	while (status == 0 && (d = readdir(h)) != NULL)
		if (!skipped(d->d_name, skip))
			status = plant(dir, d, dirfd(h), target);
	if (status != 0)
		fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
	closedir(h);
	return status;
}

int
farm_open(const char *dir, const char *host, const char *target,
    const char *path, struct fault *f)
{
	char at[PATH_MAX], real[PATH_MAX], to[PATH_MAX];
	const char *slash;
	struct stat st;

	for (slash = strchr(path, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		int len = (int)(slash - path);

		if (path_make(at, "%s/%.*s", dir, len, path) != 0 ||
		    path_make(real, "%s/%.*s", host, len, path) != 0 ||
		    path_make(to, "%s/%.*s", target, len, path) != 0)
			return fault_sys(f, FAULT_INPUT, errno, "%s", path);
		if (lstat(at, &st) == 0 && S_ISDIR(st.st_mode))
			continue;
		unlink(at);
		if (farm_make(at, real, to, NULL, f) != 0)
			return -1;
	}
	if (path_make(at, "%s/%s", dir, path) != 0)
		return fault_sys(f, FAULT_INPUT, errno, "%s", path);
	if (lstat(at, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(at);
	return 0;
}
