/*
 * kubeconfig files as kubectl reads them: several files are merged, of each
 * named entry the first wins, relative paths are relative to their file.  What
 * would silently make us somebody else (impersonation, passwords, auth
 * providers) is refused.
 */
#include "kube_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "yaml.h"

#define CONFIG_MAX (4 << 20) /* bytes of a file */
#define IN_CLUSTER "/var/run/secrets/kubernetes.io/serviceaccount/"

/* The merged files: each list maps a name to its entry. */
struct merged {
	cJSON *clusters, *users, *contexts;
	char *current; /* current-context, or NULL */
	int files;     /* how many were read */
};

static void
secret_free(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

static void
merged_release(struct merged *m)
{
	cJSON_Delete(m->clusters);
	cJSON_Delete(m->users);
	cJSON_Delete(m->contexts);
	free(m->current);
}

/* Member key of entry, a path, becomes relative to dir (n bytes). */
static int
anchor_path(
    cJSON *entry, const char *key, const char *dir, size_t n, struct fault *f)
{
	const char *path = json_str(entry, key, NULL);
	char *full;
	int r;

	if (path == NULL || path[0] == '\0' || path[0] == '/' || n == 0)
		return 0;
	if (asprintf(&full, "%.*s/%s", (int)n, dir, path) == -1)
		return fault_nomem(f);
	r = json_set_str(entry, key, full);
	free(full);
	return r == 0 ? 0 : fault_nomem(f);
}

/*
 * client-go's RelativizeClusterLocalPaths and -AuthInfo-: a file can be merged
 * with others of other folders, or used from anywhere.
 */
static int
anchor_paths(cJSON *entry, const char *file, struct fault *f)
{
	static const char *const keys[] = { "certificate-authority",
		"client-certificate", "client-key", "tokenFile" };
	const char *slash = strrchr(file, '/'), *command;
	size_t i, n = slash != NULL ? (size_t)(slash - file) : 0;
	cJSON *exec = json_at(entry, "exec", NULL);

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (anchor_path(entry, keys[i], file, n, f) != 0)
			return -1;
	/* a bare program name is looked up on the PATH */
	command = json_str(exec, "command", NULL);
	if (command != NULL && strchr(command, '/') != NULL)
		return anchor_path(exec, "command", file, n, f);
	return 0;
}

/* Moves the entries of root's list key into out, unless already named there. */
static int
merge_list(cJSON *out, const cJSON *root, const char *key, const char *member,
    const char *file, struct fault *f)
{
	const cJSON *list = json_at(root, key, NULL), *item;
	const char *name;
	cJSON *entry;

	if (list == NULL || cJSON_IsNull(list))
		return 0;
	if (!cJSON_IsArray(list))
		return fault_set(
		    f, FAULT_INPUT, "%s: %s: not a list", file, key);
	cJSON_ArrayForEach(item, list) {
		name = json_str(item, "name", NULL);
		if (name == NULL)
			return fault_set(f, FAULT_INPUT,
			    "%s: %s: an entry without a name", file, key);
		if (json_at(out, name, NULL) != NULL)
			continue;
		entry = cJSON_Duplicate(json_at(item, member, NULL), 1);
		if (!cJSON_IsObject(entry)) {
			cJSON_Delete(entry);
			entry = cJSON_CreateObject();
		}
		if (json_set(out, name, entry) != 0)
			return fault_nomem(f);
		if (anchor_paths(entry, file, f) != 0)
			return -1;
	}
	return 0;
}

static int
merge_file(struct merged *m, const char *file, struct fault *f)
{
	struct yaml_docs docs = { 0 };
	const cJSON *root;
	const char *current;
	struct buf text;
	int r = -1;

	buf_init(&text, CONFIG_MAX);
	if (buf_read_file(&text, file, f) != 0)
		goto out;
	if (yaml_read(buf_str(&text), text.len, &docs, f) != 0) {
		fault_prefix(f, "%s", file);
		goto out;
	}
	m->files++;
	/* an empty file is one without entries, as to kubectl */
	r = 0;
	if (docs.n == 0)
		goto out;
	root = docs.v[0].value;
	if (docs.n > 1 || !cJSON_IsObject(root)) {
		r = fault_set(f, FAULT_INPUT, "%s: not a kubeconfig", file);
		goto out;
	}
	current = json_str(root, "current-context", NULL);
	if (m->current == NULL && current != NULL && current[0] != '\0' &&
	    (m->current = strdup(current)) == NULL)
		r = fault_nomem(f);
	if (r != 0 ||
	    merge_list(m->clusters, root, "clusters", "cluster", file, f) !=
		0 ||
	    merge_list(m->users, root, "users", "user", file, f) != 0 ||
	    merge_list(m->contexts, root, "contexts", "context", file, f) != 0)
		r = -1;
out:
	yaml_docs_release(&docs);
	buf_release(&text);
	return r;
}

/* Merges what is there of a colon-separated list. */
static int
merge_files(struct merged *m, const char *list, struct fault *f)
{
	const char *p = list, *end;
	char *file;
	int r;

	while (*p != '\0') {
		end = strchrnul(p, ':');
		if (end > p) {
			file = strndup(p, (size_t)(end - p));
			if (file == NULL)
				return fault_nomem(f);
			r = access(file, F_OK) == 0 ? merge_file(m, file, f) :
						      0;
			free(file);
			if (r != 0)
				return -1;
		}
		p = *end != '\0' ? end + 1 : end;
	}
	return 0;
}

/* Without KUBECONFIG and --kubeconfig: one file, which need not be there. */
static int
merge_home(struct merged *m, struct fault *f)
{
	const char *home = getenv("HOME");
	char *file;
	int r = 0;

	if (home == NULL || home[0] == '\0')
		return 0;
	if (asprintf(&file, "%s/.kube/config", home) == -1)
		return fault_nomem(f);
	if (access(file, F_OK) == 0)
		r = merge_file(m, file, f);
	free(file);
	return r;
}

static int
copy(char **to, const char *from, struct fault *f)
{
	if (from == NULL || from[0] == '\0')
		return 0;
	*to = strdup(from);
	return *to != NULL ? 0 : fault_nomem(f);
}

static char *
read_text(const char *file, struct fault *f)
{
	struct buf b;
	char *s;

	buf_init(&b, CONFIG_MAX);
	if (buf_read_file(&b, file, f) != 0) {
		buf_release(&b);
		return NULL;
	}
	s = buf_take(&b);
	if (s == NULL)
		fault_nomem(f);
	buf_release(&b);
	return s;
}

/* PEM from KEY-data (base64) or from the file that KEY names. */
static int
read_pem(char **out, const cJSON *entry, const char *key, struct fault *f)
{
	const char *file = json_str(entry, key, NULL), *data;
	char name[64];
	struct buf b;

	snprintf(name, sizeof(name), "%s-data", key);
	data = json_str(entry, name, NULL);
	if (data != NULL && data[0] != '\0') {
		buf_init(&b, CONFIG_MAX);
		if (digest_unbase64(data, strlen(data), &b, f) != 0) {
			buf_release(&b);
			return fault_prefix(f, "%s", name);
		}
		*out = buf_take(&b);
		buf_release(&b);
		return *out != NULL ? 0 : fault_nomem(f);
	}
	if (file == NULL || file[0] == '\0')
		return 0;
	*out = read_text(file, f);
	return *out != NULL ? 0 : -1;
}

static int
use_cluster(struct kube_config *c, const cJSON *cluster, const char *name,
    struct fault *f)
{
	const char *server = json_str(cluster, "server", NULL);
	size_t n;

	if (server == NULL || (strncmp(server, "https://", 8) != 0 &&
				  strncmp(server, "http://", 7) != 0))
		return fault_set(f, FAULT_INPUT,
		    "cluster %s: no server with an http(s) address", name);
	if (copy(&c->server, server, f) != 0)
		return -1;
	for (n = strlen(c->server); c->server[n - 1] == '/'; n--)
		c->server[n - 1] = '\0';
	c->insecure = json_bool(cluster, "insecure-skip-tls-verify", 0);
	if (copy(&c->server_name, json_str(cluster, "tls-server-name", NULL),
		f) != 0 ||
	    copy(&c->proxy, json_str(cluster, "proxy-url", NULL), f) != 0)
		return -1;
	if (read_pem(&c->ca_data, cluster, "certificate-authority", f) != 0)
		return fault_prefix(f, "cluster %s", name);
	return 0;
}

/*
 * As client-go takes them: a token file before a token, either before a
 * plugin; certificates beside any of these.
 */
static int
use_user(
    struct kube_config *c, const cJSON *user, const char *name, struct fault *f)
{
	static const char *const unsupported[] = { "username", "auth-provider",
		"as", "as-uid", "as-groups", "as-user-extra" };
	size_t i;

	/* ignored, they would make us somebody else than the user meant */
	for (i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++)
		if (json_at(user, unsupported[i], NULL) != NULL)
			return fault_set(f, FAULT_INPUT,
			    "user %s: %s is not supported", name,
			    unsupported[i]);
	if (read_pem(&c->cert_data, user, "client-certificate", f) != 0 ||
	    read_pem(&c->key_data, user, "client-key", f) != 0)
		return fault_prefix(f, "user %s", name);
	if ((c->cert_data != NULL) != (c->key_data != NULL))
		return fault_set(f, FAULT_INPUT,
		    "user %s: client-certificate and client-key belong "
		    "together",
		    name);
	if (copy(&c->token, json_str(user, "token", NULL), f) != 0 ||
	    copy(&c->token_file, json_str(user, "tokenFile", NULL), f) != 0)
		return -1;
	if (cJSON_IsObject(json_at(user, "exec", NULL)) && c->token == NULL &&
	    c->token_file == NULL &&
	    (c->exec = cJSON_Duplicate(json_at(user, "exec", NULL), 1)) == NULL)
		return fault_nomem(f);
	return 0;
}

static int
use_context(struct kube_config *c, const struct merged *m, const char *name,
    struct fault *f)
{
	const cJSON *context = json_at(m->contexts, name, NULL);
	const char *cluster = json_str(context, "cluster", NULL);
	const char *user = json_str(context, "user", NULL);
	const char *ns = json_str(context, "namespace", NULL);
	const cJSON *at;

	if (context == NULL)
		return fault_set(f, FAULT_INPUT,
		    "context %s: not in the configuration", name);
	if (copy(&c->context, name, f) != 0 ||
	    copy(&c->ns, ns != NULL && ns[0] != '\0' ? ns : "default", f) != 0)
		return -1;
	at = json_at(m->clusters, cluster != NULL ? cluster : "", NULL);
	if (at == NULL)
		return fault_set(f, FAULT_INPUT,
		    "context %s: cluster %s is not in the configuration", name,
		    cluster != NULL ? cluster : "(none)");
	if (use_cluster(c, at, cluster, f) != 0)
		return -1;
	if (user == NULL || user[0] == '\0')
		return 0;
	at = json_at(m->users, user, NULL);
	if (at == NULL)
		return fault_set(f, FAULT_INPUT,
		    "context %s: user %s is not in the configuration", name,
		    user);
	return use_user(c, at, user, f);
}

/* The service account of our own pod. */
static int
use_pod(struct kube_config *c, struct fault *f)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	const char *list = getenv("KUBECONFIG");
	int v6;

	if (host == NULL || port == NULL || host[0] == '\0' ||
	    access(IN_CLUSTER "token", R_OK) != 0) {
		if (list != NULL && list[0] != '\0')
			return fault_set(f, FAULT_UNSURE,
			    "no cluster is configured: none is in KUBECONFIG, "
			    "%s",
			    list);
		return fault_set(f, FAULT_UNSURE,
		    "no cluster is configured: set KUBECONFIG or use "
		    "--kubeconfig");
	}
	/* the Service "kubernetes", as client-go's rest.InClusterConfig */
	v6 = strchr(host, ':') != NULL;
	if (asprintf(&c->server, "https://%s%s%s:%s", v6 ? "[" : "", host,
		v6 ? "]" : "", port) == -1) {
		c->server = NULL;
		return fault_nomem(f);
	}
	c->ca_data = read_text(IN_CLUSTER "ca.crt", f);
	if (c->ca_data == NULL ||
	    copy(&c->token_file, IN_CLUSTER "token", f) != 0 ||
	    copy(&c->context, "in-cluster", f) != 0)
		return -1;
	c->ns = read_text(IN_CLUSTER "namespace", NULL);
	if (c->ns != NULL)
		c->ns[strcspn(c->ns, " \t\r\n")] = '\0';
	if (c->ns == NULL || c->ns[0] == '\0') {
		free(c->ns);
		c->ns = NULL;
		return copy(&c->ns, "default", f);
	}
	return 0;
}

