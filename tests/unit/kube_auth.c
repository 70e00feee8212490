/*
 * Credentials and time: a token file is read again once a minute, a plugin's
 * answer is kept until shortly before it expires.  The clock is the test's,
 * for which the module is compiled into it.
 */
#include <time.h>

static double now_ms = 1000;
static time_t test_now = 1767225600; /* 2026-01-01T00:00:00Z */

static time_t
test_time(time_t *at)
{
	(void)at;
	return test_now;
}

#define clock_ms test_clock_ms
#define time test_time
#include "lib/kube_auth.c"
#undef time

#include <sys/stat.h>

#include "tap.h"

static char dir[] = "/tmp/kube-auth-XXXXXX";

double
test_clock_ms(void)
{
	return now_ms;
}

static void
put(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		exit(1);
	chmod(path, 0700);
}

static void
token_is(struct kube_auth *a, const char *want, const char *what)
{
	struct fault f = { 0 };
	const char *token = NULL;

	if (kube_auth_token(a, &token, &f) != 0)
		printf("# %s\n", f.msg);
	tap_str(token, want, what);
}

static void
test_file(void)
{
	char path[200];
	struct kube_config c = { .token_file = path };
	struct kube_auth *a = kube_auth_new(&c, NULL);

	snprintf(path, sizeof(path), "%s/token", dir);
	put("token", "one\n");
	token_is(a, "one", "a token file");
	put("token", "two\n");
	now_ms += 59000;
	token_is(a, "one", "is not read again within a minute");
	now_ms += 1000;
	token_is(a, "two", "but after it");
	unlink(path);
	now_ms += 61000;
	token_is(a, "two", "one that is gone for a moment has been");
	put("token", "three\n");
	token_is(a, "three", "and is read as soon as it is there");
	kube_auth_free(a);
	unlink(path);
}

/* Answers with how often it has run, until the time that $UNTIL says. */
static const char plugin[] =
    "#!/bin/sh\n"
    "n=$(($(cat \"$0.n\" 2>/dev/null || echo 0) + 1))\n"
    "echo $n >\"$0.n\"\n"
    "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",'\n"
    "echo '\"kind\":\"ExecCredential\",\"status\":{'\"$UNTIL\"\n"
    "echo \"\\\"token\\\":\\\"run-$n\\\"}}\"\n";

static void
test_plugin(void)
{
	char path[200], counter[210];
	struct kube_config c = { .exec = cJSON_CreateObject() };
	struct kube_auth *a = kube_auth_new(&c, NULL);

	snprintf(path, sizeof(path), "%s/plugin", dir);
	snprintf(counter, sizeof(counter), "%s.n", path);
	put("plugin", plugin);
	json_set_str(c.exec, "command", path);
	json_set_str(c.exec, "apiVersion", AUTH_GROUP "v1");
	setenv("UNTIL", "\"expirationTimestamp\":\"2026-01-01T01:00:00Z\",", 1);
	token_is(a, "run-1", "a plugin");
	test_now += 3500;
	token_is(a, "run-1", "is not run again while its answer holds");
	setenv("UNTIL", "", 1);
	test_now += 95;
	token_is(a, "run-2", "but shortly before that expires");
	test_now += 1000000;
	token_is(a, "run-2", "an answer without a time holds for good");
	kube_auth_free(a);
	cJSON_Delete(c.exec);
	unlink(path);
	unlink(counter);
}

int
main(void)
{
	if (mkdtemp(dir) == NULL)
		return 1;
	test_file();
	test_plugin();
	rmdir(dir);
	return tap_end();
}
