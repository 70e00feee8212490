/*
 * The state folder: see state.h.  All folders of a user lie in one base
 * folder of mode 0700; its own lock is held while folders are made and
 * swept, so that nobody sweeps one that is just being born.
 */
#include "state.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials.h"
#include "remove.h"

#define BASE_SIZE (STATE_PATH - 64 - STATE_NAME - 1)
#define BACKLOG 128

static int
base_path(char *out, struct fault *f)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL || tmp[0] != '/')
		tmp = "/tmp";
	if (snprintf(out, BASE_SIZE, "%s/inttest-%u", tmp,
		(unsigned)geteuid()) >= BASE_SIZE)
		return fault_set(f, FAULT_INPUT, "TMPDIR: too long");
	return 0;
}

/*
 * Opens the base folder, made when create is not 0, and refuses one that
 * somebody else could have put there.  -1 with errno in f; FAULT_NO when it
 * does not exist.
 */
static int
base_open(const char *base, int create, struct fault *f)
{
	struct stat st;
	int fd;

	if (create && mkdir(base, 0700) != 0 && errno != EEXIST)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", base);
	fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return fault_sys(f, errno == ENOENT ? FAULT_NO : FAULT_UNSURE,
		    errno, "%s", base);
	if (fstat(fd, &st) != 0 || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0) {
		close(fd);
		return fault_set(f, FAULT_UNSURE,
		    "%s: not a folder of your own with mode 0700", base);
	}
	return fd;
}

/* 1 when name is a folder under base_fd that nobody holds the lock of. */
static int
is_dead(int base_fd, const char *name)
{
	int fd = openat(
	    base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int dead;

	if (fd == -1)
		return 0;
	dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
	close(fd);
	return dead;
}

/* Removes what dead sandboxes left; the base's lock is held. */
static void
sweep(int base_fd)
{
	struct dirent **names;
	int i, n = scandirat(base_fd, ".", &names, NULL, NULL);

	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' &&
		    is_dead(base_fd, names[i]->d_name))
			remove_tree(base_fd, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static int
check_name(const char *name, struct fault *f)
{
	size_t n = strlen(name);

	if (n == 0 || n >= STATE_NAME || name[0] == '.' || name[0] == '-' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-") != n)
		return fault_set(f, FAULT_INPUT,
		    "--name: %s: letters, digits, '.', '_' and '-', fewer "
		    "than %d",
		    name, STATE_NAME);
	return 0;
}

/* Makes and locks the folder; the base's lock is held. */
static int
make_folder(
    struct state *s, const char *base, const char *name, struct fault *f)
{
	snprintf(s->dir, sizeof(s->dir), "%s/%s", base,
	    name != NULL ? name : "run-XXXXXX");
	s->name = s->dir + strlen(base) + 1;
	if (name == NULL ? mkdtemp(s->dir) == NULL : mkdir(s->dir, 0700) != 0)
		return fault_sys(f, errno == EEXIST ? FAULT_NO : FAULT_UNSURE,
		    errno, "%s", s->dir);
	s->dir_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd == -1 || flock(s->dir_fd, LOCK_EX) != 0) {
		fault_sys(f, FAULT_UNSURE, errno, "%s", s->dir);
		rmdir(s->dir);
		state_release(s);
		return -1;
	}
	return 0;
}

static int
claim(struct state *s, const char *name, struct fault *f)
{
	char base[BASE_SIZE];
	int fd, rc = -1;

	if (base_path(base, f) != 0 || (fd = base_open(base, 1, f)) == -1)
		return -1;
	if (flock(fd, LOCK_EX) != 0)
		fault_sys(f, FAULT_UNSURE, errno, "%s", base);
	else {
		sweep(fd);
		rc = make_folder(s, base, name, f);
	}
	close(fd);
	return rc;
}

/* The listening socket that the user's prompt reaches. */
static int
listen_outside(struct state *s, struct fault *f)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	s->outer_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->outer_fd == -1 ||
	    bind(s->outer_fd, (struct sockaddr *)&a, len) != 0 ||
	    listen(s->outer_fd, BACKLOG) != 0 ||
	    getsockname(s->outer_fd, (struct sockaddr *)&a, &len) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "127.0.0.1");
	s->port = ntohs(a.sin_port);
	return 0;
}

