/*
 * Headers of checks: see check_header.h.
 */
#include "http-probe/check_header.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"

#define PATTERN_MAX (1 << 20) /* bytes */

static int
compile(struct check_header *h, struct fault *f)
{
	struct buf pattern;
	int rc;

	buf_init(&pattern, PATTERN_MAX);
	buf_addf(&pattern, "^(%s)$", h->value);
	rc = buf_check(&pattern, h->name, f);
	if (rc == 0 &&
	    regcomp(&h->re, buf_str(&pattern), REG_EXTENDED | REG_NOSUB) != 0)
		rc = fault_set(
		    f, FAULT_INPUT, "%s: not a regular expression", h->name);
	buf_release(&pattern);
	h->compiled = rc == 0;
	return rc;
}

int
check_header_expect(struct check_header *h, struct fault *f)
{
	char *p, name[1];

	for (p = h->name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (vars_missing(
		&(struct vars){ 0 }, NULL, 0, h->value, name, sizeof(name)))
		return 0;
	return compile(h, f);
}

int
check_header_bind(const struct check_header *h, const struct vars *vars,
    struct check_header *now, struct fault *f)
{
	struct buf value;
	char name[256];
	int rc = -1;

	*now = (struct check_header){ .name = strdup(h->name) };
	buf_init(&value, PATTERN_MAX);
	if (vars_missing(vars, NULL, 0, h->value, name, sizeof(name))) {
		fault_set(f, FAULT_NO, "${%s} was not captured", name);
		goto out;
	}
	vars_expand(vars, h->value, VARS_REGEX, &value);
	now->value = buf_take(&value);
	if (now->name == NULL || now->value == NULL)
		fault_nomem(f);
	else
		rc = compile(now, f);
out:
	buf_release(&value);
	if (rc != 0)
		check_header_release(now);
	return rc;
}

void
check_header_release(struct check_header *h)
{
	free(h->name);
	free(h->value);
	if (h->compiled)
		regfree(&h->re);
	*h = (struct check_header){ 0 };
}

void
check_headers_free(struct check_header *h, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check_header_release(&h[i]);
	free(h);
}
