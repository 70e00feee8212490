/*
 * What a Node says about its machine: see node_info.h.
 */
#include "k8s-noded/node_info.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "lib/child.h"

#define FILE_MAX 65536
#define VERSION_MS 2000

const char *
node_architecture(void)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },
		{ "aarch64", "arm64" },
		{ "ppc64le", "ppc64le" },
		{ "s390x", "s390x" },
		{ "riscv64", "riscv64" },
	};
	struct utsname u;
	size_t i;

	if (uname(&u) != 0)
		return "unknown";
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(u.machine, names[i][0]) == 0)
			return names[i][1];
	return "unknown";
}

/*
 * The rest of the line that begins with prefix ("" is the first line) in a
 * file, without quotes, as key of v.
 */
static void
add_line(cJSON *v, const char *key, const char *path, const char *prefix)
{
	char value[128] = "unknown";
	const char *p;
	struct buf b;
	size_t n = strlen(prefix);

	buf_init(&b, FILE_MAX);
	if (buf_read_file(&b, path, NULL) == 0) {
		p = buf_str(&b);
		while (p != NULL && strncmp(p, prefix, n) != 0) {
			p = strchr(p, '\n');
			p = p != NULL ? p + 1 : NULL;
		}
		if (p != NULL) {
			p += n + (p[n] == '"');
			snprintf(value, sizeof(value), "%.*s",
			    (int)strcspn(p, "\"\n"), p);
		}
	}
	json_set_str(v, key, value);
	buf_release(&b);
}

/* "bubblewrap 0.8.0" as "bubblewrap://0.8.0". */
static void
add_runtime(cJSON *v, const struct node *n)
{
	const char *argv[] = { n->bwrap, "--version", NULL };
	char version[64];
	const char *s;
	struct buf b;
	int status;

	buf_init(&b, FILE_MAX);
	if (child_run(argv, &b, VERSION_MS, &status, NULL) != 0)
		buf_clear(&b);
	s = strrchr(buf_str(&b), ' ');
	snprintf(version, sizeof(version), "bubblewrap://%.*s",
	    s != NULL ? (int)strcspn(s + 1, "\n") : 7,
	    s != NULL ? s + 1 : "unknown");
	json_set_str(v, "containerRuntimeVersion", version);
	buf_release(&b);
}

cJSON *
node_info(const struct node *n)
{
	cJSON *v = cJSON_CreateObject();
	struct utsname u;

	json_set_str(
	    v, "kernelVersion", uname(&u) == 0 ? u.release : "unknown");
	json_set_str(v, "architecture", node_architecture());
	json_set_str(v, "operatingSystem", "linux");
	add_line(v, "osImage", "/etc/os-release", "PRETTY_NAME=");
	add_line(v, "machineID", "/etc/machine-id", "");
	add_line(v, "bootID", "/proc/sys/kernel/random/boot_id", "");
	json_set_str(v, "systemUUID", "");
	add_runtime(v, n);
	json_set_str(v, "kubeletVersion", "v1.32.0-inttest");
	json_set_str(v, "kubeProxyVersion", "v1.32.0-inttest");
	return v;
}