int
kube_config_load(struct kube_config *c, const char *path, const char *context,
    struct fault *f)
{
	const char *list = getenv("KUBECONFIG"), *use;
	struct merged m = { .clusters = cJSON_CreateObject(),
		.users = cJSON_CreateObject(),
		.contexts = cJSON_CreateObject() };
	int r;

	memset(c, 0, sizeof(*c));
	if (m.clusters == NULL || m.users == NULL || m.contexts == NULL)
		r = fault_nomem(f);
	else if (path != NULL)
		r = merge_file(&m, path, f);
	else if (list != NULL && list[0] != '\0')
		r = merge_files(&m, list, f);
	else
		r = merge_home(&m, f);
	if (r != 0)
		goto out;
	/* in a pod, too, a kubeconfig comes first (client-go's clientcmd) */
	use = context != NULL ? context : m.current;
	if (use != NULL)
		r = use_context(c, &m, use, f);
	else if (path != NULL || m.contexts->child != NULL)
		r = fault_set(f, FAULT_INPUT,
		    "%s: no current-context, and no --context was given",
		    path != NULL ? path : "kubeconfig");
	else
		r = use_pod(c, f);
out:
	merged_release(&m);
	if (r != 0)
		kube_config_release(c);
	return r;
}

void
kube_config_release(struct kube_config *c)
{
	free(c->server);
	free(c->ns);
	free(c->context);
	free(c->ca_data);
	free(c->cert_data);
	secret_free(c->key_data);
	secret_free(c->token);
	free(c->token_file);
	free(c->server_name);
	free(c->proxy);
	cJSON_Delete(c->exec);
	memset(c, 0, sizeof(*c));
}
