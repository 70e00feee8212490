/*
 * The migrations of a folder: NNNN_name.sql.
 */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>

#include "lib/digest.h"
#include "lib/fault.h"

struct migration {
	unsigned long long number;
	char *version; /* the digits as they are in the file's name */
	char *name;    /* what follows the underscore, without .sql */
	char *path;
	char *text; /* without a byte order mark, lines end in \n */
	size_t len;
	int no_transaction;               /* its first line says so */
	char checksum[DIGEST_SHA256_HEX]; /* of text */
};

struct migrations {
	struct migration *v; /* by number */
	size_t n;
};

/*
 * Reads the migrations of dir; other files are passed over, but a *.sql whose
 * name does not fit is an error, and so are two of the same number.  -1 with
 * f filled (FAULT_INPUT; FAULT_UNSURE for what cannot be read).
 */
int migrations_read(struct migrations *ms, const char *dir, struct fault *f);
void migrations_release(struct migrations *ms);

#endif
