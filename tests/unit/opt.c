/* Option arguments: numbers, durations, pairs. */
#include "lib/opt.h"

#include "unit/tap.h"

int
main(void)
{
	struct fault f = { 0 };
	struct opt_list l = { 0 };
	const char *value;
	long long n = 0;
	char name[4];
	double ms;

	tap_ok(opt_number("-j", "16", 1, 64, &n, &f) == 0 && n == 16, "number");
	tap_ok(opt_number("-j", "65", 1, 64, &n, &f) == -1, "too large");
	tap_str(f.msg, "-j: not within 1 to 64: 65", "is told with the range");
	tap_ok(opt_number("-j", "4x", 1, 64, &n, &f) == -1, "no number");
	tap_ok(opt_number("-j", "", 1, 64, &n, &f) == -1, "empty");
	tap_ok(opt_number("-j", " 4", 1, 64, &n, &f) == -1, "no blanks");
	tap_ok(opt_number("-j", "99999999999999999999", 1, 64, &n, &f) == -1,
	    "past 64 bits");
	tap_ok(opt_duration("-t", "soon", &ms, &f) == -1, "no duration");
	tap_ok(opt_pair("-D", "A=b=c", name, sizeof name, &value, &f) == 0,
	    "pair");
	tap_str(name, "A", "name");
	tap_str(value, "b=c", "value keeps what is behind the first =");
	tap_ok(opt_pair("-D", "=x", name, sizeof name, &value, &f) == -1,
	    "no name");
	tap_ok(opt_pair("-D", "abcd=x", name, sizeof name, &value, &f) == -1,
	    "name too long");
	tap_ok(opt_list_add(&l, "x", &f) == 0 && l.n == 1, "list");
	opt_list_release(&l);
	return tap_end();
}
