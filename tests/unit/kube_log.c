/* Log lines: pieces of any size give the same lines and times. */
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/kube_log.h"
#include "tap.h"

static struct buf out;
static size_t lines, longest;

static void
on_line(void *arg, const struct timespec *at, const char *text, size_t n)
{
	char ts[CLOCK_TS_SIZE];

	(void)arg;
	lines++;
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
	lines = longest = 0;
	n = 3 * KUBE_LOG_LINE + 10;
	big = malloc(n);
	if (big == NULL)
		return 1;
	memset(big, 'x', n);
	kube_log_feed(&l, big, n);
	kube_log_end(&l);
	tap_ok(lines == 4 && longest == KUBE_LOG_LINE,
	    "a line that is too long comes in pieces");
	free(big);
	kube_log_release(&l);
	buf_release(&out);
	return tap_end();
}