/* Writes text (may be "") to a new file of the folder. */
static int
put_text(
    const struct state *s, const char *name, const char *text, struct fault *f)
{
	int fd = openat(
	    s->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t n = strlen(text);
	int bad = fd == -1 || write(fd, text, n) != (ssize_t)n;

	if (fd != -1 && close(fd) != 0)
		bad = 1;
	return bad ? fault_sys(f, FAULT_UNSURE, errno, "%s/%s", s->dir, name) :
		     0;
}

int
state_new(struct state *s, const char *name, struct fault *f)
{
	static const char hosts[] = "127.0.0.1 localhost\n"
				    "127.0.1.1 sandbox\n"
				    "::1 localhost ip6-localhost\n";

	memset(s, 0, sizeof(*s));
	s->dir_fd = s->outer_fd = -1;
	if ((name != NULL && check_name(name, f) != 0) ||
	    claim(s, name, f) != 0)
		return -1;
	if (listen_outside(s, f) != 0 ||
	    credentials_write(s->dir_fd, s->port, f) != 0 ||
	    put_text(s, "hosts", hosts, f) != 0 ||
	    put_text(s, "resolv.conf", "", f) != 0)
		goto fail;
	if (mkdirat(s->dir_fd, "node", 0700) != 0) {
		fault_sys(f, FAULT_UNSURE, errno, "%s/node", s->dir);
		goto fail;
	}
	return 0;
fail:
	state_remove(s);
	return -1;
}

char *
state_path(const struct state *s, const char *name, char *out)
{
	snprintf(out, STATE_PATH, "%s/%s", s->dir, name);
	return out;
}

int
state_pids(const struct state *s, pid_t keeper, pid_t init, struct fault *f)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %d\n", (int)keeper, (int)init);
	return put_text(s, "pids", text, f);
}

int
state_ready(const struct state *s, struct fault *f)
{
	return put_text(s, "ready", "", f);
}

void
state_release(struct state *s)
{
	if (s->outer_fd != -1)
		close(s->outer_fd);
	if (s->dir_fd != -1)
		close(s->dir_fd);
	s->outer_fd = s->dir_fd = -1;
}

void
state_remove(struct state *s)
{
	/* while the lock is held, so that no sweep is at it, too */
	remove_tree(AT_FDCWD, s->dir);
	state_release(s);
}

static void
read_pids(int dir_fd, struct state_seen *seen)
{
	int fd = openat(dir_fd, "pids", O_RDONLY | O_CLOEXEC), keeper, init;
	char text[64];
	ssize_t n;

	if (fd == -1)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	if (sscanf(text, "%d %d", &keeper, &init) == 2) {
		seen->keeper = keeper;
		seen->init = init;
	}
}

/* Fills seen for base/name: 1, or 0 when there is no such folder. */
static int
look(struct state_seen *seen, int base_fd, const char *base, const char *name)
{
	int fd = openat(
	    base_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	memset(seen, 0, sizeof(*seen));
	if (fd == -1)
		return 0;
	snprintf(seen->dir, sizeof(seen->dir), "%s/%s", base, name);
	snprintf(seen->name, sizeof(seen->name), "%s", name);
	seen->alive = flock(fd, LOCK_SH | LOCK_NB) != 0;
	seen->ready = faccessat(fd, "ready", F_OK, 0) == 0;
	read_pids(fd, seen);
	close(fd);
	return 1;
}

int
state_find(struct state_seen *seen, const char *name, struct fault *f)
{
	char base[BASE_SIZE];
	int fd, found;

	memset(seen, 0, sizeof(*seen));
	if (check_name(name, f) != 0 || base_path(base, f) != 0)
		return -1;
	fd = base_open(base, 0, f);
	if (fd == -1)
		return f->code == FAULT_NO ? 0 : -1;
	found = look(seen, fd, base, name);
	close(fd);
	return found;
}

int
state_each(int (*fn)(void *arg, const struct state_seen *seen), void *arg,
    struct fault *f)
{
	char base[BASE_SIZE];
	struct state_seen seen;
	struct dirent **names;
	int fd, i, n, stop = 0;

	if (base_path(base, f) != 0)
		return -1;
	fd = base_open(base, 0, f);
	if (fd == -1)
		return f->code == FAULT_NO ? 0 : -1;
	n = scandirat(fd, ".", &names, NULL, alphasort);
	for (i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (!stop && name[0] != '.' && strlen(name) < STATE_NAME &&
		    look(&seen, fd, base, name))
			stop = fn(arg, &seen);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	close(fd);
	return 0;
}
