/*
 * The daemons: see daemons.h.  Each is given a pipe to say that it is ready;
 * the API's sockets listen from before the start, so all four start at once
 * and nobody's first call is refused.
 */
#include "daemons.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_LINES 20   /* shown when a daemon dies */
#define LOG_TAIL 65536 /* bytes of a log that are looked at for them */
#define MAX_ARGS 256

/*
 * Arguments by daemon.  "@x" is the state folder's file x, "#x" the number
 * of a descriptor, "%bin" the daemons' folder, "%images" one --images DIR
 * for each.
 */
static const char *const apid_args[] = { "--listen-fd", "#outer", "--listen-fd",
	"#inner", "--listen", "10.96.0.1:443", "--tls-cert", "@tls.crt",
	"--tls-key", "@tls.key", "--token-auth-file", "@tokens.csv",
	"--service-cidr", "10.96.0.0/16", "--kubelet-ca", "@ca.crt",
	"--kubelet-token-file", "@kubelet-token", "--ready-fd", "#ready",
	NULL };
static const char *const client_args[] = { "--kubeconfig", "@kubeconfig",
	"--ready-fd", "#ready", NULL };
static const char *const noded_args[] = { "--kubeconfig", "@kubeconfig",
	"--root", "@node", "%images", "--bin", "%bin", "--address",
	"10.244.0.1", "--tls-cert", "@tls.crt", "--tls-key", "@tls.key",
	"--kubelet-token-file", "@kubelet-token", "--hosts", "@hosts",
	"--node-name", "sandbox", "--ready-fd", "#ready", NULL };

static const struct {
	const char *name;
	const char *const *args;
	int awaited;
} table[DAEMONS] = {
	{ "k8s-apid", apid_args, 1 },
	{ "k8s-noded", noded_args, 1 },
	{ "k8s-controllerd", client_args, 0 },
	{ "k8s-proxyd", client_args, 0 },
};

/* What the arguments of one daemon are made from. */
struct make {
	const struct daemons *all;
	const struct state *state;
	const struct opt_list *images;
	int inner_fd, ready_fd;
	char *v[MAX_ARGS + 1]; /* owned */
	size_t n;
	int failed;
};

static void
add(struct make *m, const char *arg)
{
	char *s = m->n < MAX_ARGS ? strdup(arg) : NULL;

	if (s == NULL)
		m->failed = 1;
	else
		m->v[m->n++] = s;
}

static void
add_number(struct make *m, const char *what)
{
	char text[16];
	int fd = strcmp(what, "outer") == 0 ? m->state->outer_fd :
		 strcmp(what, "inner") == 0 ? m->inner_fd :
					      m->ready_fd;

	snprintf(text, sizeof(text), "%d", fd);
	add(m, text);
}

static void
add_template(struct make *m, const char *arg)
{
	char path[STATE_PATH];
	size_t i;

	switch (arg[0]) {
	case '@':
		add(m, state_path(m->state, arg + 1, path));
		break;
	case '#':
		add_number(m, arg + 1);
		break;
	case '%':
		if (strcmp(arg, "%bin") == 0)
			add(m, m->all->bin);
		for (i = 0; strcmp(arg, "%images") == 0 && i < m->images->n;
		     i++) {
			add(m, "--images");
			add(m, m->images->v[i]);
		}
		break;
	default:
		add(m, arg);
	}
}

