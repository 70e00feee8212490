/*
 * The order of a StatefulSet's steps: see statefulset.h.  (The model is
 * kubernetes' stateful_set_control.go.)
 */
#include "k8s-controllerd/statefulset.h"

#include <string.h>

/* Makes what is missing, lowest first; 1 when the others have to wait. */
static int
fill(const struct set_plan *plan, const struct member *m, size_t n,
    enum set_verb *verbs, size_t *done)
{
	size_t i;

	for (i = 0; i < n && (long)i < plan->replicas; i++) {
		if (!m[i].exists)
			verbs[i] = SET_CREATE;
		else if (m[i].finished && !m[i].dying)
			verbs[i] = SET_DELETE;
		*done += verbs[i] != SET_NOTHING;
		if (!plan->parallel &&
		    (verbs[i] != SET_NOTHING || m[i].dying || !m[i].ready))
			return 1;
	}
	return 0;
}

/* Takes away surplus pods, highest first; 1 when the others wait. */
static int
drain(const struct set_plan *plan, const struct member *m, size_t n,
    enum set_verb *verbs, size_t *done)
{
	size_t i;

	for (i = n; i-- > 0 && (long)i >= plan->replicas;) {
		if (!m[i].exists)
			continue;
		if (!m[i].dying) {
			verbs[i] = SET_DELETE;
			++*done;
		}
		if (!plan->parallel)
			return 1;
	}
	return 0;
}

/* Deletes the highest pod of an old revision, once those above are ready. */
static void
update(const struct set_plan *plan, const struct member *m, size_t n,
    enum set_verb *verbs, size_t *done)
{
	size_t i = (long)n < plan->replicas ? n : (size_t)plan->replicas;

	while (i-- > 0 && (long)i >= plan->partition) {
		if (!m[i].exists || m[i].dying)
			return;
		if (!m[i].current) {
			verbs[i] = SET_DELETE;
			++*done;
			return;
		}
		if (!m[i].ready)
			return;
	}
}

size_t
set_next(const struct set_plan *plan, const struct member *m, size_t n,
    enum set_verb *verbs)
{
	size_t done = 0;

	memset(verbs, 0, n * sizeof *verbs);
	if (fill(plan, m, n, verbs, &done) || drain(plan, m, n, verbs, &done))
		return done;
	if (done == 0 && !plan->on_delete)
		update(plan, m, n, verbs, &done);
	return done;
}
