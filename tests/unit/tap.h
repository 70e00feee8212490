/*
 * TAP for unit tests in C: each check prints a line, tap_end the plan.
 */
#ifndef TAP_H
#define TAP_H

#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((unused, format(printf, 2, 3))) static int
tap_ok(int good, const char *fmt, ...)
{
	__builtin_va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	__builtin_va_start(ap, fmt);
	vprintf(fmt, ap);
	__builtin_va_end(ap);
	putchar('\n');
	if (!good)
		tap_failed++;
	return good;
}

__attribute__((unused)) static int
tap_str(const char *got, const char *want, const char *what)
{
	int good =
	    got != NULL && want != NULL ? strcmp(got, want) == 0 : got == want;

	tap_ok(good, "%s", what);
	if (!good)
		printf("#  got: %s\n# want: %s\n", got != NULL ? got : "NULL",
		    want != NULL ? want : "NULL");
	return good;
}

__attribute__((unused)) static int
tap_end(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
