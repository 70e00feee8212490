/*
 * Option arguments: see opt.h.
 */
#include "opt.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

int
opt_number(const char *option, const char *arg, long long min, long long max,
    long long *out, struct fault *f)
{
	long long v;
	char *end;

	errno = 0;
	v = strtoll(arg, &end, 10);
	if (end == arg || *end != '\0' || isspace((unsigned char)*arg))
		return fault_set(
		    f, FAULT_INPUT, "%s: not a number: %s", option, arg);
	if (errno == ERANGE || v < min || v > max)
		return fault_set(f, FAULT_INPUT,
		    "%s: not within %lld to %lld: %s", option, min, max, arg);
	*out = v;
	return 0;
}

int
opt_duration(const char *option, const char *arg, double *ms, struct fault *f)
{
	if (clock_duration(arg, ms) != 0)
		return fault_set(f, FAULT_INPUT,
		    "%s: not a duration such as 90s or 2m: %s", option, arg);
	return 0;
}

int
opt_pair(const char *option, const char *arg, char *name, size_t size,
    const char **value, struct fault *f)
{
	const char *eq = strchr(arg, '=');

	if (eq == NULL || eq == arg)
		return fault_set(
		    f, FAULT_INPUT, "%s: not NAME=VALUE: %s", option, arg);
	if ((size_t)(eq - arg) >= size)
		return fault_set(
		    f, FAULT_INPUT, "%s: name too long: %s", option, arg);
	memcpy(name, arg, (size_t)(eq - arg));
	name[eq - arg] = '\0';
	*value = eq + 1;
	return 0;
}

int
opt_list_add(struct opt_list *l, const char *s, struct fault *f)
{
	const char **v = reallocarray(l->v, l->n + 1, sizeof *v);

	if (v == NULL)
		return fault_nomem(f);
	l->v = v;
	l->v[l->n++] = s;
	return 0;
}

void
opt_list_release(struct opt_list *l)
{
	free(l->v);
	*l = (struct opt_list){ 0 };
}
