/*
 * Late variables in expressions: see check_jq.h.  Text could be put in when
 * it is known, but then libjq would compile each expression anew, 15 ms a
 * time.
 */
#include "http-probe/check_jq.h"

#include <stdlib.h>
#include <string.h>

#include "http-probe/vars.h"
#include "lib/buf.h"

#define EXPRESSION_MAX (1 << 20) /* bytes */

/* Notes that q binds the variable when it is run: 0 or -1. */
static int
add_late(struct check_jq *q, const char *name, size_t n, struct fault *f)
{
	char **grown;
	size_t i;

	for (i = 0; i < q->late_n; i++)
		if (strncmp(q->late[i], name, n) == 0 && q->late[i][n] == '\0')
			return 0;
	grown = reallocarray(q->late, q->late_n + 1, sizeof(*grown));
	if (grown == NULL)
		return fault_nomem(f);
	q->late = grown;
	grown[q->late_n] = strndup(name, n);
	if (grown[q->late_n] == NULL)
		return fault_nomem(f);
	q->late_n++;
	return 0;
}

/*
 * What is captured later becomes a jq variable, so that the expression is
 * compiled once: within a string literal an interpolation, elsewhere a
 * number where it is one.
 */
static int
bind_late(struct check_jq *q, struct buf *out, struct fault *f)
{
	const char *s;
	int quoted = 0;
	size_t n;

	for (s = q->text; *s != '\0'; s++) {
		n = vars_name(s);
		if (n > 0) {
			if (add_late(q, s + 2, n, f) != 0)
				return -1;
			if (quoted)
				buf_addf(out, "\\($%.*s)", (int)n, s + 2);
			else
				buf_addf(out, "(($%.*s | tonumber)? // $%.*s)",
				    (int)n, s + 2, (int)n, s + 2);
			s += n + 2;
			continue;
		}
		if (quoted && s[0] == '\\' && s[1] != '\0')
			buf_addc(out, *s++);
		else if (*s == '"')
			quoted = !quoted;
		buf_addc(out, *s);
	}
	return buf_check(out, "jq", f);
}

int
check_jq_add(struct check_jq *q, struct jqx_set *set, struct fault *f)
{
	struct buf b;

	buf_init(&b, EXPRESSION_MAX);
	if (bind_late(q, &b, f) == 0)
		q->q = jqx_set_add(set, buf_str(&b),
		    (const char *const *)q->late, q->late_n, f);
	buf_release(&b);
	return q->q != NULL ? 0 : fault_prefix(f, "jq: %s", q->text);
}

void
check_jqs_free(struct check_jq *q, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < q[i].late_n; j++)
			free(q[i].late[j]);
		free(q[i].late);
		free(q[i].name);
		free(q[i].text);
	}
	free(q);
}
