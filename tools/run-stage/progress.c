/*
 * The live line of a stage: see progress.h.  It reads the newest record from
 * the end of the stage's file ten times a second rather than sitting in the
 * pipe, so that drawing can never slow the command down.
 */
#include "run-stage/progress.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/json.h"

#define TICK_MS 100
#define TAIL 4096 /* bytes at the end of the file that are looked at */

struct progress {
	struct loop *loop;
	struct loop_timer *timer;
	struct progress_spec spec;
	double start;
	int lock;   /* the records' folder, or -1: no terminal */
	int locked; /* we are the one that draws */
};

/* The last whole line of the file as JSON; NULL when there is none. */
static cJSON *
newest(const char *path)
{
	char tail[TAIL + 1], *end, *from;
	struct stat st;
	cJSON *v = NULL;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0) {
		off_t at = st.st_size > TAIL ? st.st_size - TAIL : 0;

		n = pread(fd, tail, TAIL, at);
		tail[n > 0 ? n : 0] = '\0';
		end = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;
		if (end != NULL) {
			from = memrchr(tail, '\n', (size_t)(end - tail));
			from = from != NULL ? from + 1 : tail;
			v = json_parse(from, (size_t)(end - from), NULL);
		}
	}
	close(fd);
	return v;
}

/* "wait Deployment web met": the record's type and the members that name it. */
static void
describe(struct buf *b, const cJSON *record)
{
	static const char *const keys[] = { "type", "kind", "table", "version",
		"bucket", "key", "group", "name", "status", "result" };
	const char *s;
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		s = json_str(record, keys[i], NULL);
		if (s != NULL)
			buf_addf(b, "%s%s", b->len > 0 ? " " : "", s);
	}
	for (i = 0; i < b->len; i++)
		if (iscntrl((unsigned char)b->data[i]))
			b->data[i] = '?';
}

static void
head(const struct progress *p, struct buf *b)
{
	if (p->spec.total > 0)
		buf_addf(b, "[%lld/%lld] ", p->spec.number, p->spec.total);
	else
		buf_addf(b, "[%lld] ", p->spec.number);
	buf_addf(b, "%s%s%s", p->spec.name, p->spec.part != NULL ? " " : "",
	    p->spec.part != NULL ? p->spec.part : "");
}

static void
draw(struct progress *p)
{
	struct winsize size = { .ws_col = 80 };
	cJSON *record = newest(p->spec.file);
	struct buf b, about;

	buf_init(&b, 4096);
	buf_init(&about, 4096);
	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	describe(&about, record);
	if (about.len == 0 && p->spec.what != NULL)
		buf_addf(&about, "waiting for %s", p->spec.what);
	head(p, &b);
	buf_addf(
	    &b, "  %.1f s  %s", (clock_ms() - p->start) / 1e3, buf_str(&about));
	fprintf(stderr, "\r\033[K%.*s", size.ws_col > 1 ? size.ws_col - 1 : 79,
	    buf_str(&b));
	buf_release(&b);
	buf_release(&about);
	cJSON_Delete(record);
}

static void
tick(void *arg)
{
	struct progress *p = arg;

	if (!p->locked && flock(p->lock, LOCK_EX | LOCK_NB) == 0)
		p->locked = 1;
	if (p->locked)
		draw(p);
	/* without memory for a timer the line stands still: no harm done */
	p->timer = loop_timer(p->loop, TICK_MS, tick, p, NULL);
}

struct progress *
progress_new(struct loop *l, const struct progress_spec *spec, struct fault *f)
{
	struct progress *p = calloc(1, sizeof *p);
	const char *slash;
	char *dir;

	if (p == NULL) {
		fault_nomem(f);
		return NULL;
	}
	*p = (struct progress){
		.loop = l, .spec = *spec, .start = clock_ms(), .lock = -1
	};
	if (!isatty(STDERR_FILENO))
		return p;
	slash = strrchr(spec->file, '/');
	dir = slash != NULL ?
		  strndup(spec->file, (size_t)(slash - spec->file)) :
		  strdup(".");
	if (dir != NULL)
		p->lock = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (p->lock != -1)
		p->timer = loop_timer(l, 0, tick, p, NULL);
	return p;
}

void
progress_clear(struct progress *p)
{
	/* the line that stands there may be another stage's */
	if (p != NULL && p->lock != -1)
		fputs("\r\033[K", stderr);
}

void
progress_end(struct progress *p, const char *verdict)
{
	struct buf b;

	loop_timer_cancel(p->loop, &p->timer);
	progress_clear(p);
	buf_init(&b, 1024);
	head(p, &b);
	fprintf(stderr, "%-28s %-7s %7.2f s\n", buf_str(&b), verdict,
	    (clock_ms() - p->start) / 1e3);
	buf_release(&b);
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	loop_timer_cancel(p->loop, &p->timer);
	if (p->lock != -1)
		close(p->lock);
	free(p);
}
