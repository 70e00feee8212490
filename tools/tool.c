/*
 * What every main shares: see tool.h.  The name and the usage are the only
 * state of a tool that is not passed along, since every message needs them.
 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/record.h"

#ifndef INTTEST_VERSION
#define INTTEST_VERSION "unknown"
#endif

static const char *tool_name = "inttest";
static const char *tool_text = "";
static int tool_told; /* that standard output cannot be written */

/*
 * A standard descriptor that was closed (>&-) would be given to the next
 * socket or file, and our records or messages go there.  /dev/null the wrong
 * way round takes its place: to read and write it fails as before.
 */
static void
take_closed(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null",
			O_CLOEXEC |
			    (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY)) == -1)
			return; /* the next would not get its number */
}

void
tool_begin(const char *name, const char *usage)
{
	tool_name = name;
	tool_text = usage;
	take_closed();
}

/* What getopt has refused, with the option as it was written. */
static void __attribute__((noreturn))
refuse(int ch, const char *word, int is_long)
{
	if (!is_long)
		tool_usage("-%c: %s", optopt,
		    ch == ':' ? "needs an argument" : "unknown option");
	if (ch == ':')
		tool_usage("%s: needs an argument", word);
	/* of an unknown name there is no value to tell */
	tool_usage("%s: %s", word,
	    optopt != 0 ? "takes no argument" : "unknown option");
}

int
tool_getopt(int argc, char **argv, const char *short_options,
    const struct option *long_options)
{
	int ch, before = optind, plus = *short_options == '+';
	char shorts[64];

	/* getopt's own messages would name argv[0], a path perhaps */
	opterr = 0;
	/* a colon in front has it tell what is missing from what is unknown */
	snprintf(shorts, sizeof(shorts), "%s:%s", plus ? "+" : "",
	    short_options + plus);
	ch = getopt_long(argc, argv, shorts, long_options, NULL);
	switch (ch) {
	case TOOL_HELP:
		printf("usage: %s\n", tool_text);
		exit(tool_end(0));
	case TOOL_VERSION:
		printf("%s %s\n", tool_name, INTTEST_VERSION);
		exit(tool_end(0));
	case '?':
	case ':':
		/* in the middle of -abc optind stays where it was */
		refuse(ch, argv[optind - 1],
		    optind > before && strncmp(argv[optind - 1], "--", 2) == 0);
	default:
		return ch;
	}
}

static void
vwarn(const char *fmt, va_list ap)
{
	fflush(stdout);
	flockfile(stderr);
	fprintf(stderr, "%s: ", tool_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

void
tool_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwarn(fmt, ap);
	va_end(ap);
}

int
tool_fault(const struct fault *f)
{
	int output = strncmp(f->msg, RECORD_OUTPUT, strlen(RECORD_OUTPUT)) == 0;

	/* each record says it again, and tool_end would at last */
	if (!output || !tool_told)
		tool_warn(
		    "%s", f->code != FAULT_NONE ? f->msg : "unknown failure");
	tool_told |= output;
	return f->code != FAULT_NONE ? (int)f->code : FAULT_UNSURE;
}

void
tool_die(const struct fault *f)
{
	exit(tool_end(tool_fault(f)));
}

void
tool_fail(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vwarn(fmt, ap);
	va_end(ap);
	exit(tool_end(status));
}

void
tool_usage(const char *fmt, ...)
{
	va_list ap;

	if (fmt != NULL) {
		va_start(ap, fmt);
		vwarn(fmt, ap);
		va_end(ap);
	}
	fprintf(stderr, "usage: %s\n", tool_text);
	exit(FAULT_INPUT);
}

int
tool_worse(int a, int b)
{
	return a > b ? a : b;
}

int
tool_end(int status)
{
	/* a closed stdout (>&-) shows as EBADF: nothing was to be written */
	int bad = ferror(stdout);

	if (fflush(stdout) != 0)
		bad = 1;
	if (bad || (fclose(stdout) != 0 && errno != EBADF)) {
		if (!tool_told)
			fprintf(stderr, "%s: " RECORD_OUTPUT ": %s\n",
			    tool_name,
			    errno != 0 ? strerror(errno) : "write failed");
		return FAULT_UNSURE;
	}
	return status;
}
