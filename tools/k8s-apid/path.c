/*
 * Paths of resources: see path.h.
 */
#include "k8s-apid/path.h"

#include <string.h>

/* Copies the next part into out and moves *s behind it: 1, 0 (none), -1. */
static int
part(const char **s, char *out, size_t size)
{
	size_t n;

	while (**s == '/')
		(*s)++;
	n = strcspn(*s, "/");
	if (n == 0)
		return 0;
	if (n >= size)
		return -1;
	memcpy(out, *s, n);
	out[n] = '\0';
	*s += n;
	return 1;
}

static int
starts(const char **s, const char *with)
{
	size_t n = strlen(with);

	if (strncmp(*s, with, n) != 0)
		return 0;
	*s += n;
	return 1;
}

/* "namespaces/NS/RESOURCE...", but a namespace's own subresources. */
static int
in_namespace(const char **s, struct path *p)
{
	char word[sizeof p->resource];
	const char *at = *s;
	int r;

	if (strcmp(p->resource, "namespaces") != 0)
		return 0;
	r = part(&at, p->ns, sizeof p->ns);
	if (r == 1)
		r = part(&at, word, sizeof word);
	if (r != 1 || strcmp(word, "status") == 0 ||
	    strcmp(word, "finalize") == 0) {
		p->ns[0] = '\0';
		return r < 0 ? -1 : 0;
	}
	memcpy(p->resource, word, sizeof word);
	*s = at;
	return 0;
}

/* Trailing slashes are passed over, as on a real server. */
int
path_parse(const char *s, struct path *p)
{
	int r;

	memset(p, 0, sizeof *p);
	p->rest = "";
	if (starts(&s, "/apis/")) {
		r = part(&s, p->group, sizeof p->group);
		if (r != 1)
			return r;
	} else if (!starts(&s, "/api/"))
		return 0;
	r = part(&s, p->version, sizeof p->version);
	if (r == 1)
		r = part(&s, p->resource, sizeof p->resource);
	if (r != 1)
		return r;
	if (in_namespace(&s, p) != 0 || part(&s, p->name, sizeof p->name) < 0 ||
	    part(&s, p->sub, sizeof p->sub) < 0)
		return -1;
	p->rest = s + strspn(s, "/");
	return 1;
}
