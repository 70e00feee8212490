/*
 * Files of a volume that come from objects: see payload.h.
 */
#include "k8s-noded/payload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "k8s-noded/path.h"
#include "lib/buf.h"

#define DATA_LINK "..data"

/* 1 when path is relative, has no empty, "." or ".." element. */
static int
path_inside(const char *path)
{
	const char *p = path, *end;

	if (*p == '\0' || *p == '/' || strlen(path) >= PATH_MAX / 2)
		return 0;
	for (; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = strchrnul(p, '/');
		if (end == p || (end - p == 1 && p[0] == '.') ||
		    (end - p == 2 && p[0] == '.' && p[1] == '.'))
			return 0;
	}
	return 1;
}

int
payload_add(struct payload *p, const char *path, const void *data, size_t len,
    mode_t mode, struct fault *f)
{
	struct payload_file **at, *file;
	void *copy;

	if (!path_inside(path) || strncmp(path, "..", 2) == 0)
		return fault_set(f, FAULT_INPUT,
		    "%s: a path must be relative and must not contain '..'",
		    path);
	copy = malloc(len + 1);
	if (copy == NULL)
		return fault_nomem(f);
	memcpy(copy, data, len);
	for (at = &p->files; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->path, path) == 0)
			break;
	if (*at == NULL) {
		file = calloc(1, sizeof(*file));
		if (file != NULL)
			file->path = strdup(path);
		if (file == NULL || file->path == NULL) {
			free(file);
			free(copy);
			return fault_nomem(f);
		}
		*at = file;
	}
	file = *at;
	free(file->data);
	file->data = copy;
	file->len = len;
	file->mode = mode & 0777;
	return 0;
}

void
payload_release(struct payload *p)
{
	struct payload_file *f, *next;

	for (f = p->files; f != NULL; f = next) {
		next = f->next;
		if (f->data != NULL)
			explicit_bzero(f->data, f->len);
		free(f->data);
		free(f->path);
		free(f);
	}
	p->files = NULL;
}

/* 1 when the file is there with this mode and content. */
static int
same_file(const char *dir, const struct payload_file *file)
{
	char path[PATH_MAX];
	struct stat st;
	struct buf b;
	int same;

	path_make(path, "%s/%s", dir, file->path);
	if (stat(path, &st) != 0 || (st.st_mode & 0777) != file->mode ||
	    (size_t)st.st_size != file->len)
		return 0;
	buf_init(&b, file->len + 1);
	same = buf_read_file(&b, path, NULL) == 0 && b.len == file->len &&
	       memcmp(buf_str(&b), file->data, b.len) == 0;
	buf_release(&b);
	return same;
}

static int
is_visible(const struct dirent *d)
{
	return strncmp(d->d_name, "..", 2) != 0 && strcmp(d->d_name, ".") != 0;
}

/* 1 when a name in the volume's folder is the first element of a file. */
static int
wanted(const struct payload *p, const char *name)
{
	const struct payload_file *f;
	size_t n = strlen(name);

	for (f = p->files; f != NULL; f = f->next)
		if (strncmp(f->path, name, n) == 0 &&
		    (f->path[n] == '\0' || f->path[n] == '/'))
			return 1;
	return 0;
}

/*
 * Names in the volume's folder that no file has any more: their count, and
 * away with them when remove is set.
 */
