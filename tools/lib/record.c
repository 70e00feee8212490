/*
 * Records: see record.h.  The buffer is kept from record to record, so that
 * writing one allocates nothing once it has grown.
 */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

void
record_init(struct record *r)
{
	*r = (struct record){ 0 };
	buf_init(&r->b, RECORD_MAX);
}

void
record_release(struct record *r)
{
	buf_release(&r->b);
}

static void
key_out(struct record *r, const char *key)
{
	if (!r->first)
		buf_addc(&r->b, ',');
	r->first = 0;
	if (key == NULL)
		return;
	json_write_string(&r->b, key, strlen(key));
	buf_addc(&r->b, ':');
}

void
record_begin(struct record *r, const char *type)
{
	buf_clear(&r->b);
	buf_addc(&r->b, '{');
	r->first = 1;
	r->depth = 0;
	record_str(r, "type", type);
}

void
record_strn(struct record *r, const char *key, const char *value, size_t n)
{
	key_out(r, key);
	json_write_string(&r->b, value, n);
}

void
record_str(struct record *r, const char *key, const char *value)
{
	if (value != NULL)
		record_strn(r, key, value, strlen(value));
	else
		record_json(r, key, NULL);
}

void
record_int(struct record *r, const char *key, long long value)
{
	key_out(r, key);
	buf_addf(&r->b, "%lld", value);
}

void
record_num(struct record *r, const char *key, double value)
{
	cJSON v = { .type = cJSON_Number, .valuedouble = value };

	record_json(r, key, &v);
}

static double
thousandths(double v)
{
	double n = v * 1e3;

	/* by hand: libm for round() alone is a third of a megabyte */
	if (n > -1e15 && n < 1e15)
		return (double)(long long)(n + (n < 0 ? -0.5 : 0.5)) / 1e3;
	return v;
}

double
record_rounded(double value)
{
	char text[32];

	if (!(value > -1 && value < 1))
		return thousandths(value);
	snprintf(text, sizeof(text), "%.6g", value);
	return strtod(text, NULL);
}

void
record_ms(struct record *r, const char *key, double ms)
{
	record_num(r, key, thousandths(ms));
}

void
record_value(struct record *r, const char *key, double value)
{
	record_num(r, key, record_rounded(value));
}

void
record_bool(struct record *r, const char *key, int value)
{
	key_out(r, key);
	buf_adds(&r->b, value ? "true" : "false");
}

void
record_json(struct record *r, const char *key, const cJSON *value)
{
	key_out(r, key);
	json_write(&r->b, value);
}

void
record_open(struct record *r, const char *key, char bracket)
{
	key_out(r, key);
	buf_addc(&r->b, bracket);
	r->first = 1;
	r->depth++;
}

void
record_close(struct record *r, char bracket)
{
	buf_addc(&r->b, bracket);
	r->first = 0;
	r->depth--;
}

void
record_ts(struct record *r)
{
	char ts[CLOCK_TS_SIZE];

	record_str(r, "ts", clock_ts(ts));
}

int
record_end(struct record *r, FILE *out, struct fault *f)
{
	buf_adds(&r->b, "}\n");
	if (r->b.failed)
		return buf_check(&r->b, "record", f);
	if (fwrite(r->b.data, 1, r->b.len, out) != r->b.len)
		return fault_sys(f, FAULT_UNSURE, errno, "%s",
		    out == stdout ? RECORD_OUTPUT : "write");
	return 0;
}

int
record_flush(struct record *r, struct fault *f)
{
	if (record_end(r, stdout, f) != 0)
		return -1;
	return fflush(stdout) == 0 ?
		   0 :
		   fault_sys(f, FAULT_UNSURE, errno, RECORD_OUTPUT);
}