/* Opens the log and starts the daemon with m's arguments. */
static int
spawn(struct daemon *d, struct make *m, struct fault *f)
{
	const int keep[] = { m->ready_fd, m->inner_fd, m->state->outer_fd };
	struct child_spec spec = { .argv = (const char *const *)m->v,
		.in = -1,
		.keep = keep,
		.keep_n = strcmp(d->name, "k8s-apid") == 0 ? 3 : 1,
		.group = 1 }; /* ^C is for CMD alone */
	char name[64], path[STATE_PATH];
	int rc;

	snprintf(name, sizeof(name), "%s.log", d->name);
	spec.out = open(state_path(m->state, name, path),
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (spec.out == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", path);
	spec.err = spec.out;
	rc = child_spawn(&d->child, &spec, f);
	if (rc != 0)
		f->code = FAULT_UNSURE; /* a missing daemon is no wrong usage */
	close(spec.out);
	return rc;
}

static int
start_one(
    struct daemon *d, struct make *m, const char *const *args, struct fault *f)
{
	char path[STATE_PATH];
	int ready[2], rc = -1;
	size_t i;

	if (pipe2(ready, O_CLOEXEC) != 0)
		return fault_sys(f, FAULT_UNSURE, errno, "pipe");
	m->ready_fd = ready[1];
	m->n = 0;
	snprintf(path, sizeof(path), "%s/%s", m->all->bin, d->name);
	add(m, path);
	for (; *args != NULL; args++)
		add_template(m, *args);
	m->v[m->n] = NULL;
	if (m->failed)
		fault_nomem(f);
	else
		rc = spawn(d, m, f);
	for (i = 0; i < m->n; i++)
		free(m->v[i]);
	close(ready[1]);
	d->ready_fd = ready[0];
	return rc;
}

int
daemons_start(struct daemons *all, const struct state *s,
    const struct opt_list *images, int inner_fd, struct fault *f)
{
	struct make m = {
		.all = all, .state = s, .images = images, .inner_fd = inner_fd
	};
	size_t i;

	for (i = 0; i < DAEMONS; i++) {
		all->d[i].child.pid = -1;
		all->d[i].ready_fd = -1;
	}
	for (i = 0; i < DAEMONS; i++) {
		all->d[i].name = table[i].name;
		all->d[i].awaited = table[i].awaited;
		if (start_one(&all->d[i], &m, table[i].args, f) != 0)
			return -1;
	}
	return 0;
}

/* The default images: beside build/ in the source tree, or as installed. */
static int
find_images(const char *bin, char *dir)
{
	static const char *const where[] = { "/../share/inttest/images",
		"/../../share/images", "/../../../share/images", NULL };
	size_t i;

	for (i = 0; where[i] != NULL; i++) {
		char path[STATE_PATH], *real;

		snprintf(path, sizeof(path), "%s%s", bin, where[i]);
		real = realpath(path, NULL);
		if (real != NULL && strlen(real) < STATE_PATH) {
			snprintf(dir, STATE_PATH, "%s", real);
			free(real);
			return 0;
		}
		free(real);
	}
	return -1;
}

int
daemons_find(
    struct daemons *all, struct opt_list *images, char *dir, struct fault *f)
{
	char path[STATE_PATH];
	ssize_t n = readlink("/proc/self/exe", all->bin, sizeof(all->bin) - 1);
	size_t i;

	if (n <= 0)
		return fault_sys(f, FAULT_UNSURE, errno, "/proc/self/exe");
	all->bin[n] = 0;
	*strrchr(all->bin, '/') = 0;
	for (i = 0; i < DAEMONS; i++) {
		snprintf(path, sizeof(path), "%s/%s", all->bin, table[i].name);
		if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
			return fault_sys(f, FAULT_UNSURE, errno,
			    "%s: cannot be run by this user", path);
	}
	if (find_images(all->bin, dir) == 0 &&
	    opt_list_add(images, dir, f) != 0)
		return -1;
	if (images->n == 0)
		return fault_set(f, FAULT_UNSURE,
		    "%s: no share/images beside it; give --images DIR",
		    all->bin);
	for (i = 0; i < images->n; i++)
		if (faccessat(
			AT_FDCWD, images->v[i], R_OK | X_OK, AT_EACCESS) != 0)
			return fault_sys(f, FAULT_INPUT, errno, "--images: %s",
			    images->v[i]);
	return 0;
}

struct daemon *
daemons_by_pid(struct daemons *all, pid_t pid)
{
	size_t i;

	for (i = 0; i < DAEMONS; i++)
		if (all->d[i].child.pid == pid)
			return &all->d[i];
	return NULL;
}

void
daemons_show_log(const struct daemon *d, const struct state *s)
{
	char name[64], path[STATE_PATH], *text, *p;
	struct buf b;
	ssize_t n;
	off_t end;
	int fd, lines = 0;

	buf_init(&b, LOG_TAIL);
	snprintf(name, sizeof(name), "%s.log", d->name);
	fd = open(state_path(s, name, path), O_RDONLY | O_CLOEXEC);
	if (fd == -1 || buf_reserve(&b, LOG_TAIL) != 0)
		goto out;
	end = lseek(fd, 0, SEEK_END);
	n = pread(fd, b.data, LOG_TAIL, end > LOG_TAIL ? end - LOG_TAIL : 0);
	if (n <= 0)
		goto out;
	text = b.data;
	for (p = text + n - 1; p > text; p--)
		if (p[-1] == '\n' && ++lines == LOG_LINES)
			break;
	fprintf(stderr, "%.*s%s", (int)(text + n - p), p,
	    text[n - 1] == '\n' ? "" : "\n");
out:
	buf_release(&b);
	if (fd != -1)
		close(fd);
}
