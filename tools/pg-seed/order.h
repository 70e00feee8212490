/*
 * The order of tables: who is referred to comes before who refers to it.
 */
#ifndef ORDER_H
#define ORDER_H

#include <stddef.h>

struct reference {
	size_t from, to; /* indices of tables; a table may refer to itself */
	int deferrable;  /* may be broken until the transaction ends */
};

/*
 * Puts the indices 0..n-1 into out so that for each reference `to` comes
 * before `from`; otherwise they stay in order.  Cycles are broken at
 * deferrable references only.  0, or -1 when that does not suffice: out then
 * holds, behind the first *done, the tables that are left.  -2: no memory.
 */
int order_tables(size_t n, const struct reference *refs, size_t n_refs,
    size_t *out, size_t *done);

#endif
