/*
 * Paths made of parts, without silent cuts.
 */
#ifndef NODED_PATH_H
#define NODED_PATH_H

#include <limits.h>

/*
 * Formats a path into out (PATH_MAX bytes).  0, or -1 when it is too long:
 * errno is ENAMETOOLONG then and out is "", which no call takes as a file.
 */
int path_make(char *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* As mkdir -p with that mode for the last folder, 0755 before it. 0 or -1. */
int path_make_dirs(const char *path, unsigned mode);

/* Writes a whole new file, replacing an older one's content.  0 or -1. */
int path_write(const char *path, const char *text, unsigned mode);

#endif
