/*
 * Digests against the vectors of RFC 6234 (SHA-256), 1321 (MD5), 4231 (HMAC)
 * and 4648 (base64).
 */
#include "lib/digest.h"

#include <stdlib.h>

#include "tap.h"

static void
sha256(const char *s, const char *want)
{
	char hex[DIGEST_SHA256_HEX] = "";
	struct fault f;

	tap_ok(digest_sha256_hex(s, strlen(s), hex, &f) == 0, "sha256 works");
	tap_str(hex, want, "sha256 as in RFC 6234");
}

static void
md5(const char *s, const char *want)
{
	unsigned char raw[DIGEST_MD5] = { 0 };
	char hex[2 * DIGEST_MD5 + 1];
	struct fault f;

	tap_ok(digest_md5(s, strlen(s), raw, &f) == 0, "md5 works");
	tap_str(digest_hex(raw, sizeof(raw), hex), want, "md5 as in RFC 1321");
}

static void
hmac(const void *key, size_t key_len, const char *s, const char *want)
{
	unsigned char raw[DIGEST_SHA256] = { 0 };
	char hex[DIGEST_SHA256_HEX];
	struct fault f;

	tap_ok(digest_hmac_sha256(key, key_len, s, strlen(s), raw, &f) == 0,
	    "hmac works");
	tap_str(digest_hex(raw, sizeof(raw), hex), want, "hmac as in RFC 4231");
}

static void
base64(const char *s, const char *want)
{
	struct buf b, back;
	struct fault f;

	buf_init(&b, 1000);
	buf_init(&back, 1000);
	tap_ok(digest_base64(s, strlen(s), &b) == 0, "base64 encodes");
	tap_str(buf_str(&b), want, "base64 as in RFC 4648");
	tap_ok(digest_unbase64(b.data, b.len, &back, &f) == 0, "and decodes");
	tap_str(buf_str(&back), s, "back to the same");
	buf_release(&b);
	buf_release(&back);
}

static void
malformed(const char *s)
{
	struct buf b;
	struct fault f;

	buf_init(&b, 1000);
	tap_ok(digest_unbase64(s, strlen(s), &b, &f) == -1 &&
		   f.code == FAULT_INPUT,
	    "\"%s\" is refused", s);
	buf_release(&b);
}

/* Long input: encoding in pieces must not pad in the middle. */
static void
long_base64(void)
{
	enum { N = 10000 };
	static char text[N];
	struct buf b, back;
	struct fault f;

	memset(text, 'x', sizeof(text));
	buf_init(&b, 2 * N);
	buf_init(&back, N);
	digest_base64(text, N, &b);
	tap_ok(b.len == (N + 2) / 3 * 4, "10,000 bytes have the right length");
	tap_ok(digest_unbase64(b.data, b.len, &back, &f) == 0 &&
		   back.len == N && memcmp(back.data, text, N) == 0,
	    "10,000 bytes come back");
	buf_clear(&back);
	buf_add(&back, "x", 1);
	tap_ok(digest_unbase64(b.data, b.len, &back, &f) == -1,
	    "the buffer's limit is told");
	buf_release(&b);
	buf_release(&back);
}

static void
pieces(void)
{
	unsigned char raw[DIGEST_SHA256] = { 0 };
	char hex[DIGEST_SHA256_HEX];
	struct fault f;
	struct digest *d = digest_new(&f);

	tap_ok(d != NULL && digest_add(d, "a", 1, &f) == 0 &&
		   digest_add(d, NULL, 0, &f) == 0 &&
		   digest_add(d, "bc", 2, &f) == 0 &&
		   digest_end(d, raw, &f) == 0,
	    "a running digest");
	tap_str(digest_hex(raw, sizeof(raw), hex),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	    "equals the one in one piece");
	digest_free(d);
	digest_free(NULL);
}

int
main(void)
{
	unsigned char key[131];
	char one[37], two[37];
	struct fault f;

	sha256("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785"
		   "2b855");
	sha256("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff6"
		      "1f20015ad");
	md5("", "d41d8cd98f00b204e9800998ecf8427e");
	md5("message digest", "f96b697d7cb7938d525a2f31aaf161d0");
	hmac("Jefe", 4, "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	hmac(key, sizeof(key),
	    "Test Using Larger Than Block-Size Key - Hash Key First",
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	base64("", "");
	base64("f", "Zg==");
	base64("fo", "Zm8=");
	base64("foo", "Zm9v");
	base64("foobar", "Zm9vYmFy");
	malformed("Zg");
	malformed("Zg=");
	malformed("Zh==");
	malformed("Zg==Zg==");
	malformed("Z g=");
	malformed("====");
	malformed("Zm9=v");
	long_base64();
	pieces();
	tap_ok(digest_uuid(one, &f) == 0 && digest_uuid(two, &f) == 0 &&
		   strcmp(one, two) != 0,
	    "two UUIDs differ");
	tap_ok(strlen(one) == 36 && one[14] == '4' &&
		   strchr("89ab", one[19]) != NULL,
	    "a UUID is of version 4: %s", one);
	return tap_end();
}
