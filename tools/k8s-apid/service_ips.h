/*
 * Cluster addresses of Services, out of one IPv4 range.
 */
#ifndef SERVICE_IPS_H
#define SERVICE_IPS_H

#include "k8s-apid/request.h"

/* From "10.96.0.0/16"; NULL with f filled. */
struct service_ips *service_ips_new(const char *cidr, struct fault *f);
void service_ips_free(struct service_ips *s);

/* Writes the first address of the range (kubernetes.default) into out. */
void service_ips_first(const struct service_ips *s, char *out, size_t size);

/*
 * Gives a Service (other kinds pass) the address it asks for or a free one,
 * keeps that of old; nothing is taken with dry_run.  -1: 422.
 */
int service_ips_assign(struct apid *a, const struct type *t, const cJSON *old,
    cJSON *v, int dry_run, struct status *st);

/* Gives a removed Service's address back; other kinds pass. */
void service_ips_release(struct apid *a, const struct type *t, const cJSON *v);

#endif
