/*
 * Columns of the plain kinds: see columns.h.  Names and cells are those of
 * kubernetes' pkg/printers/internalversion.
 */
#include "k8s-apid/columns.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"

void
column_name(const cJSON *v, struct buf *out)
{
	const char *s = json_str(v, "metadata", "name", NULL);

	buf_adds(out, s != NULL ? s : "");
}

/* apimachinery's duration.HumanDuration. */
void
column_duration(double seconds, struct buf *out)
{
	long s = (long)seconds, m = s / 60, h = m / 60, d = h / 24;

	if (s < -1)
		buf_adds(out, "<invalid>");
	else if (s < 0)
		buf_adds(out, "0s");
	else if (s < 120)
		buf_addf(out, "%lds", s);
	else if (m < 10)
		buf_addf(out, s % 60 ? "%ldm%lds" : "%ldm", m, s % 60);
	else if (m < 180)
		buf_addf(out, "%ldm", m);
	else if (h < 8)
		buf_addf(out, m % 60 ? "%ldh%ldm" : "%ldh", h, m % 60);
	else if (h < 48)
		buf_addf(out, "%ldh", h);
	else if (h < 192)
		buf_addf(out, h % 24 ? "%ldd%ldh" : "%ldd", d, h % 24);
	else if (d < 730)
		buf_addf(out, "%ldd", d);
	else
		buf_addf(out, "%ldy", d / 365);
}

void
column_since(const char *ts, struct buf *out)
{
	struct timespec then, now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ts == NULL || clock_parse(ts, &then) != 0)
		buf_adds(out, "<unknown>");
	else
		column_duration((double)(now.tv_sec - then.tv_sec), out);
}

void
column_age(const cJSON *v, struct buf *out)
{
	column_since(json_str(v, "metadata", "creationTimestamp", NULL), out);
}

void
column_or_none(const char *s, struct buf *out)
{
	buf_adds(out, s != NULL && s[0] != '\0' ? s : "<none>");
}

void
column_labels(const cJSON *labels, struct buf *out)
{
	const cJSON *m;

	if (labels == NULL || labels->child == NULL)
		buf_adds(out, "<none>");
	cJSON_ArrayForEach(m, labels)
		buf_addf(out, "%s%s=%s", m == labels->child ? "" : ",",
		    m->string, cJSON_IsString(m) ? m->valuestring : "");
}

static const struct column plain[] = {
	{ "Name", NULL, 0, column_name },
	{ "Age", NULL, 0, column_age },
	{ 0 },
};

const struct column *
columns_of(const struct type *t)
{
	(void)t;
	return plain;
}
