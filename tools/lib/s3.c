/*
 * Signature Version 4: see s3.h.  libcurl has a signer of its own; before 8.x
 * it mis-signs paths with reserved characters, unsorted queries and headers
 * whose names begin alike, so this one canonicalises by the letter.
 */
#include "s3.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "http.h"

#define CANONICAL_MAX (1 << 20)

char *
s3_date(char *out, time_t when)
{
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, S3_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
		*out = '\0';
	return out;
}

/*
 * Sorting lines sorts by name as long as what ends a name sorts before all
 * that can stand in one; '\1' does, where ':' and '=' do not.
 */
#define END_OF_NAME '\1'

/* "name\1value" of a query parameter, both escaped. */
static char *
query_line(const char *parameter)
{
	const char *eq = strchrnul(parameter, '=');
	struct buf b;
	char *s;

	buf_init(&b, CANONICAL_MAX);
	http_escape(&b, parameter, (size_t)(eq - parameter), 0);
	buf_addc(&b, END_OF_NAME);
	if (*eq != '\0')
		http_escape(&b, eq + 1, strlen(eq + 1), 0);
	s = buf_take(&b);
	buf_release(&b);
	return s;
}

/*
 * "name\1value" of a header: the name in lower case, blanks around the value
 * gone and those within it made one.
 */
static char *
header_line(const char *header)
{
	const char *colon = strchr(header, ':'), *s;
	struct buf b;
	char *line;

	buf_init(&b, CANONICAL_MAX);
	for (s = header; s < colon; s++)
		buf_addc(&b, (char)tolower((unsigned char)*s));
	buf_addc(&b, END_OF_NAME);
	for (s = colon + 1; *s != '\0'; s++) {
		if (*s != ' ' && *s != '\t')
			buf_addc(&b, *s);
		else if (s[1] != ' ' && s[1] != '\t' && s[1] != '\0' &&
			 b.data[b.len - 1] != END_OF_NAME)
			buf_addc(&b, ' ');
	}
	line = buf_take(&b);
	buf_release(&b);
	return line;
}

static void
lines_free(char **lines, size_t n)
{
	while (n > 0)
		free(lines[--n]);
}

/*
 * Parameters by name and value; headers by name alone, as the values of one
 * that stands there twice keep their order.
 */
static void
sort(char **lines, size_t n, int by_value)
{
	size_t i, j;
	char *line;

	for (i = 1; i < n; i++) {
		line = lines[i];
		for (j = i; j > 0; j--) {
			size_t name = strcspn(line, "\1") + 1;
			int after = by_value ?
					strcmp(lines[j - 1], line) :
					strncmp(lines[j - 1], line, name);

			if (after <= 0)
				break;
			lines[j] = lines[j - 1];
		}
		lines[j] = line;
	}
}

/* Sorted lines made of list's; their number, or -1. */
static int
lines_make(char **lines, const char *const *list, char *(*make)(const char *),
    struct fault *f)
{
	size_t n = 0;

	for (; list != NULL && list[n] != NULL; n++) {
		if (n == S3_HEADERS_MAX) {
			lines_free(lines, n);
			return fault_set(f, FAULT_INPUT,
			    "more than %d headers or parameters",
			    S3_HEADERS_MAX);
		}
		if (make == header_line && strchr(list[n], ':') == NULL) {
			lines_free(lines, n);
			return fault_set(
			    f, FAULT_INPUT, "%.40s: not a header", list[n]);
		}
		lines[n] = make(list[n]);
		if (lines[n] == NULL) {
			lines_free(lines, n);
			return fault_nomem(f);
		}
	}
	sort(lines, n, make == query_line);
	return (int)n;
}

static void
add_query(struct buf *out, char **lines, int n)
{
	char *end;
	int i;

	for (i = 0; i < n; i++) {
		end = strchr(lines[i], END_OF_NAME);
		buf_addf(out, "%s%.*s=%s", i > 0 ? "&" : "",
		    (int)(end - lines[i]), lines[i], end + 1);
	}
	buf_addc(out, '\n');
}

/* Headers of one name are one, their values with commas between. */
static void
add_headers(struct buf *out, struct buf *names, char **lines, int n)
{
	size_t len;
	int i;

	for (i = 0; i < n; i++) {
		len = strcspn(lines[i], "\1");
		if (i > 0 && strncmp(lines[i - 1], lines[i], len + 1) == 0) {
			buf_addf(out, ",%s", lines[i] + len + 1);
			continue;
		}
		buf_addf(out, "%s%.*s:%s", i > 0 ? "\n" : "", (int)len,
		    lines[i], lines[i] + len + 1);
		buf_addf(names, "%s%.*s", i > 0 ? ";" : "", (int)len, lines[i]);
	}
	buf_adds(out, "\n\n");
}

