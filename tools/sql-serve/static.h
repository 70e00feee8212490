/*
 * Files of a folder over HTTP.
 */
#ifndef STATIC_H
#define STATIC_H

#include "lib/fault.h"
#include "lib/httpd.h"

/*
 * The folder's real path, to be freed; NULL with FAULT_INPUT when it is no
 * folder.
 */
char *static_root(const char *dir, struct fault *f);

/*
 * Answers a GET or HEAD for path (absolute; a folder's is its index.html)
 * with the file below root, 304 when the client has it.  *status and *bytes
 * say what was sent.  0 with nothing sent when there is no such file: names
 * that start with a dot, and what lies outside root, are none.
 */
int static_answer(const char *root, struct httpd_req *rq, const char *path,
    int *status, size_t *bytes);

#endif
