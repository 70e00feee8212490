/*
 * Certificates, checked by OpenSSL's own verifier through its command line
 * tool: the chain, the names, the purpose, the dates, the key kept apart.
 */
#include "lib/cert.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* Runs openssl with the arguments in dir; 1 when it succeeds. */
static int
openssl(const char *dir, const char *const *argv)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
		    chdir(dir) != 0)
			_exit(126);
		execvp("openssl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void
put(const char *dir, const char *name, const struct buf *b)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	tap_ok(fd >= 0 && buf_write_fd(b, fd) == 0, "%s is written", name);
	if (fd >= 0)
		close(fd);
}

static void
drop(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
}

/* Verifies name against ca.crt for a DNS name (or an address). */
static int
verify(const char *dir, const char *option, const char *value)
{
	const char *argv[] = { "openssl", "verify", "-x509_strict", "-purpose",
		"sslserver", "-CAfile", "ca.crt", option, value, "tls.crt",
		NULL };

	return openssl(dir, argv);
}

static void
check_with_openssl(struct cert *ca, struct cert *tls)
{
	char dir[] = "/tmp/cert.XXXXXX";
	const char *soon[] = { "openssl", "x509", "-in", "tls.crt", "-checkend",
		"3600", "-noout", NULL };
	const char *late[] = { "openssl", "x509", "-in", "tls.crt", "-checkend",
		"260000", "-noout", NULL };
	const char *key[] = { "openssl", "pkey", "-in", "tls.key", "-check",
		"-noout", NULL };

	if (!tap_ok(mkdtemp(dir) != NULL, "a folder for the files"))
		return;
	put(dir, "ca.crt", &ca->cert_pem);
	put(dir, "tls.crt", &tls->cert_pem);
	put(dir, "tls.key", &tls->key_pem);
	tap_ok(verify(dir, "-verify_hostname", "localhost"), "a DNS name");
	tap_ok(verify(dir, "-verify_hostname", "kubernetes.default.svc"),
	    "the second DNS name");
	tap_ok(verify(dir, "-verify_ip", "127.0.0.1"), "an address");
	tap_ok(!verify(dir, "-verify_hostname", "example.org"),
	    "another name is refused");
	tap_ok(!verify(dir, "-verify_ip", "10.0.0.1"),
	    "another address is refused");
	tap_ok(openssl(dir, soon), "valid for more than an hour");
	tap_ok(!openssl(dir, late), "but not for more than three days");
	tap_ok(openssl(dir, key), "the key is sound");
	drop(dir, "ca.crt");
	drop(dir, "tls.crt");
	drop(dir, "tls.key");
	rmdir(dir);
}

int
main(void)
{
	static const char *const names[] = { "DNS:localhost",
		"DNS:kubernetes.default.svc", "IP:127.0.0.1", "IP:10.96.0.1",
		NULL };
	static const char *const bad[] = { "localhost", NULL };
	static const char *const bad_ip[] = { "IP:1.2.3", NULL };
	struct cert ca, other, tls, none;
	struct fault f;

	tap_ok(
	    cert_authority(&ca, "inttest sandbox", 3, &f) == 0, "an authority");
	tap_ok(cert_authority(&other, "inttest sandbox", 3, &f) == 0 &&
		   strcmp(buf_str(&ca.cert_pem), buf_str(&other.cert_pem)) != 0,
	    "another one differs");
	tap_ok(cert_server(&ca, &tls, "sandbox", names, 3, &f) == 0,
	    "a server's certificate");
	tap_ok(strstr(buf_str(&tls.cert_pem), "PRIVATE") == NULL &&
		   strstr(buf_str(&tls.key_pem), "PRIVATE KEY") != NULL,
	    "the key is in its own text only");
	check_with_openssl(&ca, &tls);
	tap_ok(cert_server(&ca, &none, "sandbox", bad, 3, &f) == -1 &&
		   f.code == FAULT_UNSURE && none.cert_pem.data == NULL,
	    "a name without its kind is refused");
	tap_ok(cert_server(&ca, &none, "sandbox", bad_ip, 3, &f) == -1,
	    "half an address is refused");
	buf_clear(&other.cert_pem);
	tap_ok(cert_server(&other, &none, "sandbox", names, 3, &f) == -1,
	    "an authority without its certificate is refused");
	cert_release(&ca);
	cert_release(&other);
	cert_release(&tls);
	cert_release(&none);
	cert_release(&none);
	return tap_end();
}
