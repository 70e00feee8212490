/*
 * Time: how long (monotonic, milliseconds), when (RFC 3339), and durations
 * as people write them.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_TS_SIZE 32 /* bytes that clock_ts and clock_ts_seconds need */

/* Milliseconds of CLOCK_MONOTONIC, with fraction: for differences only. */
double clock_ms(void);

/* Now, as 2026-11-23T11:30:39.123Z, into out (CLOCK_TS_SIZE); returns out. */
char *clock_ts(char *out);

/* As clock_ts for a given time; whole seconds when seconds_only is not 0. */
char *clock_format(char *out, const struct timespec *ts, int seconds_only);

/*
 * Reads an RFC 3339 time, with fraction and zone, into *ts.  0, or -1 when
 * it is none.
 */
int clock_parse(const char *s, struct timespec *ts);

/*
 * Reads a duration: a number with a unit ms, s, m, h or d, several in a row
 * ("1m30s"), or a bare number of seconds.  Milliseconds in *ms.  0, or -1
 * when it is none, is negative or passes a hundred years.
 */
int clock_duration(const char *s, double *ms);

#endif
