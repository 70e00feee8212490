/*
 * The proxy of the environment: see kube_proxy.h.  libcurl's own reading of
 * these variables is turned off (see http_request.c).
 */
#include "kube_proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where requests go. */
struct target {
	char host[256]; /* without brackets */
	char port[8];
	int family; /* of address: AF_INET, AF_INET6, or 0: a name */
	unsigned char address[16];
};

/* An address in its canonical form: IPv4 in IPv6 is IPv4.  Its family or 0. */
static int
parse_address(const char *s, unsigned char *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET, s, out) == 1)
		return AF_INET;
	if (inet_pton(AF_INET6, s, out) != 1)
		return 0;
	if (memcmp(out, mapped, sizeof(mapped)) != 0)
		return AF_INET6;
	memmove(out, out + 12, 4);
	return AF_INET;
}

/* Splits HOST, HOST:PORT, [V6] or [V6]:PORT; a bare V6 address has no port. */
static void
split(const char *s, size_t n, char *host, size_t size, char *port,
    size_t port_size)
{
	const char *colon = memrchr(s, ':', n), *close = memchr(s, ']', n);

	port[0] = '\0';
	if (n > 0 && s[0] == '[' && close != NULL) {
		if (colon == close + 1)
			snprintf(port, port_size, "%.*s",
			    (int)(s + n - colon - 1), colon + 1);
		snprintf(host, size, "%.*s", (int)(close - s - 1), s + 1);
		return;
	}
	if (colon != NULL && memchr(s, ':', n) == colon) {
		snprintf(port, port_size, "%.*s", (int)(s + n - colon - 1),
		    colon + 1);
		n = (size_t)(colon - s);
	}
	snprintf(host, size, "%.*s", (int)n, s);
}

static void
parse_server(const char *server, struct target *t)
{
	int https = strncmp(server, "https:", 6) == 0;
	const char *p = strstr(server, "://");

	p = p != NULL ? p + 3 : server;
	split(p, strcspn(p, "/?#"), t->host, sizeof(t->host), t->port,
	    sizeof(t->port));
	if (t->port[0] == '\0')
		snprintf(t->port, sizeof(t->port), "%s", https ? "443" : "80");
	t->family = parse_address(t->host, t->address);
}

static int
is_loopback(const struct target *t)
{
	static const unsigned char one[16] = { [15] = 1 };

	if (t->family == AF_INET)
		return t->address[0] == 127;
	if (t->family == AF_INET6)
		return memcmp(t->address, one, sizeof(one)) == 0;
	return strcasecmp(t->host, "localhost") == 0;
}

/* 1 when t is in the network "ADDRESS/BITS". */
static int
in_network(const struct target *t, const char *network)
{
	const char *slash = strchr(network, '/');
	unsigned char base[16];
	char address[64], *end;
	int family, whole, rest;
	long bits;

	snprintf(
	    address, sizeof(address), "%.*s", (int)(slash - network), network);
	family = parse_address(address, base);
	bits = strtol(slash + 1, &end, 10);
	if (family == 0 || family != t->family || *end != '\0' || bits < 0 ||
	    bits > (family == AF_INET ? 32 : 128))
		return 0;
	whole = (int)bits / 8;
	rest = (int)bits % 8;
	if (memcmp(base, t->address, (size_t)whole) != 0)
		return 0;
	return rest == 0 ||
	       (base[whole] ^ t->address[whole]) >> (8 - rest) == 0;
}

/* A name, and the names below it; ".NAME" and "*.NAME" are only those. */
static int
in_domain(const char *host, const char *domain)
{
	size_t n = strlen(host), m;

	if (domain[0] == '*' && domain[1] == '.')
		domain++;
	else if (domain[0] != '.' && strcasecmp(host, domain) == 0)
		return 1;
	domain += domain[0] == '.';
	m = strlen(domain);
	return m > 0 && n > m + 1 && host[n - m - 1] == '.' &&
	       strcasecmp(host + n - m, domain) == 0;
}

static int
excepted(const struct target *t, const char *entry)
{
	unsigned char address[16];
	char host[256], port[8];
	int family;

	if (strcmp(entry, "*") == 0)
		return 1;
	if (strchr(entry, '/') != NULL)
		return in_network(t, entry);
	split(entry, strlen(entry), host, sizeof(host), port, sizeof(port));
	if (host[0] == '\0' || (port[0] != '\0' && strcmp(port, t->port) != 0))
		return 0;
	family = parse_address(host, address);
	if (family == 0)
		return t->family == 0 && in_domain(t->host, host);
	return family == t->family &&
	       memcmp(address, t->address, family == AF_INET ? 4 : 16) == 0;
}

static const char *
variable(const char *upper, const char *lower)
{
	const char *v = getenv(upper);

	if (v == NULL || v[0] == '\0')
		v = getenv(lower);
	return v != NULL && v[0] != '\0' ? v : NULL;
}

/* 1 when NO_PROXY, a list with commas, names t. */
static int
is_direct(const struct target *t)
{
	const char *p = variable("NO_PROXY", "no_proxy");
	char entry[300];
	size_t n, skip;

	if (is_loopback(t))
		return 1;
	for (; p != NULL && *p != '\0'; p += p[0] == ',') {
		n = strcspn(p, ",");
		skip = strspn(p, " \t");
		if (skip > n)
			skip = n;
		snprintf(
		    entry, sizeof(entry), "%.*s", (int)(n - skip), p + skip);
		entry[strcspn(entry, " \t")] = '\0';
		if (entry[0] != '\0' && excepted(t, entry))
			return 1;
		p += n;
	}
	return 0;
}

int
kube_proxy(const char *server, const char *given, char **out, struct fault *f)
{
	struct target t = { 0 };

	*out = NULL;
	if (given == NULL) {
		parse_server(server, &t);
		given = strncmp(server, "https:", 6) == 0 ?
			    variable("HTTPS_PROXY", "https_proxy") :
			    variable("HTTP_PROXY", "http_proxy");
		if (given == NULL || is_direct(&t))
			return 0;
	}
	/* Go lets a SOCKS proxy look names up */
	if (strncmp(given, "socks5://", 9) == 0) {
		if (asprintf(out, "socks5h%s", given + 6) == -1)
			*out = NULL;
	} else {
		*out = strdup(given);
	}
	return *out != NULL ? 0 : fault_nomem(f);
}
