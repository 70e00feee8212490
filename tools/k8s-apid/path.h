/*
 * From a URL's path to what it means: group, version, namespace, resource,
 * name and subresource, as the API's conventions lay them out.
 */
#ifndef PATH_H
#define PATH_H

#define PATH_NAME 256 /* bytes of a name with its 0: 253 are allowed */

struct path {
	char group[128], version[32];
	char ns[PATH_NAME]; /* "" when there is none */
	char resource[128];
	char name[PATH_NAME]; /* "" for a collection */
	char sub[64];         /* "" for the object itself */
	const char *rest;     /* behind the subresource, without '/'; "" */
};

/*
 * Reads the path of a resource, "/api/V/..." or "/apis/G/V/...": 1.  0 when
 * it is not one (discovery, health, unknown); -1 when a part is too long.
 * p->rest points into s.
 */
int path_parse(const char *s, struct path *p);

#endif
