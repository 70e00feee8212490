/*
 * http-probe: runs HTTP checks and prints one probe record a call.  All input
 * is read, its variables and expressions checked, before anything is sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "http-probe/check.h"
#include "http-probe/check_rules.h"
#include "http-probe/run.h"
#include "http-probe/vars.h"
#include "lib/opt.h"
#include "tool.h"

#define CONCURRENCY 4
#define CONCURRENCY_MAX 1024
#define BASES_MAX 1000

static const char usage[] =
    "http-probe [-kn] [-c NUMBER] [-D NAME=VALUE] [-t TIMEOUT]\n"
    "          [--base [NAME=]URL] [--cacert FILE] [--vars FILE] [FILE ...]";

enum { OPT_BASE = 1, OPT_CACERT, OPT_VARS };

struct options {
	struct vars vars;
	struct run_base bases[BASES_MAX];
	struct run_spec spec;
	struct http_tls tls;
	int dry_run;
};

/*
 * NAME=URL, or a bare URL for all services that have none of their own.  Paths
 * are put behind it, so it ends in one, if anything.
 */
static void
add_base(struct options *o, char *arg)
{
	char *eq = strchr(arg, '='), *colon = strstr(arg, "://");
	struct run_base *b = &o->bases[o->spec.bases_n];
	char *url = eq != NULL && eq < colon ? eq + 1 : arg;
	size_t n;

	if (colon == NULL)
		tool_usage("--base: not a URL: %s", arg);
	if (!rules_absolute(url))
		tool_usage("--base: neither http nor https: %.*s",
		    (int)(colon - arg), arg);
	if (strpbrk(url, "?# \t") != NULL)
		tool_usage(
		    "--base: a query or a blank, which no path can follow");
	if (o->spec.bases_n == BASES_MAX)
		tool_usage("--base: more than %d", BASES_MAX);
	if (url != arg) {
		*eq = '\0';
		b->name = arg;
	}
	b->url = url;
	for (n = strlen(url); n > 0 && url[n - 1] == '/'; n--)
		url[n - 1] = '\0';
	o->spec.bases_n++;
}

static void
option(struct options *o, int ch, struct fault *f)
{
	const char *value;
	long long number;
	char name[256];
	int rc = 0;

	switch (ch) {
	case 'c':
		rc = opt_number("-c", optarg, 1, CONCURRENCY_MAX, &number, f);
		o->spec.concurrency = rc == 0 ? (size_t)number : 0;
		break;
	case 'D':
		rc = opt_pair("-D", optarg, name, sizeof(name), &value, f);
		if (rc == 0)
			rc = vars_set(&o->vars, name, value, f);
		break;
	case 'k':
		o->tls.insecure = 1;
		tool_warn("-k: certificates are not verified");
		break;
	case 'n':
		o->dry_run = 1;
		break;
	case 't':
		rc = opt_duration("-t", optarg, &o->spec.timeout_ms, f);
		break;
	case OPT_BASE:
		add_base(o, optarg);
		break;
	case OPT_CACERT:
		o->tls.ca_file = optarg;
		break;
	case OPT_VARS:
		rc = vars_read(&o->vars, optarg, f);
		break;
	}
	if (rc != 0)
		tool_die(f);
}

static int
status_of(const struct run_result *r)
{
	if (r->signo != 0)
		return 128 + r->signo;
	if (r->no_answer > 0)
		return FAULT_UNSURE;
	return r->failed + r->skipped > 0 ? FAULT_NO : 0;
}

/* A connection a group: what the soft limit leaves may be too few. */
static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* Reads every operand, telling all files that are malformed: the status. */
static int
read_all(struct checks *checks, const struct options *o, int n, char **files)
{
	struct fault f = { 0 };
	int i, status = 0;

	if (n == 0 && checks_read(checks, "-", &o->vars, &f) != 0)
		status = tool_fault(&f);
	for (i = 0; i < n; i++)
		if (checks_read(checks, files[i], &o->vars, &f) != 0)
			status = tool_worse(status, tool_fault(&f));
	if (status == 0 && checks_compile(checks, &f) != 0)
		status = tool_fault(&f);
	if (status == 0 && checks->n == 0) {
		tool_warn("no checks");
		status = FAULT_INPUT;
	}
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "base", required_argument, NULL, OPT_BASE },
		{ "cacert", required_argument, NULL, OPT_CACERT },
		{ "concurrency", required_argument, NULL, 'c' },
		{ "define", required_argument, NULL, 'D' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "insecure", no_argument, NULL, 'k' },
		{ "timeout", required_argument, NULL, 't' },
		{ "vars", required_argument, NULL, OPT_VARS },
		TOOL_LONG,
	};
	static struct options o;
	struct checks checks = { 0 };
	struct run_result result = { 0 };
	struct fault f = { 0 };
	int ch, status;

	tool_begin("http-probe", usage);
	o.spec = (struct run_spec){ .checks = &checks,
		.vars = &o.vars,
		.bases = o.bases,
		.concurrency = CONCURRENCY,
		.timeout_ms = 30e3,
		.tls = &o.tls };
	while ((ch = tool_getopt(argc, argv, "c:D:knt:", longs)) != -1)
		option(&o, ch, &f);
	raise_files();
	if (http_init(&f) != 0)
		tool_die(&f);
	status = read_all(&checks, &o, argc - optind, argv + optind);
	if (status == 0 && o.dry_run)
		fprintf(stderr, "http-probe: %zu checks are well-formed\n",
		    checks.n);
	else if (status == 0 && (run_bases_ok(&o.spec, &f) != 0 ||
				    run_checks(&o.spec, &result, &f) != 0))
		status = tool_fault(&f);
	else if (status == 0) {
		status = status_of(&result);
		/* whoever reads our output may have stopped to */
		if (result.stuck && ftrylockfile(stdout) != 0)
			_exit(status);
		if (status != 0)
			tool_warn("%s%zu of %zu failed",
			    result.signo != 0 ? "ended early: " : "",
			    result.failed + result.skipped,
			    result.passed + result.failed + result.skipped);
	}
	if (result.stuck)
		exit(tool_end(status)); /* the worker uses them */
	checks_release(&checks);
	vars_release(&o.vars);
	return tool_end(status);
}
