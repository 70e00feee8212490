/*
 * Bearer tokens: see auth.h.
 */
#include "k8s-apid/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/digest.h"

#define FILE_MAX (1U << 20)
#define FIELDS 4
#define TOKEN_BYTES 32 /* of randomness in a token given out */

struct token {
	unsigned char digest[DIGEST_SHA256];
	struct auth_user user;
	double until; /* clock_ms; 0: for ever */
};

struct auth {
	struct token **v;
	size_t n, cap;
};

void
auth_user_release(struct auth_user *u)
{
	char **g;

	for (g = u->groups; g != NULL && *g != NULL; g++)
		free(*g);
	free(u->groups);
	free(u->name);
	free(u->uid);
}

static void
token_free(struct token *t)
{
	auth_user_release(&t->user);
	free(t);
}

void
auth_free(struct auth *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++)
		token_free(a->v[i]);
	free(a->v);
	free(a);
}

/* Splits "a,b" into a NULL-ended list; system:authenticated is always in. */
static char **
split_groups(const char *s)
{
	size_t n = 2, i = 0, len;
	const char *p;
	char **v;

	for (p = s; *p != '\0'; p++)
		n += *p == ',';
	v = calloc(n + 1, sizeof *v);
	for (; v != NULL && *s != '\0'; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		if (len > 0 && (v[i++] = strndup(s, len)) == NULL)
			break;
	}
	if (v != NULL)
		v[i] = strdup("system:authenticated");
	return v;
}

/* The list grows in steps: tokens come with pods, a few at a time. */
static int
add(struct auth *a, const char *secret, const char *user, const char *uid,
    const char *groups, double until, struct fault *f)
{
	struct token *t = calloc(1, sizeof *t), **v;

	if (t == NULL)
		return fault_nomem(f);
	t->until = until;
	t->user.name = strdup(user);
	t->user.uid = strdup(uid);
	t->user.groups = split_groups(groups);
	if (t->user.name == NULL || t->user.uid == NULL ||
	    t->user.groups == NULL) {
		token_free(t);
		return fault_nomem(f);
	}
	if (digest_sha256(secret, strlen(secret), t->digest, f) != 0) {
		token_free(t);
		return -1;
	}
	if (a->n == a->cap) {
		v = reallocarray(a->v, a->cap + 32, sizeof *v);
		if (v == NULL) {
			token_free(t);
			return fault_nomem(f);
		}
		a->v = v;
		a->cap += 32;
	}
	a->v[a->n++] = t;
	return 0;
}

/* One field of a CSV line, in place; quotes doubled inside quotes. */
static char *
csv_field(char **at)
{
	char *s = *at, *out, *w;

	if (*s != '"') {
		*at = s + strcspn(s, ",");
		if (**at == ',')
			*(*at)++ = '\0';
		return s;
	}
	for (out = w = ++s; *s != '\0'; s++) {
		if (*s == '"' && *++s != '"')
			break;
		*w++ = *s;
	}
	*at = *s == ',' ? s + 1 : s;
	*w = '\0';
	return out;
}

/* Further columns are passed over, as kube-apiserver does. */
static int
read_line(struct auth *a, char *line, struct fault *f)
{
	char *field[FIELDS] = { "", "", "", "" };
	size_t i;

	line[strcspn(line, "\r")] = '\0';
	if (line[strspn(line, " \t")] == '\0' || line[0] == '#')
		return 0;
	for (i = 0; i < FIELDS && *line != '\0'; i++)
		field[i] = csv_field(&line);
	if (i < 3 || field[0][0] == '\0' || field[1][0] == '\0')
		return fault_set(
		    f, FAULT_INPUT, "needs token,user,uid[,\"groups\"]");
	return add(a, field[0], field[1], field[2], field[3], 0, f);
}

/* The text of the file is wiped: digests are all that stays. */
struct auth *
auth_new(const char *path, struct fault *f)
{
	struct auth *a = calloc(1, sizeof *a);
	struct buf b;
	char *line, *end;
	unsigned n = 1;

	buf_init(&b, FILE_MAX);
	if (a == NULL) {
		fault_nomem(f);
		goto out;
	}
	if (buf_read_file(&b, path, f) != 0)
		goto fail;
	for (line = b.data; line != NULL && *line != '\0'; line = end, n++) {
		end = line + strcspn(line, "\n");
		if (*end != '\0')
			*end++ = '\0';
		if (read_line(a, line, f) != 0) {
			fault_prefix(f, "%s:%u", path, n);
			goto fail;
		}
	}
	goto out;
fail:
	auth_free(a);
	a = NULL;
out:
	if (b.data != NULL)
		explicit_bzero(b.data, b.cap);
	buf_release(&b);
	return a;
}

/* The digest makes the comparison's time say nothing about the token. */
const struct auth_user *
auth_check(struct auth *a, const char *header)
{
	unsigned char digest[DIGEST_SHA256];
	size_t i;

	if (header == NULL || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7;
	header += strspn(header, " ");
	if (digest_sha256(header, strlen(header), digest, NULL) != 0)
		return NULL;
	for (i = 0; i < a->n; i++)
		if (memcmp(a->v[i]->digest, digest, sizeof digest) == 0)
			return a->v[i]->until == 0 ||
				       a->v[i]->until > clock_ms() ?
				   &a->v[i]->user :
				   NULL;
	return NULL;
}

/* Order does not matter: the last one takes the place. */
static void
drop(struct auth *a, size_t i)
{
	token_free(a->v[i]);
	a->v[i] = a->v[--a->n];
}

/* When a new token is given out, so that the list stays short. */
static void
drop_expired(struct auth *a)
{
	double now = clock_ms();
	size_t i;

	for (i = a->n; i-- > 0;)
		if (a->v[i]->until != 0 && a->v[i]->until <= now)
			drop(a, i);
}

/* Opaque, not a JWT: nobody but us reads it, and it can be revoked. */
char *
auth_issue(struct auth *a, const char *ns, const char *name, const char *uid,
    double seconds, struct fault *f)
{
	unsigned char raw[TOKEN_BYTES];
	char user[600], groups[400], *text;

	drop_expired(a);
	text = malloc(2 * sizeof raw + 1);
	if (text == NULL) {
		fault_nomem(f);
		return NULL;
	}
	snprintf(user, sizeof user, "system:serviceaccount:%s:%s", ns, name);
	snprintf(groups, sizeof groups,
	    "system:serviceaccounts,system:serviceaccounts:%s", ns);
	if (digest_random(raw, sizeof raw, f) == 0) {
		digest_hex(raw, sizeof raw, text);
		if (add(a, text, user, uid, groups, clock_ms() + seconds * 1000,
			f) == 0)
			return text;
	}
	free(text);
	return NULL;
}

/* A name ends the string, or the string is the prefix of a namespace. */
void
auth_revoke(struct auth *a, const char *ns, const char *name)
{
	char user[600];
	size_t i, n;

	snprintf(user, sizeof user, "system:serviceaccount:%s:%s", ns,
	    name != NULL ? name : "");
	n = strlen(user) + (name != NULL);
	for (i = a->n; i-- > 0;)
		if (strncmp(a->v[i]->user.name, user, n) == 0)
			drop(a, i);
}
