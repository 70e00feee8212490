/*
 * The processes of the machine by family: one reading of /proc serves all
 * containers.
 */
#ifndef NODED_PROC_H
#define NODED_PROC_H

#include <stddef.h>
#include <sys/types.h>

struct proc {
	pid_t pid, parent;
	double cpu_s; /* used, with that of children that have ended */
	size_t rss;   /* bytes */
};

struct proc_table {
	struct proc *v;
	size_t n;
};

/* Reads /proc: 0 or -1.  What ends meanwhile is left out. */
int proc_read(struct proc_table *t);
void proc_release(struct proc_table *t);

/* Of root and all its descendants: */
struct proc_sum {
	double cpu_s;
	size_t rss; /* bytes, shared pages counted each time */
};
struct proc_sum proc_family(const struct proc_table *t, pid_t root);

/*
 * PSS of root and its descendants in bytes; *anonymous (may be NULL) gets
 * the part that is not file pages.
 */
size_t proc_pss(const struct proc_table *t, pid_t root, size_t *anonymous);

#endif
