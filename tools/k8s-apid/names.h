/*
 * The syntax of names, labels and keys, with the messages of apimachinery's
 * util/validation.  Each returns NULL when s is good, else what it must be.
 */
#ifndef NAMES_H
#define NAMES_H

const char *names_label(const char *s);     /* RFC 1123 label, 63 bytes */
const char *names_subdomain(const char *s); /* RFC 1123, 253 bytes */
const char *names_dns1035(const char *s);   /* RFC 1035 label, 63 bytes */
const char *names_segment(const char *s);   /* of a path: RBAC */
const char *names_qualified(const char *s); /* [prefix/]name: label keys */
const char *names_finalizer(const char *s); /* as labels; or a standard one */
const char *names_inner_path(const char *s);
const char *names_label_value(const char *s);
const char *names_config_key(const char *s);
const char *names_env(const char *s);
const char *names_port(const char *s); /* an IANA service name */

#endif
