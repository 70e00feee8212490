/*
 * A folder of links in place of a read-only one.  A container needs files
 * and mount points of its own below /etc, /usr or an image's folder, which
 * are bound read-only; and an overlay does not mount in a user namespace.  So
 * the folder is made anew, private and writable, with a link to every entry
 * of the real one, which is bound elsewhere; folders on the way to a mount
 * point become real ones.
 */
#ifndef NODED_FARM_H
#define NODED_FARM_H

#include "lib/fault.h"

/*
 * Fills dir (made when missing) with a link to target/NAME for each entry of
 * host; links there are copied as they are, since they may be relative.
 * Names in skip (NULL-ended, may be NULL) are left out.
 */
int farm_make(const char *dir, const char *host, const char *target,
    const char *const *skip, struct fault *f);

/*
 * Makes room for a mount at path (relative to the farm): folders on the way
 * become real farms of their own, a link at its place goes away.
 */
int farm_open(const char *dir, const char *host, const char *target,
    const char *path, struct fault *f);

#endif
