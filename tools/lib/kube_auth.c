/*
 * Credentials: see kube_auth.h.  Exec plugins speak
 * client.authentication.k8s.io v1 and v1beta1 (ExecCredential); they run
 * without a terminal, so one that insists on asking its user is refused.
 */
#include "kube_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "digest.h"

#define AUTH_REREAD_MS 60000 /* a token file's age at most */
#define AUTH_EXEC_MS 60000   /* what an exec plugin may take */
#define AUTH_LEAST_MS 5000   /* and may always take */
#define AUTH_MAX (1 << 20)   /* bytes of a token or a plugin's answer */
#define AUTH_EARLY_S 10      /* credentials are renewed so long before */
#define AUTH_GROUP "client.authentication.k8s.io/"

extern char **environ;

struct kube_auth {
	const struct kube_config *c;
	char *token;      /* of the file or the plugin; NULL: the config's */
	double read_ms;   /* when it was got */
	time_t renew;     /* when to run the plugin again, 0: never */
	double limit_ms;  /* of the plugin */
	unsigned turn;    /* counts credentials that were got */
	char *cert, *key; /* the plugin's, or NULL */
	unsigned serial;  /* counts changes of cert and key */
	int have;         /* the plugin has answered */
};

struct kube_auth *
kube_auth_new(const struct kube_config *c, struct fault *f)
{
	struct kube_auth *a = calloc(1, sizeof(*a));

	if (a == NULL) {
		fault_nomem(f);
		return NULL;
	}
	a->c = c;
	a->limit_ms = AUTH_EXEC_MS;
	return a;
}

