/*
 * Who asks: bearer tokens from a file in kube-apiserver's format and those
 * that TokenRequest gave out.  Only digests of tokens are kept, so that
 * neither a look into memory nor the time of a comparison tells one.
 */
#ifndef AUTH_H
#define AUTH_H

#include "lib/fault.h"
#include "lib/json.h"

struct auth;

struct auth_user {
	char *name, *uid;
	char **groups; /* NULL-ended */
};

/* Reads the file (token,user,uid,"group1,group2"); NULL with f filled. */
struct auth *auth_new(const char *path, struct fault *f);
void auth_free(struct auth *a);

/*
 * The user of an Authorization header's value, borrowed; NULL when the
 * header is missing, malformed, or the token is unknown or has expired.
 */
const struct auth_user *auth_check(struct auth *a, const char *header);

/* Frees what a user's record holds, not itself. */
void auth_user_release(struct auth_user *u);

/*
 * A new token for a service account, good for seconds; its text (the
 * caller's, malloc'ed), or NULL with f filled.
 */
char *auth_issue(struct auth *a, const char *ns, const char *name,
    const char *uid, double seconds, struct fault *f);

/* Makes the tokens of a service account (or, name NULL, all of ns) void. */
void auth_revoke(struct auth *a, const char *ns, const char *name);

#endif
