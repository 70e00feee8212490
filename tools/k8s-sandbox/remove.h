/*
 * Removing a folder with what is in it.
 */
#ifndef REMOVE_H
#define REMOVE_H

/*
 * Removes path (relative to dir_fd) and everything below; links are removed,
 * not followed, and nothing on another file system is touched.  0, or -1
 * with errno of the first failure; goes on after one.
 */
int remove_tree(int dir_fd, const char *path);

#endif
