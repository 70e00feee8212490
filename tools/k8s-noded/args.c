/*
 * A command line that grows: see args.h.
 */
#include "k8s-noded/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes s, which is on the heap or NULL. */
static void
args_take(struct args *a, char *s)
{
	char **v = NULL;

	if (s != NULL && !a->failed)
		v = reallocarray(a->v, a->n + 2, sizeof(*v));
	if (v == NULL) {
		free(s);
		a->failed = 1;
		return;
	}
	a->v = v;
	a->v[a->n++] = s;
	a->v[a->n] = NULL;
}

void
args_add(struct args *a, const char *s)
{
	args_take(a, strdup(s));
}

void
args_option(struct args *a, const char *option, const char *x, const char *y)
{
	args_add(a, option);
	if (x != NULL)
		args_add(a, x);
	if (y != NULL)
		args_add(a, y);
}

void
args_addf(struct args *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	args_take(a, s);
}

void
args_release(struct args *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct args){ 0 };
}
