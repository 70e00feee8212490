/* The arithmetic of Jobs. */
#include "k8s-controllerd/job_plan.h"

#include "tap.h"

static const struct {
	struct job_numbers n;
	long wants;
	int complete;
} cases[] = {
	/* parallelism, completions, active, succeeded, failed, suspended */
	{ { 1, 1, 0, 0, 0, 0 }, 1, 0 },
	{ { 1, 1, 1, 0, 0, 0 }, 0, 0 },
	{ { 1, 1, 0, 1, 0, 0 }, 0, 1 },
	{ { 2, 5, 0, 0, 0, 0 }, 2, 0 },
	{ { 2, 5, 1, 3, 0, 0 }, 1, 0 },
	{ { 2, 5, 0, 4, 3, 0 }, 1, 0 },
	{ { 2, 5, 2, 4, 0, 0 }, -1, 0 },
	{ { 1, 5, 3, 0, 0, 0 }, -2, 0 },
	{ { 2, 5, 2, 0, 0, 1 }, -2, 0 },
	{ { 3, -1, 0, 0, 0, 0 }, 3, 0 },
	{ { 3, -1, 2, 1, 0, 0 }, 0, 0 },
	{ { 3, -1, 0, 1, 0, 0 }, 0, 1 },
	{ { 1, 0, 0, 0, 0, 0 }, 0, 1 },
};

static void
indexes(const char *done, const char *want)
{
	struct buf b;
	char flags[16];
	size_t i, n = strlen(done);

	for (i = 0; i < n; i++)
		flags[i] = done[i] == '1';
	buf_init(&b, 100);
	job_print_indexes(&b, flags, n);
	tap_str(buf_str(&b), want, done);
	buf_release(&b);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++)
		tap_ok(job_wants(&cases[i].n) == cases[i].wants &&
			   job_is_complete(&cases[i].n) == cases[i].complete,
		    "case %zu: wants %ld, complete %d", i + 1,
		    job_wants(&cases[i].n), job_is_complete(&cases[i].n));
	tap_ok(job_backoff(0) == 0 && job_backoff(1) == 10 &&
		   job_backoff(2) == 20 && job_backoff(4) == 80 &&
		   job_backoff(99) == 360,
	    "back-off doubles from 10 s to 6 minutes");
	indexes("", "");
	indexes("000", "");
	indexes("1", "0");
	indexes("110", "0,1");
	indexes("1110101", "0-2,4,6");
	indexes("0111", "1-3");
	return tap_end();
}
