/*
 * The cluster of a tool: see kube_tool.h.  Each tool keeps loop, client and
 * namespace where its rooms find them; only their making is here.
 */
#include "kube_tool.h"

#include <stddef.h>

#include "lib/http.h"

void
kube_tool_option(struct kube_tool *t, int ch, const char *arg)
{
	switch (ch) {
	case 'n':
		t->ns = arg;
		break;
	case KUBE_TOOL_CONTEXT:
		t->context = arg;
		break;
	case KUBE_TOOL_KUBECONFIG:
		t->kubeconfig = arg;
		break;
	}
}

/* kubectl is silent about this; a token goes to whoever answers. */
static void
warn_insecure(const struct kube *kube)
{
	if (kube_insecure(kube))
		tool_warn("%s: its certificate is not verified "
			  "(insecure-skip-tls-verify)",
		    kube_server(kube));
}

void
kube_tool_open(const struct kube_tool *t, struct loop **loop,
    struct kube **kube, const char **ns)
{
	struct fault f = { 0 };

	if (http_init(&f) != 0 || (*loop = loop_new(&f)) == NULL)
		tool_die(&f);
	*kube = kube_open(*loop, t->kubeconfig, t->context, &f);
	if (*kube == NULL)
		tool_die(&f);
	warn_insecure(*kube);
	*ns = t->ns != NULL ? t->ns : kube_namespace(*kube);
}

void
kube_tool_close(struct loop *loop, struct kube *kube)
{
	kube_free(kube);
	loop_free(loop);
}
