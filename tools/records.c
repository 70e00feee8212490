/*
 * Reading records: see records.h.
 */
#include "records.h"

#include "lib/fault.h"
#include "tool.h"

/* A line that was refused: 0 to go on, its status in *status; -1 to end. */
static int
refused(
    const struct records *r, const struct scan *s, int *status, struct fault *f)
{
	struct fault told;

	fault_prefix(f, "%s:%lu", scan_name(s), scan_line(s));
	if (!r->pass_over || f->code != FAULT_INPUT)
		return -1;
	told = *f;
	*status = tool_fault(&told);
	return r->passed != NULL ?
		   r->passed(r->arg, scan_name(s), told.msg, f) :
		   0;
}

static int
read_file(const struct records *r, const char *path)
{
	struct fault f = { 0 };
	struct scan *s = scan_open(path, r->line_max, &f);
	const char *line;
	size_t len;
	int rc, status = 0;

	if (s == NULL)
		return tool_fault(&f);
	while ((rc = scan_next(s, &line, &len, &f)) == 1)
		if (r->take(r->arg, s, line, len, &f) != 0 &&
		    refused(r, s, &status, &f) != 0)
			break;
	scan_close(s);
	return rc == 0 ? status : tool_worse(status, tool_fault(&f));
}

int
records_read(const struct records *r, char *const *files, int n)
{
	int i, status = 0;

	if (n == 0)
		return read_file(r, "-");
	for (i = 0; i < n; i++)
		status = tool_worse(status, read_file(r, files[i]));
	return status;
}
