/*
 * A sandbox's credentials: see credentials.h.  Made anew for each sandbox and
 * valid for days only; the authority's key is never written, so nothing can
 * be signed in its name later.
 */
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/cert.h"
#include "lib/digest.h"

#define DAYS 30 /* an interactive sandbox may be kept for a while */
#define TOKEN_BYTES 16
#define TOKEN_SIZE (2 * TOKEN_BYTES + 1)

static const char *const server_names[] = { "DNS:localhost", "DNS:kubernetes",
	"DNS:kubernetes.default", "DNS:kubernetes.default.svc",
	"DNS:kubernetes.default.svc.cluster.local", "DNS:sandbox",
	"IP:127.0.0.1", "IP:10.96.0.1", "IP:10.244.0.1", NULL };

static int
put(int dir_fd, const char *name, mode_t mode, const struct buf *b,
    struct fault *f)
{
	int fd, rc;

	if (buf_check(b, name, f) != 0)
		return -1;
	fd =
	    openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", name);
	rc = buf_write_fd(b, fd);
	if (close(fd) != 0)
		rc = -1;
	return rc == 0 ? 0 : fault_sys(f, FAULT_UNSURE, errno, "%s", name);
}

static int
new_token(char *out, struct fault *f)
{
	unsigned char raw[TOKEN_BYTES];

	if (digest_random(raw, sizeof(raw), f) != 0)
		return -1;
	digest_hex(raw, sizeof(raw), out);
	return 0;
}

static int
write_tokens(int dir_fd, const char *admin, struct fault *f)
{
	char kubelet[TOKEN_SIZE];
	struct buf b;
	int rc = -1;

	buf_init(&b, 4096);
	if (new_token(kubelet, f) != 0)
		goto out;
	/* kube-apiserver's static token file: token,user,uid,"groups" */
	buf_addf(&b, "%s,admin,admin,\"system:masters\"\n", admin);
	if (put(dir_fd, "tokens.csv", 0600, &b, f) != 0)
		goto out;
	buf_clear(&b);
	buf_addf(&b, "%s\n", kubelet);
	rc = put(dir_fd, "kubelet-token", 0600, &b, f);
out:
	buf_release(&b);
	return rc;
}

static int
write_kubeconfig(int dir_fd, int port, const struct cert *ca, const char *admin,
    struct fault *f)
{
	struct buf b;
	int rc;

	buf_init(&b, 64 << 10);
	buf_addf(&b,
	    "apiVersion: v1\nkind: Config\nclusters:\n- name: sandbox\n"
	    "  cluster:\n    server: https://127.0.0.1:%d\n"
	    "    certificate-authority-data: ",
	    port);
	digest_base64(ca->cert_pem.data, ca->cert_pem.len, &b);
	buf_addf(&b,
	    "\nusers:\n- name: admin\n  user:\n    token: %s\n"
	    "contexts:\n- name: sandbox\n  context:\n    cluster: sandbox\n"
	    "    user: admin\n    namespace: default\n"
	    "current-context: sandbox\n",
	    admin);
	rc = put(dir_fd, "kubeconfig", 0600, &b, f);
	buf_release(&b);
	return rc;
}

int
credentials_write(int dir_fd, int port, struct fault *f)
{
	struct cert ca, tls;
	char admin[TOKEN_SIZE];
	int rc = -1;

	memset(&tls, 0, sizeof(tls));
	if (cert_authority(&ca, "inttest sandbox", DAYS, f) != 0)
		return -1;
	if (cert_server(&ca, &tls, "sandbox", server_names, DAYS, f) != 0 ||
	    new_token(admin, f) != 0 ||
	    put(dir_fd, "ca.crt", 0644, &ca.cert_pem, f) != 0 ||
	    put(dir_fd, "tls.crt", 0644, &tls.cert_pem, f) != 0 ||
	    put(dir_fd, "tls.key", 0600, &tls.key_pem, f) != 0 ||
	    write_tokens(dir_fd, admin, f) != 0 ||
	    write_kubeconfig(dir_fd, port, &ca, admin, f) != 0)
		goto out;
	rc = 0;
out:
	cert_release(&ca);
	cert_release(&tls);
	return rc;
}