static void
secret_drop(char **s)
{
	if (*s != NULL)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void
kube_auth_free(struct kube_auth *a)
{
	if (a == NULL)
		return;
	secret_drop(&a->token);
	secret_drop(&a->key);
	free(a->cert);
	free(a);
}

static int
reread_file(struct kube_auth *a, struct fault *f)
{
	struct buf b;
	char *token;

	buf_init(&b, AUTH_MAX);
	if (buf_read_file(&b, a->c->token_file, f) != 0) {
		buf_release(&b);
		f->code = FAULT_UNSURE;
		/* it may be in the midst of being replaced */
		return a->token != NULL || a->c->token != NULL ? 0 : -1;
	}
	token = buf_take(&b);
	buf_release(&b);
	if (token == NULL)
		return fault_nomem(f);
	token[strcspn(token, " \t\r\n")] = '\0';
	secret_drop(&a->token);
	a->token = token;
	a->read_ms = clock_ms();
	a->turn++;
	return 0;
}

/* What KUBERNETES_EXEC_INFO tells the plugin. */
static cJSON *
exec_info(const struct kube_auth *a)
{
	const cJSON *exec = a->c->exec;
	cJSON *info = cJSON_CreateObject(), *spec, *cluster;
	struct buf ca;

	json_set_str(info, "kind", "ExecCredential");
	json_set_str(info, "apiVersion", json_str(exec, "apiVersion", NULL));
	spec = json_sub(info, "spec");
	json_set_bool(spec, "interactive", 0);
	if (!json_bool(exec, "provideClusterInfo", 0))
		return info;
	cluster = json_sub(spec, "cluster");
	json_set_str(cluster, "server", a->c->server);
	if (a->c->server_name != NULL)
		json_set_str(cluster, "tls-server-name", a->c->server_name);
	if (a->c->insecure)
		json_set_bool(cluster, "insecure-skip-tls-verify", 1);
	if (a->c->proxy != NULL)
		json_set_str(cluster, "proxy-url", a->c->proxy);
	if (a->c->ca_data != NULL) {
		buf_init(&ca, AUTH_MAX);
		if (digest_base64(a->c->ca_data, strlen(a->c->ca_data), &ca) ==
		    0)
			json_set_str(cluster, "certificate-authority-data",
			    buf_str(&ca));
		buf_release(&ca);
	}
	return info;
}

/* A list of strings, NULL-ended, each its own. */
struct words {
	char **v;
	size_t n;
};

static void
words_release(struct words *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		secret_drop(&w->v[i]);
	free(w->v);
}

/* Appends s, which it then owns; NULL is a failure handed on. */
static int
words_add(struct words *w, char *s, struct fault *f)
{
	char **v = reallocarray(w->v, w->n + 2, sizeof(*v));

	if (s == NULL || v == NULL) {
		free(s);
		if (v != NULL)
			w->v = v;
		return fault_nomem(f);
	}
	w->v = v;
	w->v[w->n++] = s;
	w->v[w->n] = NULL;
	return 0;
}

static int
exec_argv(const cJSON *exec, struct words *argv, struct fault *f)
{
	const cJSON *arg;

	if (words_add(argv, strdup(json_str(exec, "command", NULL)), f) != 0)
		return -1;
	cJSON_ArrayForEach(arg, json_at(exec, "args", NULL)) {
		if (cJSON_IsString(arg) &&
		    words_add(argv, strdup(arg->valuestring), f) != 0)
			return -1;
	}
	return 0;
}

/* Our environment with the plugin's variables in front: the first wins. */
static int
exec_env(const struct kube_auth *a, struct words *env, struct fault *f)
{
	cJSON *info = exec_info(a);
	const cJSON *item;
	const char *name, *value;
	struct buf b;
	char *s, **e;
	int r;

	buf_init(&b, AUTH_MAX);
	buf_adds(&b, "KUBERNETES_EXEC_INFO=");
	json_write(&b, info);
	cJSON_Delete(info);
	r = words_add(env, buf_take(&b), f);
	buf_release(&b);
	cJSON_ArrayForEach(item, json_at(a->c->exec, "env", NULL)) {
		name = json_str(item, "name", NULL);
		value = json_str(item, "value", NULL);
		if (name == NULL || value == NULL)
			continue;
		if (asprintf(&s, "%s=%s", name, value) == -1)
			s = NULL;
		if (r == 0)
			r = words_add(env, s, f);
	}
	for (e = environ; r == 0 && *e != NULL; e++)
		r = words_add(env, strdup(*e), f);
	return r;
}

/* When to renew: before they expire, but short-lived ones are used as well. */
static time_t
renewal(const char *until)
{
	time_t now = time(NULL);
	struct timespec ts;
	double life;

	if (until == NULL || clock_parse(until, &ts) != 0)
		return 0;
	life = difftime(ts.tv_sec, now);
	return ts.tv_sec - (life > 10 * AUTH_EARLY_S ? AUTH_EARLY_S :
			       life > 0              ? (time_t)(life / 10) :
						       0);
}

/* Takes the credentials out of the plugin's answer. */
static int
exec_take(struct kube_auth *a, const cJSON *answer, struct fault *f)
{
	const cJSON *status = json_at(answer, "status", NULL);
	const char *token = json_str(status, "token", NULL);
	const char *cert = json_str(status, "clientCertificateData", NULL);
	const char *key = json_str(status, "clientKeyData", NULL);

	if (token == NULL && (cert == NULL || key == NULL))
		return fault_set(
		    f, FAULT_UNSURE, "its answer holds no credentials");
	secret_drop(&a->token);
	if (token != NULL && (a->token = strdup(token)) == NULL)
		return fault_nomem(f);
	if (cert != NULL && key != NULL) {
		free(a->cert);
		secret_drop(&a->key);
		a->cert = strdup(cert);
		a->key = strdup(key);
		if (a->cert == NULL || a->key == NULL)
			return fault_nomem(f);
		a->serial++;
	}
	a->renew = renewal(json_str(status, "expirationTimestamp", NULL));
	a->have = 1;
	a->turn++;
	return 0;
}

static int
exec_answer(
    struct kube_auth *a, const struct buf *out, int status, struct fault *f)
{
	const char *version = json_str(a->c->exec, "apiVersion", NULL), *got;
	cJSON *answer;
	int r;

	if (status != 0)
		return fault_set(
		    f, FAULT_UNSURE, "ended with status %d", status);
	answer = json_parse(buf_str(out), out->len, f);
	if (answer == NULL) {
		/* what it wrote may hold a secret: not told */
		return fault_set(f, FAULT_UNSURE, "its answer is not JSON");
	}
	got = json_str(answer, "apiVersion", NULL);
	if (got == NULL || strcmp(got, version) != 0)
		r = fault_set(f, FAULT_UNSURE,
		    "its answer is of version %s, not %s",
		    got != NULL ? got : "(none)", version);
	else
		r = exec_take(a, answer, f);
	cJSON_Delete(answer);
	return r;
}

static int
exec_check(const cJSON *exec, struct fault *f)
{
	const char *version = json_str(exec, "apiVersion", NULL);
	const char *mode = json_str(exec, "interactiveMode", NULL);

	if (json_str(exec, "command", NULL) == NULL)
		return fault_set(
		    f, FAULT_INPUT, "exec plugin: no command in kubeconfig");
	if (version == NULL || (strcmp(version, AUTH_GROUP "v1") != 0 &&
				   strcmp(version, AUTH_GROUP "v1beta1") != 0))
		return fault_set(f, FAULT_INPUT,
		    "exec plugin: version %s is not supported",
		    version != NULL ? version : "(none)");
	if (mode != NULL && strcmp(mode, "Always") == 0)
		return fault_set(f, FAULT_INPUT,
		    "exec plugin: interactiveMode Always is not supported");
	return 0;
}

static int
exec_run(struct kube_auth *a, struct fault *f)
{
	const char *hint = json_str(a->c->exec, "installHint", NULL);
	struct words argv = { 0 }, env = { 0 };
	struct buf out;
	int status, r = -1;

	if (exec_check(a->c->exec, f) != 0)
		return -1;
	buf_init(&out, AUTH_MAX);
	if (exec_argv(a->c->exec, &argv, f) != 0 || exec_env(a, &env, f) != 0)
		goto out;
	if (child_run_env((const char *const *)argv.v,
		(const char *const *)env.v, &out, a->limit_ms, &status,
		f) != 0) {
		if (hint != NULL && f != NULL && f->code == FAULT_INPUT) {
			fault_set(f, FAULT_UNSURE,
			    "exec plugin: %s: not found; %s", argv.v[0], hint);
			goto out;
		}
		fault_prefix(f, "exec plugin");
		goto out;
	}
	r = exec_answer(a, &out, status, f);
	if (r != 0)
		fault_prefix(f, "exec plugin: %s", argv.v[0]);
out:
	if (out.data != NULL)
		explicit_bzero(out.data, out.len);
	buf_release(&out);
	words_release(&argv);
	words_release(&env);
	return r;
}

int
kube_auth_token(struct kube_auth *a, const char **token, struct fault *f)
{
	struct fault own = { 0 };
	int r = 0;

	if (f == NULL)
		f = &own;
	if (a->c->token_file != NULL) {
		if (a->token == NULL ||
		    clock_ms() - a->read_ms >= AUTH_REREAD_MS)
			r = reread_file(a, f);
	} else if (a->c->exec != NULL &&
		   (!a->have || (a->renew != 0 && time(NULL) >= a->renew)))
		r = exec_run(a, f);
	*token = a->token != NULL ? a->token : a->c->token;
	return r;
}

void
kube_auth_cert(const struct kube_auth *a, const char **cert, const char **key,
    unsigned *serial)
{
	*cert = a->cert != NULL ? a->cert : a->c->cert_data;
	*key = a->key != NULL ? a->key : a->c->key_data;
	*serial = a->serial;
}

unsigned
kube_auth_turn(const struct kube_auth *a)
{
	return a->turn;
}

void
kube_auth_limit(struct kube_auth *a, double ms)
{
	a->limit_ms = ms < AUTH_LEAST_MS ? AUTH_LEAST_MS :
		      ms > AUTH_EXEC_MS  ? AUTH_EXEC_MS :
					   ms;
}

int
kube_auth_refused(struct kube_auth *a, unsigned turn)
{
	if (turn != a->turn)
		return 1; /* there are newer ones already */
	if (a->c->token_file != NULL) {
		a->read_ms = -AUTH_REREAD_MS; /* long ago */
		return 1;
	}
	if (a->c->exec == NULL)
		return 0;
	a->have = 0;
	return 1;
}
