/*
 * A certificate authority for the life of one sandbox: ECDSA P-256 keys and
 * X.509 certificates as PEM; the door to OpenSSL's X.509.
 */
#ifndef CERT_H
#define CERT_H

#include "buf.h"
#include "fault.h"

struct cert {
	struct buf cert_pem, key_pem;
};

/* A new self-signed authority named cn, valid for days.  0 or -1. */
int cert_authority(struct cert *ca, const char *cn, int days, struct fault *f);

/*
 * A new server certificate signed by ca for the NULL-ended names, each
 * "DNS:name" or "IP:address".  0 or -1.
 */
int cert_server(const struct cert *ca, struct cert *out, const char *cn,
    const char *const *names, int days, struct fault *f);

void cert_release(struct cert *c);

#endif
