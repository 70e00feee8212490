/*
 * The stages of a run out of its stage records.  A stage that ran in parts
 * beside each other has a record per part; together they are one stage: the
 * worst status, from the earliest start to the latest end.
 */
#ifndef STAGES_H
#define STAGES_H

#include <stddef.h>

#include "fault.h"
#include "json.h"

#define STAGES_MAX 1000 /* stages, and parts of one */

enum stage_status { /* from best to worst */
	STAGE_OK,
	STAGE_SKIPPED,
	STAGE_FAILED,
	STAGE_ERROR,
};

struct stage_part {
	char *part; /* NULL: the stage has no parts */
	enum stage_status status;
	int exit_status;
	double from, to; /* ms since 1970; both 0 without a time */
	char *message;   /* or NULL */
};

struct stage {
	long number; /* 0: not known */
	char *name;
	enum stage_status status;
	double from, to;
	const char *message; /* of the worst part, or NULL; borrowed */
	struct stage_part *parts;
	size_t parts_n; /* 0: no record of it */
};

/* Zero-initialise. */
struct stages {
	struct stage *v;
	size_t n;
};

/*
 * Adds a stage record; a later one of the same stage and part replaces the
 * earlier.  -1: it has no name (FAULT_INPUT), there are more than STAGES_MAX
 * or memory ran out.
 */
int stages_add(struct stages *s, const cJSON *record, struct fault *f);

/*
 * Adds the stages of a comma-separated list that have no record as skipped,
 * and sorts all: those of the list in its order, then others by number.
 * list may be NULL.  0 or -1.
 */
int stages_finish(struct stages *s, const char *list, struct fault *f);

/* "ok", "skipped", "failed" or "error". */
const char *stage_status_name(enum stage_status status);

void stages_release(struct stages *s);

#endif