int
s3_canonical(const struct s3_request *rq, struct buf *out, struct buf *names,
    struct fault *f)
{
	char *lines[S3_HEADERS_MAX];
	int n;

	buf_addf(out, "%s\n", rq->method);
	http_escape(out, rq->path, strlen(rq->path), 1);
	buf_addc(out, '\n');
	n = lines_make(lines, rq->query, query_line, f);
	if (n == -1)
		return -1;
	add_query(out, lines, n);
	lines_free(lines, (size_t)n);
	n = lines_make(lines, rq->headers, header_line, f);
	if (n == -1)
		return -1;
	add_headers(out, names, lines, n);
	lines_free(lines, (size_t)n);
	buf_addf(out, "%s\n%s", buf_str(names), rq->payload);
	if (buf_check(names, "header names", f) != 0)
		return -1;
	return buf_check(out, "canonical request", f);
}

/* The key of a day, a region and a service, derived step by step. */
static int
signing_key(const struct s3_keys *keys, const char *date, unsigned char *key,
    struct fault *f)
{
	const char *steps[] = { keys->region, "s3", "aws4_request" };
	struct buf secret;
	size_t i;
	int rc;

	buf_init(&secret, 4096);
	buf_addf(&secret, "AWS4%s", keys->secret);
	rc = buf_check(&secret, "secret key", f);
	if (rc == 0)
		rc = digest_hmac_sha256(
		    secret.data, secret.len, date, 8, key, f);
	for (i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = digest_hmac_sha256(
		    key, DIGEST_SHA256, steps[i], strlen(steps[i]), key, f);
	if (secret.data != NULL)
		explicit_bzero(secret.data, secret.len);
	buf_release(&secret);
	return rc;
}

static int
sign(const struct s3_keys *keys, const char *date, const char *scope,
    const struct buf *canonical, char *hex, struct fault *f)
{
	unsigned char key[DIGEST_SHA256], mac[DIGEST_SHA256];
	char hash[DIGEST_SHA256_HEX], text[1024];
	int n, rc;

	if (digest_sha256_hex(canonical->data, canonical->len, hash, f) != 0)
		return -1;
	n = snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s\n%s", date,
	    scope, hash);
	if (n < 0 || (size_t)n >= sizeof(text))
		return fault_set(f, FAULT_INPUT, "region: too long");
	rc = signing_key(keys, date, key, f);
	if (rc == 0)
		rc = digest_hmac_sha256(
		    key, sizeof(key), text, (size_t)n, mac, f);
	explicit_bzero(key, sizeof(key));
	if (rc == 0)
		digest_hex(mac, sizeof(mac), hex);
	return rc;
}

int
s3_authorization(const struct s3_keys *keys, const struct s3_request *rq,
    struct buf *out, struct fault *f)
{
	char scope[256], hex[DIGEST_SHA256 * 2 + 1];
	struct buf canonical, names;
	int rc;

	buf_init(&canonical, CANONICAL_MAX);
	buf_init(&names, CANONICAL_MAX);
	snprintf(scope, sizeof(scope), "%.8s/%s/s3/aws4_request", rq->date,
	    keys->region);
	rc = s3_canonical(rq, &canonical, &names, f);
	if (rc == 0)
		rc = sign(keys, rq->date, scope, &canonical, hex, f);
	if (rc == 0) {
		buf_addf(out,
		    "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s,"
		    "SignedHeaders=%s,Signature=%s",
		    keys->access, scope, buf_str(&names), hex);
		rc = buf_check(out, "authorization", f);
	}
	buf_release(&canonical);
	buf_release(&names);
	return rc;
}

int
s3_error_part(
    const struct buf *body, const char *element, char *out, size_t size)
{
	const char *s = strstr(buf_str(body), "<Error"), *end;
	char tag[64];

	snprintf(tag, sizeof(tag), "<%s>", element);
	s = s != NULL ? strstr(s, tag) : NULL;
	if (s == NULL || (end = strchr(s + 1, '<')) == NULL)
		return 0;
	s += strlen(tag);
	snprintf(out, size, "%.*s", (int)(end - s), s);
	return 1;
}
