/* The environment's proxy, as Go programs read it (httpproxy's own cases). */
#include <stdlib.h>

#include "lib/kube_proxy.h"
#include "tap.h"

static void
is(const char *server, const char *given, const char *no, const char *want)
{
	struct fault f = { 0 };
	char *got, name[300];

	setenv("NO_PROXY", no, 1);
	if (kube_proxy(server, given, &got, &f) != 0)
		printf("# %s\n", f.msg);
	snprintf(name, sizeof(name), "%s, but not %s", server, no);
	tap_str(got != NULL ? got : "", want, name);
	free(got);
}

static void
test_exceptions(void)
{
	static const struct {
		const char *server, *no;
		int direct;
	} v[] = {
		{ "https://api.example.com:6443", "", 0 },
		{ "https://api.example.com", "*", 1 },
		{ "https://api.example.com", "example.com", 1 },
		{ "https://API.example.com", "a, Example.COM ,b", 1 },
		{ "https://example.com", "example.com", 1 },
		{ "https://example.com", ".example.com", 0 },
		{ "https://api.example.com", ".example.com", 1 },
		{ "https://api.example.com", "*.example.com", 1 },
		{ "https://badexample.com", "example.com", 0 },
		{ "https://api.example.com:6443", "example.com:6443", 1 },
		{ "https://api.example.com:6443", "example.com:443", 0 },
		{ "https://api.example.com/x:y", "example.com:443", 1 },
		{ "https://10.1.2.3", "10.1.2.3", 1 },
		{ "https://10.1.2.3:6443", "10.1.2.3:6443", 1 },
		{ "https://10.1.2.3", "10.1.2.4", 0 },
		{ "https://10.1.2.3", "10.1.0.0/16", 1 },
		{ "https://10.1.2.3", "10.1.2.0/31,10.1.2.2/31", 1 },
		{ "https://10.1.2.3", "10.2.0.0/15,10/8,/8,10.0.0.0/x,x/8", 0 },
		{ "https://10.1.2.3", "0.0.0.0/0", 1 },
		{ "https://[fd00::1]:6443", "fd00::/8", 1 },
		{ "https://[fd00::1]:6443", "[fd00::1]:6443", 1 },
		{ "https://[fd00::1]", "fd00::2,::/129,10.0.0.0/8", 0 },
		{ "https://localhost:6443", "", 1 },
		{ "https://127.9.9.9", "", 1 },
		{ "https://[::1]:6443", "", 1 },
		{ "https://a", ",, ,:443,.", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		is(v[i].server, NULL, v[i].no, v[i].direct ? "" : "http://p:1");
}

int
main(void)
{
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("HTTP_PROXY");
	setenv("HTTPS_PROXY", "http://p:1", 1);
	test_exceptions();
	is("http://api", NULL, "", "");
	setenv("http_proxy", "p:2", 1);
	is("http://api", NULL, "", "p:2");
	setenv("HTTPS_PROXY", "", 1);
	is("https://api", NULL, "", "");
	setenv("https_proxy", "socks5://p:3", 1);
	is("https://api", NULL, "", "socks5h://p:3");
	is("https://api", "http://given:4", "*", "http://given:4");
	is("https://127.0.0.1", "http://given:4", "", "http://given:4");
	return tap_end();
}
