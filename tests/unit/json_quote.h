/*
 * JSON with single quotes for double ones, both ways, so that tests which
 * hold much JSON can be read.
 */
#ifndef JSON_QUOTE_H
#define JSON_QUOTE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

/* The value of a text with single quotes; NULL for NULL or ""; to be freed. */
__attribute__((unused)) static cJSON *
json(const char *text)
{
	struct fault f = { 0 };
	char *s, *p;
	cJSON *v;

	if (text == NULL || *text == '\0')
		return NULL;
	s = strdup(text);
	if (s == NULL)
		abort();
	for (p = s; (p = strchr(p, '\'')) != NULL;)
		*p = '"';
	v = json_parse(s, strlen(s), &f);
	if (v == NULL)
		printf("# %s in %s\n", f.msg, s);
	free(s);
	return v;
}

/* A value as such a text, "" for NULL; valid until the next call. */
__attribute__((unused)) static const char *
text_of(const cJSON *v)
{
	static char out[16384];
	struct buf b;
	char *p;

	out[0] = '\0';
	if (v == NULL)
		return out;
	buf_init(&b, sizeof out - 1);
	json_write(&b, v);
	snprintf(out, sizeof out, "%s", buf_str(&b));
	for (p = out; (p = strchr(p, '"')) != NULL;)
		*p = '\'';
	buf_release(&b);
	return out;
}

#endif
