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

static void
collect(void *arg, const struct timespec *at, const char *line, size_t n)
{
	(void)at;
	buf_add(arg, line, n);
	buf_adds(arg, "\n");
}

/* N chunks of a line as an old kubelet tells them, the last of 100 bytes. */
static void
chunks(struct buf *b, struct buf *joined, size_t size, int n)
{
	int i;
	size_t j;

	for (i = 0; i < n; i++) {
		buf_addf(b, "2024-01-02T03:04:0%d.000000000%s ", 5 + i % 5 / 3,
		    size == 8192 ? "+00:00" : "Z");
		for (j = 0; j < (i + 1 < n ? size : 100); j++) {
			buf_addc(b, (char)('a' + i % 26));
			buf_addc(joined, (char)('a' + i % 26));
		}
	}
	buf_adds(b, "\n");
	buf_adds(joined, "\n");
}

/* Chunks of long lines are joined; times that a container says are kept. */
static void
test_chunks(void)
{
	static const char own[] = "2024-01-02T03:04:04.999999999Z he said";
	static const size_t steps[] = { 1, 100, 16384, 1 << 20 };
	struct buf in, joined, got;
	struct kube_log l;
	size_t i, j, n;

	buf_init(&in, 8 << 20);
	buf_init(&joined, 8 << 20);
	buf_init(&got, 8 << 20);
	chunks(&in, &joined, 16384, 4);
	chunks(&in, &joined, 16384, 2);
	chunks(&in, &joined, 8192, 5);
	buf_adds(&in, "2024-01-02T03:04:05.000000000Z ");
	for (i = 0; i < 16384; i++) {
		buf_addc(&in, '-');
		buf_addc(&joined, '-');
	}
	buf_addf(&in, "%s\n", own);
	buf_addf(&joined, "%s\n", own);
	for (j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
		kube_log_init(&l, collect, &got);
		buf_clear(&got);
		for (i = 0; i < in.len; i += n) {
			n = in.len - i < steps[j] ? in.len - i : steps[j];
			kube_log_feed(&l, in.data + i, n);
		}
		kube_log_release(&l);
		tap_ok(got.len == joined.len &&
			   memcmp(got.data, joined.data, got.len) == 0,
		    "long lines are joined, fed by %zu bytes", steps[j]);
	}
	/* longer than what is told at once */
	buf_clear(&in);
	buf_clear(&joined);
	buf_clear(&got);
	chunks(&in, &joined, 16384, 100);
	kube_log_init(&l, collect, &got);
	kube_log_feed(&l, in.data, in.len);
	kube_log_release(&l);
	tap_ok(
	    memchr(got.data, '2', got.len) == NULL && got.len == joined.len + 1,
	    "and those that are told in pieces");
	buf_release(&in);
	buf_release(&joined);
	buf_release(&got);
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
	test_chunks();
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
