/*
 * The processes of the machine by family: see proc.h.
 */
#include "k8s-noded/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a small file of /proc: its length, or -1. */
static ssize_t
slurp(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, out, size - 1);
	close(fd);
	if (n >= 0)
		out[n] = '\0';
	return n;
}

/* /proc/PID/stat: after the name, which may hold anything. */
static int
read_stat(pid_t pid, struct proc *p)
{
	unsigned long utime, stime;
	long cutime, cstime, rss;
	int parent;
	char text[1024];
	const char *s;

	if (slurp(pid, "stat", text, sizeof(text)) <= 0)
		return -1;
	s = strrchr(text, ')');
	if (s == NULL ||
	    sscanf(s + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld "
		"%*d %*d %*d %*d %*u %*u %ld",
		&parent, &utime, &stime, &cutime, &cstime, &rss) != 6)
		return -1;
	p->pid = pid;
	p->parent = parent;
	p->cpu_s =
	    ((double)utime + (double)stime + (double)cutime + (double)cstime) /
	    (double)sysconf(_SC_CLK_TCK);
	p->rss = (size_t)rss * (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

int
proc_read(struct proc_table *t)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	struct proc p, *v;
	size_t room = 0;

	*t = (struct proc_table){ 0 };
	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    read_stat((pid_t)strtol(e->d_name, NULL, 10), &p) != 0)
			continue;
		if (t->n == room) {
			room = room > 0 ? 2 * room : 64;
			v = reallocarray(t->v, room, sizeof(*v));
			if (v == NULL) {
				closedir(d);
				proc_release(t);
				return -1;
			}
			t->v = v;
		}
		t->v[t->n++] = p;
	}
	closedir(d);
	return 0;
}

void
proc_release(struct proc_table *t)
{
	free(t->v);
	*t = (struct proc_table){ 0 };
}

/* Calls fn for root and each of its descendants. */
static void
each_relative(const struct proc_table *t, pid_t root,
    void (*fn)(void *arg, const struct proc *p), void *arg)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (t->v[i].pid == root)
			fn(arg, &t->v[i]);
		else if (t->v[i].parent == root)
			each_relative(t, t->v[i].pid, fn, arg);
	}
}

static void
add_cheap(void *arg, const struct proc *p)
{
	struct proc_sum *s = arg;

	s->cpu_s += p->cpu_s;
	s->rss += p->rss;
}

struct proc_sum
proc_family(const struct proc_table *t, pid_t root)
{
	struct proc_sum s = { 0 };

	each_relative(t, root, add_cheap, &s);
	return s;
}

/* "Name:   123 kB" in a table of /proc, in bytes. */
static size_t
field(const char *text, const char *name)
{
	const char *s = strstr(text, name);

	return s != NULL ? (size_t)strtoull(s + strlen(name), NULL, 10) * 1024 :
			   0;
}

struct pss {
	size_t all, file;
};

static void
add_pss(void *arg, const struct proc *p)
{
	struct pss *sum = arg;
	char text[2048];

	/* not ours to read, or gone: its resident size is all we know */
	if (slurp(p->pid, "smaps_rollup", text, sizeof(text)) <= 0) {
		sum->all += p->rss;
		return;
	}
	sum->all += field(text, "\nPss:");
	sum->file += field(text, "\nPss_File:");
}

size_t
proc_pss(const struct proc_table *t, pid_t root, size_t *anonymous)
{
	struct pss sum = { 0 };

	each_relative(t, root, add_pss, &sum);
	if (anonymous != NULL)
		*anonymous = sum.all - sum.file;
	return sum.all;
}
