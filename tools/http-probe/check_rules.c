/*
 * What checks may not be: see check_rules.h.
 */
#include "http-probe/check_rules.h"

#include <ctype.h>
#include <string.h>

#include "lib/scan.h"

static int
bad(struct fault *f, const char *what, const char *why)
{
	return fault_set(f, FAULT_INPUT, "%s: %s", what, why);
}

int
rules_unique(const cJSON *check, struct fault *f)
{
	const cJSON *m, *other;

	cJSON_ArrayForEach(m, check) {
		other = m->string != NULL ? m->next : NULL;
		for (; other != NULL; other = other->next)
			if (strcmp(m->string, other->string) == 0)
				return bad(f, m->string, "stands there twice");
		/* what a body holds is the server's to judge */
		if (m->string != NULL && strcmp(m->string, "json") == 0)
			continue;
		if (rules_unique(m, f) != 0)
			return -1;
	}
	return 0;
}

int
rules_zero(const char *line, size_t len, struct fault *f)
{
	const char *end = line + len, *behind = end;
	struct scan_value v;

	/* that body is sent as it stands */
	if (scan_path(line, len, "json", &v, NULL) == 1) {
		behind = v.at + v.len;
		len = (size_t)(v.at - line);
	}
	return scan_has_zero(line, len) ||
		       scan_has_zero(behind, (size_t)(end - behind)) ?
		   bad(f, "check", "a zero byte (\\u0000)") :
		   0;
}

int
rules_header(const char *name, const char *value, struct fault *f)
{
	const char *s = name;

	while (isalnum((unsigned char)*s) ||
	       (*s != '\0' && strchr("!#$%&'*+-.^_`|~", *s) != NULL))
		s++;
	if (s == name || *s != '\0')
		return bad(f, name, "not a header's name");
	if (strpbrk(value, "\r\n") != NULL)
		return bad(f, name, "a line break in a header");
	return 0;
}

int
rules_absolute(const char *path)
{
	return strncmp(path, "http://", 7) == 0 ||
	       strncmp(path, "https://", 8) == 0;
}

int
rules_path(const char *path, struct fault *f)
{
	const char *s;

	if (*path != '/' && !rules_absolute(path) &&
	    strncmp(path, "${", 2) != 0)
		return bad(f, "path", "neither /... nor a URL");
	for (s = path; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 127)
			return bad(f, "path", "a blank, which is written %20");
	return 0;
}

int
rules_variable(const char *name, struct fault *f)
{
	const char *s = name;

	if (isalpha((unsigned char)*s) || *s == '_')
		while (isalnum((unsigned char)*s) || *s == '_')
			s++;
	return *name != '\0' && *s == '\0' ?
		   0 :
		   bad(f, name, "not a variable's name");
}