static int
stale(const struct payload *p, const char *dir, int remove_them)
{
	struct dirent **names;
	char path[PATH_MAX];
	int i, count = 0, n = scandir(dir, &names, is_visible, NULL);

	for (i = 0; i < n; i++) {
		if (!wanted(p, names[i]->d_name)) {
			count++;
			path_make(path, "%s/%s", dir, names[i]->d_name);
			if (remove_them)
				unlink(path);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}

/* Folders on the way to path, below base. */
static int
make_parents(const char *base, const char *path)
{
	char full[PATH_MAX];
	const char *slash;

	for (slash = strchr(path, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		path_make(full, "%s/%.*s", base, (int)(slash - path), path);
		if (mkdir(full, 0755) != 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static int
write_file(const char *base, const struct payload_file *file)
{
	char path[PATH_MAX];
	size_t done = 0;
	ssize_t n;
	int fd, err;

	if (make_parents(base, file->path) != 0)
		return -1;
	path_make(path, "%s/%s", base, file->path);
	fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	while (done < file->len) {
		n = write(
		    fd, (const char *)file->data + done, file->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (size_t)n;
	}
	/* fchmod: the mode must not depend on our umask */
	if (done < file->len || fchmod(fd, file->mode) != 0) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return close(fd);
}

/* A link in dir, made beside and renamed over an older one. */
static int
swap_link(const char *dir, const char *name, const char *target)
{
	char tmp[PATH_MAX], path[PATH_MAX];

	path_make(tmp, "%s/..tmp", dir);
	path_make(path, "%s/%s", dir, name);
	unlink(tmp);
	return symlink(target, tmp) != 0 ? -1 : rename(tmp, path);
}

static int
link_names(const struct payload *p, const char *dir)
{
	const struct payload_file *f;
	char target[PATH_MAX], name[PATH_MAX], have[PATH_MAX], path[PATH_MAX];
	ssize_t n;

	for (f = p->files; f != NULL; f = f->next) {
		path_make(name, "%.*s", (int)strcspn(f->path, "/"), f->path);
		path_make(target, DATA_LINK "/%s", name);
		path_make(path, "%s/%s", dir, name);
		n = readlink(path, have, sizeof(have) - 1);
		have[n > 0 ? n : 0] = '\0';
		if (strcmp(have, target) != 0 &&
		    swap_link(dir, name, target) != 0)
			return -1;
	}
	return 0;
}

int
payload_write(const struct payload *p, const char *dir, struct fault *f)
{
	const struct payload_file *file;
	char base[PATH_MAX], link[PATH_MAX], old[PATH_MAX], path[PATH_MAX];
	struct timespec ts;
	ssize_t n;

	path_make(link, "%s/" DATA_LINK, dir);
	n = readlink(link, old, sizeof(old) - 1);
	old[n > 0 ? n : 0] = '\0';
	for (file = p->files; file != NULL; file = file->next)
		if (!same_file(dir, file))
			break;
	if (file == NULL && n > 0 && stale(p, dir, 0) == 0)
		return 0;

	clock_gettime(CLOCK_REALTIME, &ts);
	path_make(
	    base, "%s/..%lld.%09ld", dir, (long long)ts.tv_sec, ts.tv_nsec);
	if (mkdir(base, 0755) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", base);
	for (file = p->files; file != NULL; file = file->next)
		if (write_file(base, file) != 0)
			break;
	if (file != NULL) {
		fault_sys(f, FAULT_UNSURE, errno, "%s/%s", dir, file->path);
		payload_remove_tree(base);
		return -1;
	}
	if (swap_link(dir, DATA_LINK, strrchr(base, '/') + 1) != 0 ||
	    link_names(p, dir) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
	stale(p, dir, 1);
	if (n > 0 && strchr(old, '/') == NULL) {
		path_make(path, "%s/%s", dir, old);
		payload_remove_tree(path);
	}
	return 1;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	/* go on: what cannot be removed goes with the node's tmpfs */
	if (remove(path) != 0)
		return 0;
	return 0;
}

void
payload_remove_tree(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* As mkdir -p of sub below dir; sub was checked, links are judged later. */
static int
make_all(const char *dir, const char *sub)
{
	char path[PATH_MAX];

	if (make_parents(dir, sub) != 0)
		return -1;
	path_make(path, "%s/%s", dir, sub);
	if (mkdir(path, 0777) == 0)
		return chmod(path, 0777);
	return errno == EEXIST ? 0 : -1;
}

int
payload_within(const char *dir, const char *sub, int create, char *out,
    size_t size, struct fault *f)
{
	char path[PATH_MAX], real[PATH_MAX], base[PATH_MAX];
	size_t n;

	if (!path_inside(sub))
		return fault_set(f, FAULT_INPUT,
		    "subPath %s: must be relative and must not contain '..'",
		    sub);
	path_make(path, "%s/%s", dir, sub);
	if (realpath(dir, base) == NULL)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", dir);
	if (realpath(path, real) == NULL && create && errno == ENOENT &&
	    make_all(base, sub) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "subPath %s", sub);
	if (realpath(path, real) == NULL)
		return fault_sys(f, FAULT_NO, errno, "subPath %s", sub);
	n = strlen(base);
	if (strncmp(real, base, n) != 0 || (real[n] != '/' && real[n] != '\0'))
		return fault_set(
		    f, FAULT_INPUT, "subPath %s: leads out of its volume", sub);
	if (strlen(real) >= size)
		return fault_set(f, FAULT_INPUT, "subPath %s: too long", sub);
	memcpy(out, real, strlen(real) + 1);
	return 0;
}
