/*
 * The sandbox's four daemons: started together, watched one by one.
 */
#ifndef DAEMONS_H
#define DAEMONS_H

#include "lib/child.h"
#include "lib/fault.h"
#include "lib/opt.h"
#include "state.h"

#define DAEMONS 4

struct daemon {
	const char *name;
	struct child child;
	int ready_fd; /* readable when it is ready or gone; -1: told already */
	int awaited;  /* CMD starts only when it is ready */
};

struct daemons {
	struct daemon d[DAEMONS];
	char bin[STATE_PATH - 64]; /* the folder that they are in */
};

/*
 * Finds the folder of this program, where the daemons must be, and adds the
 * default folder of images beside it to the list (its string lives as long
 * as dir, of STATE_PATH bytes, does).  0, or -1: something is missing, or
 * this user cannot reach it.
 */
int daemons_find(
    struct daemons *all, struct opt_list *images, char *dir, struct fault *f);

/*
 * Starts them, their output in DIR/NAME.log, serving the API on inner_fd
 * too.  -1: those that have started are the caller's to end.
 */
int daemons_start(struct daemons *all, const struct state *s,
    const struct opt_list *images, int inner_fd, struct fault *f);

/* The daemon of that pid, or NULL. */
struct daemon *daemons_by_pid(struct daemons *all, pid_t pid);

/* Copies the last lines of its log to standard error. */
void daemons_show_log(const struct daemon *d, const struct state *s);

#endif
