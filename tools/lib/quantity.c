/*
 * Quantities: see quantity.h.  A double is exact up to 2^53 bytes, which is
 * plenty for one machine.
 */
#include "quantity.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	char name[3];
	double factor;
} suffixes[] = {
	{ "", 1 },
	{ "n", 1e-9 },
	{ "u", 1e-6 },
	{ "m", 1e-3 },
	{ "k", 1e3 },
	{ "M", 1e6 },
	{ "G", 1e9 },
	{ "T", 1e12 },
	{ "P", 1e15 },
	{ "E", 1e18 },
	{ "Ki", 0x1p10 },
	{ "Mi", 0x1p20 },
	{ "Gi", 0x1p30 },
	{ "Ti", 0x1p40 },
	{ "Pi", 0x1p50 },
	{ "Ei", 0x1p60 },
};

/* The end of the number: strtod would also take "0x1f", "inf" and blanks. */
static const char *
number_end(const char *s)
{
	const char *p = s + (*s == '-' || *s == '+'), *e;
	int digits = 0;

	for (; isdigit((unsigned char)*p) || *p == '.'; p++)
		digits += *p != '.';
	if (digits == 0)
		return s;
	if (*p != 'e' && *p != 'E')
		return p;
	e = p + 1;
	if (*e == '-' || *e == '+')
		e++;
	if (!isdigit((unsigned char)*e))
		return p; /* "1E" is exa */
	while (isdigit((unsigned char)*e))
		e++;
	return e;
}

int
quantity_parse(const char *s, double *out)
{
	const char *end = number_end(s);
	char number[64], *stop;
	size_t i, n = (size_t)(end - s);

	if (n == 0 || n >= sizeof(number))
		return -1;
	memcpy(number, s, n);
	number[n] = '\0';
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcmp(end, suffixes[i].name) == 0) {
			*out = strtod(number, &stop) * suffixes[i].factor;
			return *stop == '\0' && isfinite(*out) ? 0 : -1;
		}
	return -1;
}

int
quantity_json(const cJSON *v, double *out)
{
	if (cJSON_IsNumber(v)) {
		*out = v->valuedouble;
		return 0;
	}
	return cJSON_IsString(v) ? quantity_parse(v->valuestring, out) : -1;
}
