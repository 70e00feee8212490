/*
 * s3-put: uploads files or texts to an S3 server, several at a time, signed
 * with Signature Version 4.  One put record an object.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"
#include "lib/record.h"
#include "s3-put/put.h"
#include "tool.h"

#define CONCURRENCY 8
#define CONCURRENCY_MAX 256

static const char usage[] =
    "s3-put [-n] [-j NUMBER] [-t TIMEOUT] [--cacert FILE] [--make-bucket]\n"
    "          [--prefix PREFIX] [--region REGION] --endpoint URL BUCKET\n"
    "          [DIR | FILE ...]";

enum { OPT_CACERT = 1, OPT_ENDPOINT, OPT_MAKE_BUCKET, OPT_PREFIX, OPT_REGION };

struct options {
	struct put_spec spec;
	const char *prefix;
	int dry_run;
};

/* http://HOST[:PORT], with slashes behind taken off. */
static const char *
endpoint(char *arg)
{
	char *host, *end = arg + strlen(arg);

	if (strncmp(arg, "http://", 7) != 0 && strncmp(arg, "https://", 8) != 0)
		tool_usage("--endpoint: not an http or https URL: %s", arg);
	host = strstr(arg, "://") + 3;
	while (end > host && end[-1] == '/')
		*--end = '\0';
	if (*host == '\0' || end - host > 300 || strpbrk(host, "/?#@ ") != NULL)
		tool_usage("--endpoint: not http://HOST[:PORT]");
	return arg;
}

/* As S3 has it; dots are left to those who need them. */
static const char *
bucket(const char *arg)
{
	size_t i, n = strlen(arg);

	for (i = 0; i < n; i++)
		if (!islower((unsigned char)arg[i]) &&
		    !isdigit((unsigned char)arg[i]) &&
		    (strchr("-.", arg[i]) == NULL || i == 0 || i == n - 1))
			break;
	if (n < 3 || n > 63 || i < n)
		tool_usage("not a bucket's name (3 to 63 lower-case letters, "
			   "digits, hyphens and dots): %s",
		    arg);
	return arg;
}

static void
option(struct options *o, int ch)
{
	struct fault f = { 0 };
	long long number;
	int rc = 0;

	switch (ch) {
	case 'j':
		rc = opt_number("-j", optarg, 1, CONCURRENCY_MAX, &number, &f);
		o->spec.concurrency = rc == 0 ? (size_t)number : 0;
		break;
	case 'n':
		o->dry_run = 1;
		break;
	case 't':
		rc = opt_duration("-t", optarg, &o->spec.timeout_ms, &f);
		break;
	case OPT_CACERT:
		o->spec.tls.ca_file = optarg;
		break;
	case OPT_ENDPOINT:
		o->spec.endpoint = endpoint(optarg);
		break;
	case OPT_MAKE_BUCKET:
		o->spec.make_bucket = 1;
		break;
	case OPT_PREFIX:
		rc = *optarg != '\0' ? object_key_ok(optarg, &f) : 0;
		o->prefix = optarg;
		break;
	case OPT_REGION:
		if (*optarg == '\0' ||
		    optarg[strspn(optarg, "abcdefghijklmnopqrstuvwxyz"
					  "0123456789-")] != '\0')
			tool_usage("--region: not a region: %s", optarg);
		o->spec.keys.region = optarg;
		break;
	}
	if (rc != 0)
		tool_die(&f);
}

/* Never on the command line, where others could read them. */
static void
credentials(struct put_spec *s)
{
	s->keys.access = getenv("AWS_ACCESS_KEY_ID");
	s->keys.secret = getenv("AWS_SECRET_ACCESS_KEY");
	s->token = getenv("AWS_SESSION_TOKEN");
	if (s->token != NULL && *s->token == '\0')
		s->token = NULL;
	if (s->keys.access == NULL || *s->keys.access == '\0')
		tool_fail(FAULT_INPUT, "AWS_ACCESS_KEY_ID: not set");
	if (s->keys.secret == NULL || *s->keys.secret == '\0')
		tool_fail(FAULT_INPUT, "AWS_SECRET_ACCESS_KEY: not set");
}

/* What would be sent: everything but the sending. */
static int
dry_run(const struct options *o, struct objects *objects)
{
	struct fault f = { 0 };
	struct object one;
	struct record r;
	int rc, status = 0;

	record_init(&r);
	while ((rc = objects_next(objects, &one, &f)) != 0) {
		if (rc == -1) {
			status = tool_worse(status, tool_fault(&f));
			continue;
		}
		record_begin(&r, "put");
		record_str(&r, "bucket", o->spec.bucket);
		record_str(&r, "key", one.key);
		record_int(&r, "bytes", (long long)one.len);
		record_str(&r, "content_type", one.type);
		record_bool(&r, "dry_run", 1);
		object_release(&one);
		if (record_end(&r, stdout, &f) != 0) {
			status = tool_worse(status, tool_fault(&f));
			break;
		}
	}
	record_release(&r);
	return status;
}

static int
upload(const struct options *o, struct objects *objects)
{
	struct put_result result = { 0 };
	struct fault f = { 0 };
	int status;

	if (http_init(&f) != 0)
		return tool_fault(&f);
	/* a signal may end us at any time, also while standard input waits */
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = put_all(&o->spec, objects, &result);
	if (result.failed > 0)
		tool_warn("%zu of %zu objects failed", result.failed,
		    result.done + result.failed);
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "cacert", required_argument, NULL, OPT_CACERT },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "endpoint", required_argument, NULL, OPT_ENDPOINT },
		{ "jobs", required_argument, NULL, 'j' },
		{ "make-bucket", no_argument, NULL, OPT_MAKE_BUCKET },
		{ "prefix", required_argument, NULL, OPT_PREFIX },
		{ "region", required_argument, NULL, OPT_REGION },
		{ "timeout", required_argument, NULL, 't' },
		TOOL_LONG,
	};
	struct options o = { .prefix = "" };
	struct objects *objects;
	struct fault f = { 0 };
	int ch, status;

	tool_begin("s3-put", usage);
	o.spec = (struct put_spec){ .concurrency = CONCURRENCY,
		.timeout_ms = 60e3,
		.keys.region = "us-east-1" };
	while ((ch = tool_getopt(argc, argv, "j:nt:", longs)) != -1)
		option(&o, ch);
	if (o.spec.endpoint == NULL)
		tool_usage("--endpoint is missing");
	if (optind == argc)
		tool_usage("the bucket is missing");
	o.spec.bucket = bucket(argv[optind++]);
	if (!o.dry_run)
		credentials(&o.spec);
	objects =
	    objects_new(argv + optind, (size_t)(argc - optind), o.prefix, &f);
	if (objects == NULL)
		tool_die(&f);
	status = o.dry_run ? dry_run(&o, objects) : upload(&o, objects);
	objects_free(objects);
	return tool_end(status);
}
