/*
 * Time: see clock.h.  Points in time are written with milliseconds in UTC,
 * the one form that every record uses.
 */
#include "clock.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

char *
clock_format(char *out, const struct timespec *ts, int seconds_only)
{
	struct tm tm;
	size_t n;

	if (gmtime_r(&ts->tv_sec, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	n = strftime(out, CLOCK_TS_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	if (seconds_only)
		snprintf(out + n, CLOCK_TS_SIZE - n, "Z");
	else
		snprintf(out + n, CLOCK_TS_SIZE - n, ".%03ldZ",
		    ts->tv_nsec / 1000000 % 1000);
	return out;
}

char *
clock_ts(char *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return clock_format(out, &ts, 0);
}

int
clock_parse(const char *s, struct timespec *ts)
{
	struct tm tm = { 0 };
	const char *p;
	long nsec = 0, scale = 100000000;
	int hh, mm, n = 0;

	p = strptime(s, "%Y-%m-%d", &tm);
	if (p == NULL || (*p != 'T' && *p != 't' && *p != ' '))
		return -1;
	p = strptime(p + 1, "%H:%M:%S", &tm);
	if (p == NULL)
		return -1;
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, scale /= 10)
			nsec += (*p - '0') * scale;
	}
	ts->tv_nsec = nsec;
	ts->tv_sec = timegm(&tm);
	if ((*p == 'Z' || *p == 'z') && p[1] == '\0')
		return 0;
	if ((*p != '+' && *p != '-') ||
	    sscanf(p + 1, "%2d:%2d%n", &hh, &mm, &n) != 2 || p[1 + n] != '\0')
		return -1;
	ts->tv_sec += (*p == '+' ? -1 : 1) * (time_t)(hh * 3600 + mm * 60);
	return 0;
}

int
clock_duration(const char *s, double *ms)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = { { "ms", 1 }, { "s", 1e3 }, { "m", 6e4 }, { "h", 3.6e6 },
		{ "d", 8.64e7 } };
	const double most = 100 * 366 * 8.64e7;
	const char *first = s;
	double total = 0, v;
	size_t i, n;
	char *end;

	if (!isdigit((unsigned char)*s) && *s != '.')
		return -1;
	while (*s != '\0') {
		if (!isdigit((unsigned char)*s) && *s != '.')
			return -1;
		/* strtod alone would also take 1e3 and 0x10 */
		n = strspn(s, "0123456789.");
		v = strtod(s, &end);
		if (end != s + n)
			return -1;
		n = strspn(end, "abcdefghijklmnopqrstuvwxyz");
		for (i = 0; i < sizeof units / sizeof units[0]; i++)
			if (strlen(units[i].name) == n &&
			    strncmp(units[i].name, end, n) == 0)
				break;
		if (i < sizeof units / sizeof units[0])
			total += v * units[i].ms;
		else if (n == 0 && *end == '\0' && s == first)
			total = v * 1e3;
		else
			return -1;
		s = end + n;
	}
	if (total > most)
		return -1;
	*ms = total;
	return 0;
}
