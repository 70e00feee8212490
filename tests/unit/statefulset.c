/* The order of a StatefulSet's steps. */
#include "k8s-controllerd/statefulset.h"

#include "tap.h"

/*
 * Pods as letters, by ordinal: '.' none, R ready, r running but not ready,
 * D being deleted, F finished; o and O: not ready and ready, old revision.
 * Verbs: '.' nothing, + create, - delete.
 */
static const struct {
	const char *what;
	struct set_plan plan;
	const char *pods, *verbs;
} cases[] = {
	{ "the first pod first", { 3, 0, 0, 0, 0 }, "...", "+.." },
	{ "the next once it is ready", { 3, 0, 0, 0, 0 }, "R..", ".+." },
	{ "not before", { 3, 0, 0, 0, 0 }, "r..", "..." },
	{ "a hole is filled first", { 3, 0, 0, 0, 0 }, ".RR", "+.." },
	{ "all at once in parallel", { 3, 0, 1, 0, 0 }, "...", "+++" },
	{ "what is there in parallel", { 3, 0, 1, 0, 0 }, "r.R", ".+." },
	{ "a finished pod is replaced", { 2, 0, 0, 0, 0 }, "FR", "-." },
	{ "one that is being deleted is waited for", { 2, 0, 0, 0, 0 }, "D.",
	    ".." },
	{ "all well", { 3, 0, 0, 0, 0 }, "RRR", "..." },
	{ "surplus goes from the top", { 1, 0, 0, 0, 0 }, "RRR", "..-" },
	{ "one after the other", { 1, 0, 0, 0, 0 }, "RRD", "..." },
	{ "or all at once", { 1, 0, 1, 0, 0 }, "RRR", ".--" },
	{ "to nothing", { 0, 0, 0, 0, 0 }, "R", "-" },
	{ "an update starts at the top", { 3, 0, 0, 0, 0 }, "OOO", "..-" },
	{ "and goes on once that is ready", { 3, 0, 0, 0, 0 }, "OOR", ".-." },
	{ "not before", { 3, 0, 0, 0, 0 }, "OOr", "..." },
	{ "a broken old pod holds an ordered set up", { 3, 0, 0, 0, 0 }, "Ooo",
	    "..." },
	{ "not a parallel one", { 3, 0, 1, 0, 0 }, "Ooo", "..-" },
	{ "down to the partition", { 3, 0, 0, 0, 2 }, "OOR", "..." },
	{ "never with OnDelete", { 3, 0, 0, 1, 0 }, "OOO", "..." },
	{ "no pods wanted and none there", { 0, 0, 0, 0, 0 }, "", "" },
};

static struct member
member_of(char letter)
{
	struct member m = { 0 };

	m.exists = letter != '.';
	m.dying = letter == 'D';
	m.finished = letter == 'F';
	m.ready = letter == 'R' || letter == 'O';
	m.current = letter != 'o' && letter != 'O';
	return m;
}

int
main(void)
{
	struct member members[8];
	enum set_verb verbs[8];
	char got[9];
	size_t i, k, n, done, count;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		n = strlen(cases[i].pods);
		for (k = 0; k < n; k++)
			members[k] = member_of(cases[i].pods[k]);
		done = set_next(&cases[i].plan, members, n, verbs);
		count = 0;
		for (k = 0; k < n; k++) {
			got[k] = ".+-"[verbs[k]];
			count += verbs[k] != SET_NOTHING;
		}
		got[n] = '\0';
		tap_str(got, cases[i].verbs, cases[i].what);
		if (done != count)
			tap_ok(0, "counted %zu, done %zu", count, done);
	}
	return tap_end();
}
