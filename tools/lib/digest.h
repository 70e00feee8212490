/*
 * Digests, encodings and random bytes: the door to OpenSSL's EVP.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#include "buf.h"
#include "fault.h"

#define DIGEST_SHA256 32     /* bytes */
#define DIGEST_MD5 16        /* bytes */
#define DIGEST_SHA1 20       /* bytes; for WebSocket handshakes alone */
#define DIGEST_SHA256_HEX 65 /* with the 0 behind */

/* One-shot digests into out (DIGEST_... bytes): 0, or -1. */
int digest_sha256(const void *p, size_t n, unsigned char *out, struct fault *f);
int digest_sha1(const void *p, size_t n, unsigned char *out, struct fault *f);
int digest_md5(const void *p, size_t n, unsigned char *out, struct fault *f);
int digest_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
    unsigned char *out, struct fault *f);

/* SHA-256 as lower-case hex into out (DIGEST_SHA256_HEX bytes): 0, or -1. */
int digest_sha256_hex(const void *p, size_t n, char *out, struct fault *f);

/* Running SHA-256, for what is read in pieces. */
struct digest;
struct digest *digest_new(struct fault *f);
int digest_add(struct digest *d, const void *p, size_t n, struct fault *f);
int digest_end(struct digest *d, unsigned char *out, struct fault *f);
void digest_free(struct digest *d);

/* Lower-case hex of n bytes into out (2n + 1 bytes); returns out. */
char *digest_hex(const void *p, size_t n, char *out);

/* Standard base64 appended to / decoded from text.  0, or -1 (malformed). */
int digest_base64(const void *p, size_t n, struct buf *out);
int digest_unbase64(const char *s, size_t n, struct buf *out, struct fault *f);

/* n random bytes from the system's generator: 0, or -1. */
int digest_random(void *out, size_t n, struct fault *f);

/* A random version-4 UUID as text into out (37 bytes): 0, or -1. */
int digest_uuid(char *out, struct fault *f);

#endif
