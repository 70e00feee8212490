/* Log lines: pieces of any size give the same lines and times. */
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/kube_log.h"
#include "tap.h"

static struct buf out;
static size_t lines, timed, longest;

static void
on_line(void *arg, const struct timespec *at, const char *text, size_t n)
{
	char ts[CLOCK_TS_SIZE];

	(void)arg;
	lines++;
	timed += at != NULL;
	if (n > longest)
		longest = n;
	if (n > 100)
		n = 100;
	buf_addf(&out, "[%s|%.*s]", at != NULL ? clock_format(ts, at, 0) : "-",
	    (int)n, text);
}

static const char text[] = "2024-01-02T03:04:05.123456789Z one\n"
			   "2024-01-02T03:04:05.2Z \n"
			   "2024-01-02T03:04:06Z\n"
			   "no time here\r\n"
			   "\n"
			   "2024-01-02T03:04:07.999Z the end";

static const char want[] = "[2024-01-02T03:04:05.123Z|one]"
			   "[2024-01-02T03:04:05.200Z|]"
			   "[2024-01-02T03:04:06.000Z|]"
			   "[-|no time here]"
			   "[-|]"
			   "[2024-01-02T03:04:07.999Z|the end]";

/* A stream that is cut, and asked for again from the second of its last line.
 */
static void
test_resume(void)
{
	static const char second[] = "2024-01-02T03:04:05.1Z a\n"
				     "2024-01-02T03:04:05.2Z b\n"
				     "2024-01-02T03:04:05.2Z c\n"
				     "2024-01-02T03:04:05.2Z d\n"
				     "untimed\n"
				     "2024-01-02T03:04:06Z e\n";
	struct kube_log l;
	struct buf query;

	buf_clear(&out);
	buf_init(&query, 1000);
	kube_log_init(&l, on_line, NULL);
	kube_log_resume(&l, &query);
	tap_str(buf_str(&query), "", "nothing told: from the start");
	kube_log_feed(&l, second, (size_t)(strstr(second, "d\n") - second));
	kube_log_resume(&l, &query);
	tap_str(buf_str(&query), "&sinceTime=2024-01-02T03:04:05Z",
	    "the second of the last line");
	kube_log_feed(&l, second, sizeof(second) - 1);
	kube_log_resume(&l, &query);
	kube_log_feed(&l, strstr(second, "2024-01-02T03:04:06"),
	    strlen(strstr(second, "2024-01-02T03:04:06")));
	kube_log_end(&l);
	tap_str(buf_str(&out),
	    "[2024-01-02T03:04:05.100Z|a][2024-01-02T03:04:05.200Z|b]"
	    "[2024-01-02T03:04:05.200Z|c][2024-01-02T03:04:05.200Z|d]"
	    "[-|untimed][2024-01-02T03:04:06.000Z|e]",
	    "each line is told once, also those of the same time");
	kube_log_release(&l);
	buf_release(&query);
}

int
main(void)
{
	struct kube_log l;
	size_t step, i, n;
	int same = 1;
	char *big;

	buf_init(&out, 1 << 20);
	kube_log_init(&l, on_line, NULL);
	for (step = 1; step < sizeof(text); step++) {
		buf_clear(&out);
		for (i = 0; i < sizeof(text) - 1; i += n) {
			n = sizeof(text) - 1 - i;
			n = n < step ? n : step;
			kube_log_feed(&l, text + i, n);
		}
		kube_log_end(&l);
		same &= strcmp(buf_str(&out), want) == 0;
	}
	tap_str(buf_str(&out), want, "lines and times");
	tap_ok(same, "whatever the pieces");
	test_resume();
	lines = timed = longest = 0;
	n = 3 * KUBE_LOG_LINE + 10;
	big = malloc(n);
	if (big == NULL)
		return 1;
	memset(big, 'x', n);
	memcpy(big, "2024-01-02T03:04:05Z ", 21);
	kube_log_feed(&l, big, n);
	kube_log_end(&l);
	tap_ok(lines == 4 && longest == KUBE_LOG_LINE,
	    "a line that is too long comes in pieces");
	tap_ok(timed == 4, "which have its time");
	free(big);
	kube_log_release(&l);
	buf_release(&out);
	return tap_end();
}
