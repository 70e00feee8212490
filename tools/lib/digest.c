/*
 * Digests, encodings and random bytes over OpenSSL's EVP: see digest.h.
 * The algorithms are fetched implicitly (EVP_sha256()) at each use: a cache
 * would be a writable global, and the tools digest few and large things.
 */
#include "digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *ctx;
};

static int
digest_once(const EVP_MD *md, const char *name, const void *p, size_t n,
    unsigned char *out, struct fault *f)
{
	/* EVP_Digest refuses a NULL of length 0 in some versions */
	if (EVP_Digest(n > 0 ? p : "", n, out, NULL, md, NULL) != 1)
		return fault_set(f, FAULT_UNSURE, "%s: digest failed", name);
	return 0;
}

int
digest_sha256(const void *p, size_t n, unsigned char *out, struct fault *f)
{
	return digest_once(EVP_sha256(), "sha256", p, n, out, f);
}

int
digest_sha1(const void *p, size_t n, unsigned char *out, struct fault *f)
{
	return digest_once(EVP_sha1(), "sha1", p, n, out, f);
}

int
digest_md5(const void *p, size_t n, unsigned char *out, struct fault *f)
{
	return digest_once(EVP_md5(), "md5", p, n, out, f);
}

int
digest_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
    unsigned char *out, struct fault *f)
{
	unsigned int len = 0;

	if (key_len > INT_MAX)
		return fault_set(f, FAULT_INPUT, "hmac: key too long");
	if (HMAC(EVP_sha256(), key_len > 0 ? key : "", (int)key_len,
		n > 0 ? p : (const void *)"", n, out, &len) == NULL ||
	    len != DIGEST_SHA256)
		return fault_set(f, FAULT_UNSURE, "hmac: digest failed");
	return 0;
}

int
digest_sha256_hex(const void *p, size_t n, char *out, struct fault *f)
{
	unsigned char raw[DIGEST_SHA256];

	if (digest_sha256(p, n, raw, f) != 0)
		return -1;
	digest_hex(raw, sizeof(raw), out);
	return 0;
}

struct digest *
digest_new(struct fault *f)
{
	struct digest *d = malloc(sizeof(*d));

	if (d == NULL) {
		fault_nomem(f);
		return NULL;
	}
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL ||
	    EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1) {
		fault_set(f, FAULT_UNSURE, "sha256: cannot start a digest");
		digest_free(d);
		return NULL;
	}
	return d;
}

int
digest_add(struct digest *d, const void *p, size_t n, struct fault *f)
{
	if (n > 0 && EVP_DigestUpdate(d->ctx, p, n) != 1)
		return fault_set(f, FAULT_UNSURE, "sha256: digest failed");
	return 0;
}

int
digest_end(struct digest *d, unsigned char *out, struct fault *f)
{
	unsigned int len = 0;

	if (EVP_DigestFinal_ex(d->ctx, out, &len) != 1 || len != DIGEST_SHA256)
		return fault_set(f, FAULT_UNSURE, "sha256: digest failed");
	return 0;
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

char *
digest_hex(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *s = p;
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[s[i] >> 4];
		out[2 * i + 1] = digits[s[i] & 15];
	}
	out[2 * n] = 0;
	return out;
}

int
digest_base64(const void *p, size_t n, struct buf *out)
{
	const unsigned char *s = p;
	unsigned char text[4 * 1024 + 1];
	size_t some;
	int len;

	/* in pieces of a multiple of 3, so that only the last one is padded */
	while (n > 0) {
		some = n < 3 * 1024 ? n : 3 * 1024;
		len = EVP_EncodeBlock(text, s, (int)some);
		if (buf_add(out, text, (size_t)len) != 0)
			return -1;
		s += some;
		n -= some;
	}
	return 0;
}

/* The value of a base64 digit, or -1. */
static int
base64_digit(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Strict (RFC 4648): padding where it belongs, no stray bits, line ends
 * skipped.  EVP_DecodeBlock would take blanks and leave padding as zeroes.
 */
int
digest_unbase64(const char *s, size_t n, struct buf *out, struct fault *f)
{
	unsigned bits = 0, have = 0, pad = 0;
	size_t i;
	int v;

	for (i = 0; i < n; i++) {
		if (s[i] == '\n' || s[i] == '\r')
			continue;
		if (s[i] == '=') {
			pad++;
			continue;
		}
		v = base64_digit((unsigned char)s[i]);
		if (v < 0 || pad > 0)
			goto malformed;
		bits = (bits << 6 | (unsigned)v) & 0xffffff;
		if (++have == 4) {
			unsigned char t[3] = { (unsigned char)(bits >> 16),
				(unsigned char)(bits >> 8),
				(unsigned char)bits };

			buf_add(out, t, 3);
			have = 0;
		}
	}
	if (have == 1 || (have == 0 && pad != 0) ||
	    (have > 0 && have + pad != 4))
		goto malformed;
	if (have == 2) {
		if ((bits & 15) != 0)
			goto malformed;
		buf_addc(out, (char)(bits >> 4));
	} else if (have == 3) {
		if ((bits & 3) != 0)
			goto malformed;
		buf_addc(out, (char)(bits >> 10));
		buf_addc(out, (char)(bits >> 2));
	}
	return buf_check(out, "base64", f);
malformed:
	return fault_set(f, FAULT_INPUT, "base64: malformed at byte %zu", i);
}

int
digest_random(void *out, size_t n, struct fault *f)
{
	if (n > INT_MAX || RAND_bytes(out, (int)n) != 1)
		return fault_set(
		    f, FAULT_UNSURE, "random bytes: none to be had");
	return 0;
}

int
digest_uuid(char *out, struct fault *f)
{
	unsigned char b[16];
	char hex[33];

	if (digest_random(b, sizeof(b), f) != 0)
		return -1;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562, 5.4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	digest_hex(b, sizeof(b), hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
	    hex + 16, hex + 20);
	return 0;
}
