/*
 * Removing a folder: see remove.h.  By descriptors all the way down, so that
 * nobody can swap a folder for a link meanwhile; a depth limit bounds the
 * open descriptors.
 */
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 64

static int remove_at(int dir_fd, const char *path, dev_t dev, int depth);

/* Empties the folder fd (which is closed): 0, or the first errno. */
static int
empty(int fd, dev_t dev, int depth)
{
	struct dirent *e;
	DIR *d = fdopendir(fd);
	int err = 0, rc;

	if (d == NULL) {
		err = errno;
		close(fd);
		return err;
	}
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		rc = remove_at(dirfd(d), e->d_name, dev, depth + 1);
		if (err == 0)
			err = rc;
	}
	closedir(d);
	return err;
}

/* Removes path on file system dev (0: its own): 0, or the first errno. */
static int
remove_at(int dir_fd, const char *path, dev_t dev, int depth)
{
	struct stat st;
	int fd, err;

	if (unlinkat(dir_fd, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return errno;
	if (depth >= DEPTH)
		return ELOOP;
	fd = openat(
	    dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno;
	if (fstat(fd, &st) != 0 || (dev != 0 && st.st_dev != dev)) {
		close(fd);
		return EXDEV;
	}
	err = empty(fd, st.st_dev, depth);
	if (unlinkat(dir_fd, path, AT_REMOVEDIR) != 0 && err == 0)
		err = errno;
	return err;
}

int
remove_tree(int dir_fd, const char *path)
{
	errno = remove_at(dir_fd, path, 0, 0);
	return errno == 0 ? 0 : -1;
}
