/*
 * Syntax of names: see names.h.
 */
#include "k8s-apid/names.h"

#include <string.h>

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define ALNUM LOWER UPPER DIGIT

static const char too_long63[] = "must be no more than 63 characters";
static const char too_long253[] = "must be no more than 253 characters";
static const char label_text[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric "
    "characters or '-', and must start and end with an alphanumeric character "
    "(e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
static const char subdomain_text[] =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
    "characters, '-' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
static const char dns1035_text[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or "
    "'-', start with an alphabetic character, and end with an alphanumeric "
    "character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
static const char qualified_text[] =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and "
    "must start and end with an alphanumeric character (e.g. 'MyName',  or "
    "'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
static const char value_text[] =
    "a valid label must be an empty string or consist of alphanumeric "
    "characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "
    "validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
static const char key_text[] =
    "a valid config key must consist of alphanumeric characters, '-', '_' or "
    "'.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for "
    "validation is '[-._a-zA-Z0-9]+')";
static const char env_text[] =
    "a valid environment variable name must consist of alphabetic "
    "characters, digits, '_', '-', or '.', and must not start with a digit "
    "(e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for "
    "validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
static const char port_text[] =
    "must contain at least one letter (a-z), and only lower case "
    "alphanumeric characters and single '-' inside";

/* n bytes of all, the first out of first, the last out of last. */
static int
is_word(const char *s, size_t n, const char *first, const char *all,
    const char *last)
{
	return n > 0 && strchr(first, s[0]) != NULL &&
	       strchr(last, s[n - 1]) != NULL && strspn(s, all) >= n;
}

const char *
names_label(const char *s)
{
	size_t n = strlen(s);

	if (!is_word(s, n, LOWER DIGIT, LOWER DIGIT "-", LOWER DIGIT))
		return label_text;
	return n > LABEL_MAX ? too_long63 : NULL;
}

const char *
names_dns1035(const char *s)
{
	size_t n = strlen(s);

	if (!is_word(s, n, LOWER, LOWER DIGIT "-", LOWER DIGIT))
		return dns1035_text;
	return n > LABEL_MAX ? too_long63 : NULL;
}

/* Labels with dots between, by length since a prefix ends at a slash. */
static int
is_subdomain(const char *s, size_t len)
{
	size_t n;

	for (;;) {
		n = strcspn(s, ".");
		if (n > len)
			n = len;
		if (!is_word(s, n, LOWER DIGIT, LOWER DIGIT "-", LOWER DIGIT))
			return 0;
		if (n == len)
			return 1;
		s += n + 1;
		len -= n + 1;
	}
}

const char *
names_subdomain(const char *s)
{
	size_t n = strlen(s);

	if (!is_subdomain(s, n))
		return subdomain_text;
	return n > SUBDOMAIN_MAX ? too_long253 : NULL;
}

/* RBAC names are looser: system:node is one. */
const char *
names_segment(const char *s)
{
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "may not be '.' or '..'";
	return strpbrk(s, "/%") != NULL ? "may not contain '/' or '%'" : NULL;
}

/* The prefix is a DNS name, so that owners of one do not collide. */
const char *
names_qualified(const char *s)
{
	const char *slash = strchr(s, '/');
	size_t n;

	if (slash != NULL) {
		n = (size_t)(slash - s);
		if (n > SUBDOMAIN_MAX)
			return "prefix part must be no more than 253 "
			       "characters";
		if (!is_subdomain(s, n))
			return "prefix part must be an RFC 1123 subdomain";
		s = slash + 1;
	}
	n = strlen(s);
	if (!is_word(s, n, ALNUM, ALNUM "-_.", ALNUM))
		return qualified_text;
	return n > LABEL_MAX ? "name part must be no more than 63 characters" :
			       NULL;
}

/* Those of the API server itself have no prefix; others must not look so. */
const char *
names_finalizer(const char *s)
{
	const char *why = names_qualified(s);

	if (why != NULL || strchr(s, '/') != NULL ||
	    strcmp(s, "kubernetes") == 0 || strcmp(s, "orphan") == 0 ||
	    strcmp(s, "foregroundDeletion") == 0)
		return why;
	return "name is neither a standard finalizer name nor is it fully "
	       "qualified";
}

/* A path in a volume: none that leads out of it. */
const char *
names_inner_path(const char *s)
{
	const char *p;
	size_t n;

	if (s[0] == '/')
		return "must be a relative path";
	for (p = s; *p != '\0'; p += n + (p[n] == '/')) {
		n = strcspn(p, "/");
		if (n == 2 && strncmp(p, "..", 2) == 0)
			return "must not contain '..'";
	}
	return NULL;
}

const char *
names_label_value(const char *s)
{
	size_t n = strlen(s);

	if (n > 0 && !is_word(s, n, ALNUM, ALNUM "-_.", ALNUM))
		return value_text;
	return n > LABEL_MAX ? too_long63 : NULL;
}

/* A key becomes a file name: no way out of the directory. */
const char *
names_config_key(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || strspn(s, ALNUM "-_.") < n)
		return key_text;
	if (strcmp(s, ".") == 0 || strncmp(s, "..", 2) == 0)
		return "must not be '.' and must not start with '..'";
	return n > SUBDOMAIN_MAX ? too_long253 : NULL;
}

const char *
names_env(const char *s)
{
	size_t n = strlen(s);

	return is_word(s, n, LOWER UPPER "-_.", ALNUM "-_.", ALNUM "-_.") ?
		   NULL :
		   env_text;
}

const char *
names_port(const char *s)
{
	size_t n = strlen(s);

	if (n > 15)
		return "must be no more than 15 characters";
	if (!is_word(s, n, LOWER DIGIT, LOWER DIGIT "-", LOWER DIGIT) ||
	    strstr(s, "--") != NULL || strspn(s, DIGIT "-") == n)
		return port_text;
	return NULL;
}
