/*
 * Cluster addresses: see service_ips.h.  A bitmap over the range; new
 * addresses are taken in order behind the last one, so that an address that
 * was freed is not at once another service's.
 */
#include "k8s-apid/service_ips.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/opt.h"

struct service_ips {
	uint32_t base; /* host byte order */
	uint32_t size; /* addresses, network and broadcast included */
	uint32_t last; /* offset given out last */
	unsigned char *taken;
};

/* Small enough for a bitmap: a /12 is 128 KB. */
struct service_ips *
service_ips_new(const char *cidr, struct fault *f)
{
	struct service_ips *s = calloc(1, sizeof *s);
	const char *slash = strchr(cidr, '/');
	struct in_addr in;
	char addr[32];
	long long bits;

	if (s == NULL) {
		fault_nomem(f);
		return NULL;
	}
	snprintf(addr, sizeof addr, "%.*s",
	    slash != NULL ? (int)(slash - cidr) : 0, cidr);
	if (slash == NULL || inet_pton(AF_INET, addr, &in) != 1 ||
	    opt_number("bits", slash + 1, 12, 30, &bits, NULL) != 0) {
		fault_set(f, FAULT_INPUT,
		    "%s: not an IPv4 range (ADDRESS/12 to /30)", cidr);
		free(s);
		return NULL;
	}
	s->size = (uint32_t)1 << (32 - bits);
	s->base = ntohl(in.s_addr) & ~(s->size - 1);
	s->taken = calloc(1, s->size / 8 + 1);
	if (s->taken == NULL) {
		free(s);
		fault_nomem(f);
		return NULL;
	}
	/* network, kubernetes.default, broadcast */
	s->taken[0] |= 1;
	s->last = 1;
	s->taken[(s->size - 1) / 8] |=
	    (unsigned char)(1 << ((s->size - 1) % 8));
	return s;
}

void
service_ips_free(struct service_ips *s)
{
	if (s != NULL)
		free(s->taken);
	free(s);
}

static void
print(const struct service_ips *s, uint32_t i, char *out, size_t size)
{
	struct in_addr in = { htonl(s->base + i) };

	snprintf(out, size, "%s", "");
	inet_ntop(AF_INET, &in, out, (socklen_t)size);
}

void
service_ips_first(const struct service_ips *s, char *out, size_t size)
{
	print(s, 1, out, size);
}

static int
is_taken(const struct service_ips *s, uint32_t i)
{
	return s->taken[i / 8] >> (i % 8) & 1;
}

/* The offset of an address, or 0 when it is outside of the range. */
static uint32_t
offset(const struct service_ips *s, const char *ip)
{
	struct in_addr in;
	uint32_t i;

	if (ip == NULL || inet_pton(AF_INET, ip, &in) != 1)
		return 0;
	i = ntohl(in.s_addr) - s->base;
	return i < s->size ? i : 0;
}

/* Once around the range, beginning behind the last one. */
static uint32_t
next_free(const struct service_ips *s)
{
	uint32_t n, i = s->last;

	for (n = 0; n < s->size; n++) {
		i = i + 1 < s->size ? i + 1 : 1;
		if (!is_taken(s, i))
			return i;
	}
	return 0;
}

static int
refuse(const struct type *t, const cJSON *v, const char *ip, const char *why,
    struct status *st)
{
	cJSON *value = cJSON_CreateString(ip);
	struct causes c;

	causes_init(&c);
	cause_invalid(&c, "spec.clusterIP", value, why);
	cJSON_Delete(value);
	return status_invalid(st, t, json_str(v, "metadata", "name", NULL), &c);
}

/* clusterIPs says the same as clusterIP. */
static int
set_ip(cJSON *spec, const char *ip, struct status *st)
{
	cJSON *list = cJSON_CreateArray();

	if (list == NULL ||
	    !cJSON_AddItemToArray(list, cJSON_CreateString(ip))) {
		cJSON_Delete(list);
		return status_nomem(st);
	}
	if (json_set_str(spec, "clusterIP", ip) != 0) {
		cJSON_Delete(list);
		return status_nomem(st);
	}
	return json_set(spec, "clusterIPs", list) == 0 ? 0 : status_nomem(st);
}

/* What an address brings with it goes with it, unless it is set anew. */
static void
drop_ip(struct service_ips *s, cJSON *spec, const cJSON *was, int dry_run)
{
	static const char *const keys[] = { "clusterIPs", "ipFamilies",
		"ipFamilyPolicy", "internalTrafficPolicy", "clusterIP" };
	const char *ip = json_str(was, "clusterIP", NULL);
	const cJSON *now, *old;
	uint32_t n = offset(s, ip);
	size_t i;

	for (i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		now = json_at(spec, keys[i], NULL);
		old = json_at(was, keys[i], NULL);
		if (now != NULL && old != NULL && json_equal(now, old))
			cJSON_DeleteItemFromObjectCaseSensitive(spec, keys[i]);
	}
	if (n > 0 && !dry_run)
		s->taken[n / 8] &= (unsigned char)~(1 << (n % 8));
}

/* Keeps what old had, takes what is asked for, or finds one. */
int
service_ips_assign(struct apid *a, const struct type *t, const cJSON *old,
    cJSON *v, int dry_run, struct status *st)
{
	struct service_ips *s = a->ips;
	cJSON *spec = json_at(v, "spec", NULL);
	const char *ip = json_str(spec, "clusterIP", NULL);
	const char *was = json_str(old, "spec", "clusterIP", NULL);
	const char *type = json_str(spec, "type", NULL);
	char text[INET_ADDRSTRLEN];
	uint32_t i;

	if (strcmp(t->plural, "services") != 0 || spec == NULL)
		return 0;
	if (type != NULL && strcmp(type, "ExternalName") == 0) {
		drop_ip(s, spec, json_at(old, "spec", NULL), dry_run);
		return 0;
	}
	if ((ip == NULL || ip[0] == '\0') && was != NULL)
		return set_ip(spec, was, st);
	if (ip != NULL && strcmp(ip, "None") == 0)
		return set_ip(spec, "None", st);
	if (ip != NULL && ip[0] != '\0') {
		if (was != NULL && strcmp(ip, was) == 0)
			return set_ip(spec, ip, st);
		i = offset(s, ip);
		if (i == 0)
			return refuse(t, v, ip,
			    "provided IP is not in the valid range", st);
		if (is_taken(s, i))
			return refuse(
			    t, v, ip, "provided IP is already allocated", st);
	} else if ((i = next_free(s)) == 0)
		return status_set(st, 500, "InternalError",
		    "Internal error occurred: failed to allocate a service "
		    "IP: range is full");
	print(s, i, text, sizeof text);
	if (set_ip(spec, text, st) != 0)
		return -1;
	if (!dry_run) {
		s->taken[i / 8] |= (unsigned char)(1 << (i % 8));
		s->last = i;
	}
	return 0;
}

void
service_ips_release(struct apid *a, const struct type *t, const cJSON *v)
{
	struct service_ips *s = a->ips;
	uint32_t i = 0;

	if (strcmp(t->plural, "services") == 0)
		i = offset(s, json_str(v, "spec", "clusterIP", NULL));
	if (i > 0)
		s->taken[i / 8] &= (unsigned char)~(1 << (i % 8));
}
