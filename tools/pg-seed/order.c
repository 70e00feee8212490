/*
 * The order of tables: see order.h.  Again and again the first table that
 * waits for none is taken; quadratic, for schemas have hundreds of tables and
 * not millions.
 */
#include "order.h"

#include <stdlib.h>

/* 1 when i waits for a table that is not placed yet. */
static int
waits(size_t i, const struct reference *refs, size_t n_refs,
    const unsigned char *placed, int deferring)
{
	size_t k;

	for (k = 0; k < n_refs; k++)
		if (refs[k].from == i && refs[k].to != i &&
		    !placed[refs[k].to] && !(deferring && refs[k].deferrable))
			return 1;
	return 0;
}

/* The first table that can be placed now, or n. */
static size_t
next(size_t n, const struct reference *refs, size_t n_refs,
    const unsigned char *placed, int deferring)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!placed[i] && !waits(i, refs, n_refs, placed, deferring))
			return i;
	return n;
}

int
order_tables(size_t n, const struct reference *refs, size_t n_refs, size_t *out,
    size_t *done)
{
	unsigned char *placed = calloc(n + 1, 1);
	size_t i, rest;

	if (placed == NULL)
		return -2;
	for (*done = 0; *done < n; ++*done) {
		i = next(n, refs, n_refs, placed, 0);
		if (i == n)
			i = next(n, refs, n_refs, placed, 1);
		if (i == n)
			break;
		placed[i] = 1;
		out[*done] = i;
	}
	for (i = 0, rest = *done; i < n; i++)
		if (!placed[i])
			out[rest++] = i;
	free(placed);
	return *done == n ? 0 : -1;
}
