/* Kubeconfigs: merging, paths, contexts, what is refused; exec plugins. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/kube_auth.h"
#include "lib/kube_config.h"
#include "tap.h"

static char dir[] = "/tmp/kube-config-XXXXXX";

static void
put(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		exit(1);
}

static void
drop(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

static const char first[] =
    "apiVersion: v1\n"
    "current-context: one\n"
    "clusters:\n"
    "- name: c1\n"
    "  cluster: {server: 'https://one:6443/', certificate-authority: ca.pem}\n"
    "contexts:\n"
    "- name: one\n"
    "  context: {cluster: c1, user: u1, namespace: shop}\n"
    "- name: lost\n"
    "  context: {cluster: nowhere}\n"
    "users:\n"
    "- name: u1\n"
    "  user: {token: t1}\n"
    "- name: pw\n"
    "  user: {username: me, password: secret}\n";

static const char second[] =
    "current-context: two\n"
    "clusters:\n"
    "- name: c1\n"
    "  cluster: {server: 'https://other'}\n"
    "- name: c2\n"
    "  cluster: {server: 'https://two', insecure-skip-tls-verify: true,\n"
    "    certificate-authority-data: aGVsbG8=, tls-server-name: api}\n"
    "contexts:\n"
    "- name: two\n"
    "  context: {cluster: c2, user: u2}\n"
    "- name: as\n"
    "  context: {cluster: c2, user: boss}\n"
    "- name: pw\n"
    "  context: {cluster: c2, user: pw}\n"
    "- name: plugin\n"
    "  context: {cluster: c2, user: plugin}\n"
    "users:\n"
    "- name: u2\n"
    "  user: {tokenFile: tok}\n"
    "- name: boss\n"
    "  user: {token: t, as: root}\n"
    "- name: plugin\n"
    "  user:\n"
    "    exec:\n"
    "      apiVersion: client.authentication.k8s.io/v1\n"
    "      command: ./plugin\n"
    "      args: [a, b]\n"
    "      env: [{name: PLUGIN_TOKEN, value: from-env}]\n"
    "      interactiveMode: Never\n";

static const char plugin[] =
    "#!/bin/sh\n"
    "[ \"$1 $2\" = 'a b' ] || exit 1\n"
    "case $KUBERNETES_EXEC_INFO in *ExecCredential*) ;; *) exit 1 ;; esac\n"
    "n=$(cat \"$0.n\" 2>/dev/null || echo 0)\n"
    "echo $((n + 1)) >\"$0.n\"\n"
    "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",'\n"
    "echo '\"kind\":\"ExecCredential\",\"status\":{\"token\":'\n"
    "echo \"\\\"$PLUGIN_TOKEN-$n\\\"}}\"\n";

static int
load(struct kube_config *c, const char *context, struct fault *f)
{
	f->msg[0] = '\0';
	return kube_config_load(c, NULL, context, f);
}

static void
test_merge(void)
{
	struct kube_config c;
	struct fault f = { 0 };
	char path[200];

	tap_ok(load(&c, NULL, &f) == 0, "two files and one that is not there");
	tap_str(c.context, "one", "the first current-context wins");
	tap_str(c.server, "https://one:6443", "the first entry of a name wins");
	tap_str(c.ns, "shop", "the context's namespace");
	tap_str(c.token, "t1", "the user's token");
	tap_str(c.ca_data, "the ca", "a path is relative to its file");
	kube_config_release(&c);
	tap_ok(load(&c, "two", &f) == 0, "a context of the second file");
	tap_str(c.ns, "default", "namespace default");
	tap_str(c.ca_data, "hello", "base64 data");
	tap_str(c.server_name, "api", "tls-server-name");
	tap_ok(c.insecure == 1, "insecure-skip-tls-verify");
	snprintf(path, sizeof(path), "%s/tok", dir);
	tap_str(c.token_file, path, "tokenFile");
	kube_config_release(&c);
}

static void
test_refusals(void)
{
	struct kube_config c;
	struct fault f = { 0 };
	char path[200];

	tap_ok(load(&c, "none", &f) == -1 && f.code == FAULT_INPUT,
	    "an unknown context");
	tap_str(f.msg, "context none: not in the configuration", "is named");
	tap_ok(load(&c, "lost", &f) == -1, "a context without its cluster");
	tap_str(f.msg,
	    "context lost: cluster nowhere is not in the configuration",
	    "is named");
	tap_ok(load(&c, "as", &f) == -1, "impersonation");
	tap_str(f.msg, "user boss: as is not supported", "is refused");
	tap_ok(load(&c, "pw", &f) == -1 && strstr(f.msg, "secret") == NULL,
	    "so are passwords, without showing one");
	put("bad", "clusters: [\n");
	snprintf(path, sizeof(path), "%s/bad", dir);
	tap_ok(kube_config_load(&c, path, NULL, &f) == -1 &&
		   f.code == FAULT_INPUT && strstr(f.msg, path) != NULL,
	    "a malformed file is named");
	put("bad", "clusters: {}\n");
	tap_ok(kube_config_load(&c, path, NULL, &f) == -1 &&
		   strstr(f.msg, "not a list") != NULL,
	    "so is one of another shape");
	put("bad", "");
	tap_ok(kube_config_load(&c, path, NULL, &f) == -1 &&
		   strstr(f.msg, "no current-context") != NULL,
	    "an empty one says nothing");
	drop("bad");
	setenv("KUBECONFIG", "/nonexistent/config", 1);
	tap_ok(load(&c, NULL, &f) == -1 && f.code == FAULT_UNSURE,
	    "no configuration at all");
}

static void
test_plugin(void)
{
	struct kube_config c;
	struct fault f = { 0 };
	struct kube_auth *a;
	const char *token = NULL;
	char path[200];
	unsigned turn;

	put("plugin", plugin);
	snprintf(path, sizeof(path), "%s/plugin", dir);
	chmod(path, 0700);
	if (!tap_ok(load(&c, "plugin", &f) == 0, "an exec plugin"))
		return;
	a = kube_auth_new(&c, &f);
	tap_ok(kube_auth_token(a, &token, &f) == 0, "is run: %s", f.msg);
	tap_str(token, "from-env-0", "with its arguments and environment");
	kube_auth_token(a, &token, &f);
	tap_str(token, "from-env-0", "once");
	turn = kube_auth_turn(a);
	tap_ok(kube_auth_refused(a, turn) == 1, "after a 401");
	kube_auth_token(a, &token, &f);
	tap_str(token, "from-env-1", "again");
	tap_ok(kube_auth_refused(a, turn) == 1, "a 401 to the old token");
	kube_auth_token(a, &token, &f);
	tap_str(token, "from-env-1", "is no reason to run it once more");
	kube_auth_free(a);
	put("plugin", "#!/bin/sh\nexit 7\n");
	a = kube_auth_new(&c, &f);
	tap_ok(kube_auth_token(a, &token, &f) == -1 &&
		   strstr(f.msg, "status 7") != NULL,
	    "its failure is told: %s", f.msg);
	kube_auth_free(a);
	kube_config_release(&c);
	drop("plugin");
	drop("plugin.n");
}

int
main(void)
{
	char list[300];

	if (mkdtemp(dir) == NULL)
		return 1;
	unsetenv("KUBERNETES_SERVICE_HOST");
	put("first", first);
	put("second", second);
	put("ca.pem", "the ca");
	snprintf(
	    list, sizeof(list), "%s/first:%s/missing:%s/second", dir, dir, dir);
	setenv("KUBECONFIG", list, 1);
	test_merge();
	test_plugin();
	test_refusals();
	drop("first");
	drop("second");
	drop("ca.pem");
	rmdir(dir);
	return tap_end();
}
