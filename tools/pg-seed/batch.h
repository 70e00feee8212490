/*
 * Rows of one table with the same columns, as COPY's text, and where each
 * came from.  Large batches go to an unlinked temporary file.
 */
#ifndef BATCH_H
#define BATCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/buf.h"
#include "lib/fault.h"

struct origin {
	uint32_t file; /* index */
	uint32_t line;
};

struct batch {
	unsigned *columns; /* indices, ascending */
	size_t n_columns;
	struct buf text;        /* what is not in the file yet */
	FILE *spill;            /* or NULL */
	size_t bytes;           /* of text in all */
	size_t begun;           /* where in text the row begins */
	struct origin *origins; /* one per row */
	size_t rows, cap;
};

/* A new batch for n columns (copied).  NULL with f filled. */
struct batch *batch_new(const unsigned *columns, size_t n, struct fault *f);
void batch_free(struct batch *b);

/*
 * To be called behind each row, whose text (with its newline) was appended to
 * b->text.  0, or -1 (FAULT_UNSURE: memory, or no space).
 */
int batch_row(struct batch *b, struct origin from, struct fault *f);

/*
 * Reads the batch from its start in pieces: calls fn until it returns other
 * than 0 or all is read.  What fn returned, or -1 with f filled.
 */
int batch_each(struct batch *b, int (*fn)(void *arg, const char *p, size_t n),
    void *arg, struct fault *f);

#endif
