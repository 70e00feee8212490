/*
 * What went wrong, as data: see fault.h.  A fault never allocates, so that
 * running out of memory can be told like anything else; the price is that
 * long messages are cut.
 */
#include "fault.h"

#include <stdio.h>
#include <string.h>

int
fault_set(struct fault *f, enum fault_code code, const char *fmt, ...)
{
	va_list ap;

	if (f == NULL)
		return -1;
	f->code = code;
	va_start(ap, fmt);
	vsnprintf(f->msg, sizeof f->msg, fmt, ap);
	va_end(ap);
	return -1;
}

int
fault_sys(struct fault *f, enum fault_code code, int err, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (f == NULL)
		return -1;
	f->code = code;
	va_start(ap, fmt);
	n = vsnprintf(f->msg, sizeof f->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof f->msg)
		snprintf(f->msg + n, sizeof f->msg - (size_t)n, ": %s",
		    strerror(err));
	return -1;
}

int
fault_prefix(struct fault *f, const char *fmt, ...)
{
	char old[sizeof f->msg];
	va_list ap;
	int n;

	if (f == NULL)
		return -1;
	memcpy(old, f->msg, sizeof old);
	va_start(ap, fmt);
	n = vsnprintf(f->msg, sizeof f->msg, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof f->msg)
		/* the precision says that a cut is meant */
		snprintf(f->msg + n, sizeof f->msg - (size_t)n, ": %.*s",
		    (int)(sizeof f->msg - (size_t)n), old);
	return -1;
}

int
fault_nomem(struct fault *f)
{
	return fault_set(f, FAULT_UNSURE, "out of memory");
}
