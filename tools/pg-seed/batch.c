/*
 * Rows of one table with the same columns: see batch.h.  All input is read
 * before the first row is sent, since the order of tables is known only then;
 * the temporary file keeps memory from growing with it.
 */
#include "batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPILL ((size_t)1 << 20)     /* bytes held in memory per batch */
#define ROW_MAX ((size_t)128 << 20) /* bytes of one row's text */
#define PIECE ((size_t)64 << 10)

struct batch *
batch_new(const unsigned *columns, size_t n, struct fault *f)
{
	struct batch *b = calloc(1, sizeof *b);

	if (b == NULL ||
	    (b->columns = calloc(n + 1, sizeof *columns)) == NULL) {
		free(b);
		fault_nomem(f);
		return NULL;
	}
	memcpy(b->columns, columns, n * sizeof *columns);
	b->n_columns = n;
	buf_init(&b->text, SPILL + ROW_MAX);
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	if (b->spill != NULL)
		fclose(b->spill);
	buf_release(&b->text);
	free(b->columns);
	free(b->origins);
	free(b);
}

static int
spill(struct batch *b, struct fault *f)
{
	if (b->spill == NULL && (b->spill = tmpfile()) == NULL)
		return fault_sys(f, FAULT_UNSURE, errno, "temporary file");
	if (fwrite(b->text.data, 1, b->text.len, b->spill) != b->text.len)
		return fault_sys(f, FAULT_UNSURE, errno, "temporary file");
	buf_clear(&b->text);
	return 0;
}

int
batch_row(struct batch *b, struct origin from, struct fault *f)
{
	size_t cap = b->cap == 0 ? 64 : b->cap * 2;
	struct origin *more;

	if (b->rows == b->cap) {
		more = reallocarray(b->origins, cap, sizeof *more);
		if (more == NULL)
			return fault_nomem(f);
		b->origins = more;
		b->cap = cap;
	}
	b->origins[b->rows++] = from;
	if (buf_check(&b->text, "row", f) != 0)
		return -1;
	b->bytes += b->text.len - b->begun;
	b->begun = b->text.len < SPILL ? b->text.len : 0;
	return b->text.len < SPILL ? 0 : spill(b, f);
}

int
batch_each(struct batch *b, int (*fn)(void *arg, const char *p, size_t n),
    void *arg, struct fault *f)
{
	char *piece;
	size_t n;
	int rc = 0;

	if (b->spill != NULL) {
		piece = malloc(PIECE);
		if (piece == NULL)
			return fault_nomem(f);
		rewind(b->spill);
		while (rc == 0 && (n = fread(piece, 1, PIECE, b->spill)) > 0)
			rc = fn(arg, piece, n);
		free(piece);
		if (ferror(b->spill))
			return fault_sys(
			    f, FAULT_UNSURE, errno, "temporary file");
		if (fseek(b->spill, 0, SEEK_END) != 0)
			return fault_sys(
			    f, FAULT_UNSURE, errno, "temporary file");
	}
	if (rc == 0 && b->text.len > 0)
		rc = fn(arg, b->text.data, b->text.len);
	return rc;
}
