/*
 * Certificates for one sandbox's life: see cert.h.  ECDSA P-256 because a
 * key takes well under a millisecond to make, where RSA takes a hundred.
 * Profiles after RFC 5280: an authority that signs nothing but leaves, and
 * server certificates with subject alternative names, as TLS clients demand.
 */
#include "cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <string.h>

#define CERT_MAX (64 << 10) /* bytes of one PEM text */
#define BACKDATE 300        /* seconds: peers' clocks may be a little behind */

/* "WHAT: OpenSSL's reason", with its error queue emptied. */
static int
cert_fault(struct fault *f, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	fault_set(f, FAULT_UNSURE, "certificate: %s: %s", what,
	    reason != NULL ? reason : "failed");
	ERR_clear_error();
	return -1;
}

/* An unsigned certificate for key with what all of them have in common. */
static X509 *
new_certificate(EVP_PKEY *key, const char *cn, int days)
{
	X509 *x = X509_new();
	BIGNUM *serial = BN_new();
	int good;

	/* 127 random bits: positive and at most 20 octets (RFC 5280, 4.1.2.2)
	 */
	good = x != NULL && serial != NULL &&
	       BN_rand(serial, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL &&
	       X509_set_version(x, X509_VERSION_3) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -BACKDATE) != NULL &&
	       X509_time_adj_ex(X509_getm_notAfter(x), days, 0, NULL) != NULL &&
	       X509_set_pubkey(x, key) == 1 &&
	       X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
		   MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1;
	BN_free(serial);
	if (!good) {
		X509_free(x);
		return NULL;
	}
	return x;
}

/* Adds an extension by its name in OpenSSL's configuration language. */
static int
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	int good;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return good ? 0 : -1;
}

/*
 * Adds the names as subjectAltName.  Built as a structure and not through
 * the configuration language, where a comma in a name would start another.
 */
static int
add_names(X509 *x, const char *const *names)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = NULL;
	int good = all != NULL;

	for (; good && *names != NULL; names++) {
		int dns = strncmp(*names, "DNS:", 4) == 0;

		if (!dns && strncmp(*names, "IP:", 3) != 0)
			good = 0;
		else
			one = a2i_GENERAL_NAME(NULL, NULL, NULL,
			    dns ? GEN_DNS : GEN_IPADD,
			    (char *)(uintptr_t)(*names + (dns ? 4 : 3)), 0);
		if (good &&
		    (one == NULL || sk_GENERAL_NAME_push(all, one) == 0)) {
			GENERAL_NAME_free(one);
			good = 0;
		}
		one = NULL;
	}
	good =
	    good && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) == 1;
	GENERAL_NAMES_free(all);
	return good ? 0 : -1;
}

/* Appends what bio holds. */
static int
take_bio(BIO *bio, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	return n > 0 ? buf_add(out, p, (size_t)n) : -1;
}

/* Writes certificate and key as PEM into the (empty) out. */
static int
write_pem(struct cert *out, X509 *x, EVP_PKEY *key)
{
	BIO *c = BIO_new(BIO_s_mem()), *k = BIO_new(BIO_s_secmem());
	int good;

	buf_init(&out->cert_pem, CERT_MAX);
	buf_init(&out->key_pem, CERT_MAX);
	good = c != NULL && k != NULL && PEM_write_bio_X509(c, x) == 1 &&
	       PEM_write_bio_PKCS8PrivateKey(
		   k, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	       take_bio(c, &out->cert_pem) == 0 &&
	       take_bio(k, &out->key_pem) == 0;
	BIO_free(c);
	BIO_free(k);
	if (!good)
		cert_release(out);
	return good ? 0 : -1;
}

int
cert_authority(struct cert *ca, const char *cn, int days, struct fault *f)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = NULL;
	int rc = -1;

	memset(ca, 0, sizeof(*ca));
	if (key == NULL || (x = new_certificate(key, cn, days)) == NULL ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
	    add_extension(x, x, NID_basic_constraints,
		"critical,CA:TRUE,pathlen:0") != 0 ||
	    add_extension(
		x, x, NID_key_usage, "critical,keyCertSign,cRLSign") != 0 ||
	    add_extension(x, x, NID_subject_key_identifier, "hash") != 0 ||
	    X509_sign(x, key, EVP_sha256()) == 0 || write_pem(ca, x, key) != 0)
		cert_fault(f, cn);
	else
		rc = 0;
	X509_free(x);
	EVP_PKEY_free(key);
	return rc;
}

/* Reads an authority's PEM texts back: 0, or -1 with nothing to free. */
static int
read_authority(const struct cert *ca, X509 **x, EVP_PKEY **key)
{
	BIO *c = BIO_new_mem_buf(buf_str(&ca->cert_pem), -1);
	BIO *k = BIO_new_mem_buf(buf_str(&ca->key_pem), -1);

	*x = c != NULL ? PEM_read_bio_X509(c, NULL, NULL, NULL) : NULL;
	*key = k != NULL ? PEM_read_bio_PrivateKey(k, NULL, NULL, NULL) : NULL;
	BIO_free(c);
	BIO_free(k);
	if (*x != NULL && *key != NULL)
		return 0;
	X509_free(*x);
	EVP_PKEY_free(*key);
	return -1;
}

/* The extensions of a server's certificate. */
static int
server_extensions(X509 *x, X509 *ca, const char *const *names)
{
	if (add_extension(x, ca, NID_basic_constraints, "critical,CA:FALSE") !=
		0 ||
	    add_extension(x, ca, NID_key_usage, "critical,digitalSignature") !=
		0 ||
	    add_extension(x, ca, NID_ext_key_usage, "serverAuth") != 0 ||
	    add_extension(x, ca, NID_subject_key_identifier, "hash") != 0 ||
	    add_extension(x, ca, NID_authority_key_identifier, "keyid") != 0)
		return -1;
	return add_names(x, names);
}

int
cert_server(const struct cert *ca, struct cert *out, const char *cn,
    const char *const *names, int days, struct fault *f)
{
	EVP_PKEY *key = NULL, *ca_key;
	X509 *x = NULL, *ca_x;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (read_authority(ca, &ca_x, &ca_key) != 0)
		return cert_fault(f, "authority");
	if ((key = EVP_EC_gen("P-256")) == NULL ||
	    (x = new_certificate(key, cn, days)) == NULL ||
	    X509_set_issuer_name(x, X509_get_subject_name(ca_x)) != 1 ||
	    server_extensions(x, ca_x, names) != 0 ||
	    X509_sign(x, ca_key, EVP_sha256()) == 0 ||
	    write_pem(out, x, key) != 0)
		cert_fault(f, cn);
	else
		rc = 0;
	X509_free(x);
	EVP_PKEY_free(key);
	X509_free(ca_x);
	EVP_PKEY_free(ca_key);
	return rc;
}

void
cert_release(struct cert *c)
{
	/* the key's text is not left behind in freed memory */
	if (c->key_pem.data != NULL)
		OPENSSL_cleanse(c->key_pem.data, c->key_pem.len);
	buf_release(&c->cert_pem);
	buf_release(&c->key_pem);
}
