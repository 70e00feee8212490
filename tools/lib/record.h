/*
 * Records: one JSON object a line on standard output, the only thing that
 * tools print there.  Built member by member in order; errors stick, so a
 * tool checks once, when the record ends.  See inttest-records(5).
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdio.h>

#include "buf.h"
#include "fault.h"
#include "json.h"

/* What messages begin with when standard output cannot be written. */
#define RECORD_OUTPUT "standard output"
#define RECORD_MAX (4 << 20) /* bytes; a record beyond that is refused */

struct record {
	struct buf b;
	unsigned depth; /* open objects and arrays within the record */
	int first;      /* no comma before the next member */
};

/* Initialises r for any number of records; allocates nothing. */
void record_init(struct record *r);
void record_release(struct record *r);

/* Starts a record of that type: {"type":"probe" */
void record_begin(struct record *r, const char *type);

/*
 * Members.  A NULL string writes null; numbers that are not finite write
 * null; record_ms rounds to 3 decimals (microseconds), record_value as
 * record_rounded.  Within an array the key is NULL.
 */
void record_str(struct record *r, const char *key, const char *value);
void
record_strn(struct record *r, const char *key, const char *value, size_t n);
void record_int(struct record *r, const char *key, long long value);
void record_num(struct record *r, const char *key, double value);
void record_ms(struct record *r, const char *key, double ms);
void record_value(struct record *r, const char *key, double value);
void record_bool(struct record *r, const char *key, int value);
void record_json(struct record *r, const char *key, const cJSON *value);
void record_open(struct record *r, const char *key, char bracket); /* { or [ */
void record_close(struct record *r, char bracket);                 /* } or ] */

/*
 * A measurement whose unit is not known, as people want it: with 3 decimals,
 * below 1 with 6 digits that count.
 */
double record_rounded(double value);

/* "ts": now. */
void record_ts(struct record *r);

/*
 * Ends the record and writes it as one line to out.  -1: it was too large
 * (FAULT_INPUT), memory ran out, or out cannot be written (FAULT_UNSURE).
 */
int record_end(struct record *r, FILE *out, struct fault *f);

/* As record_end to standard output, where whoever reads has it at once. */
int record_flush(struct record *r, struct fault *f);

#endif
