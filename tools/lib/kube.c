/*
 * The client of a Kubernetes API server: its configuration, its connections,
 * and the one call that waits.  Single requests are kube_request.c's.
 */
#include "kube.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kube_auth.h"
#include "kube_impl.h"
#include "kube_proxy.h"

#define KUBE_PATIENCE_MS 30000

static struct http *
new_http(struct kube *k, struct fault *f)
{
	struct http_tls tls = { .ca_data = k->c.ca_data,
		.server_name = k->c.server_name,
		.insecure = k->c.insecure,
		.proxy = k->proxy };

	kube_auth_cert(k->auth, &tls.cert_data, &tls.key_data, &k->cert_serial);
	return http_new(k->loop, &tls, f);
}

static char *
copy(const char *s, int *failed)
{
	char *d = s != NULL ? strdup(s) : NULL;

	if (s != NULL && d == NULL)
		*failed = 1;
	return d;
}

static int
copy_config(struct kube_config *to, const struct kube_config *c)
{
	int failed = 0;

	*to = (struct kube_config){ .insecure = c->insecure };
	to->server = copy(c->server, &failed);
	to->ns = copy(c->ns, &failed);
	to->context = copy(c->context, &failed);
	to->ca_data = copy(c->ca_data, &failed);
	to->cert_data = copy(c->cert_data, &failed);
	to->key_data = copy(c->key_data, &failed);
	to->token = copy(c->token, &failed);
	to->token_file = copy(c->token_file, &failed);
	to->server_name = copy(c->server_name, &failed);
	to->proxy = copy(c->proxy, &failed);
	if (c->exec != NULL && (to->exec = cJSON_Duplicate(c->exec, 1)) == NULL)
		failed = 1;
	return failed ? -1 : 0;
}

struct kube *
kube_new(struct loop *l, const struct kube_config *c, struct fault *f)
{
	struct kube *k = calloc(1, sizeof(*k));

	if (k == NULL) {
		fault_nomem(f);
		return NULL;
	}
	k->loop = l;
	k->patience_ms = KUBE_PATIENCE_MS;
	if (copy_config(&k->c, c) != 0) {
		fault_nomem(f);
		goto fail;
	}
	k->auth = kube_auth_new(&k->c, f);
	if (k->auth == NULL ||
	    kube_proxy(k->c.server, k->c.proxy, &k->proxy, f) != 0)
		goto fail;
	k->http = new_http(k, f);
	if (k->http == NULL)
		goto fail;
	return k;
fail:
	kube_free(k);
	return NULL;
}

struct kube *
kube_open(struct loop *l, const char *kubeconfig, const char *context,
    struct fault *f)
{
	struct kube_config c;
	struct kube *k;

	if (kube_config_load(&c, kubeconfig, context, f) != 0)
		return NULL;
	k = kube_new(l, &c, f);
	kube_config_release(&c);
	return k;
}

void
kube_free(struct kube *k)
{
	struct old_client *o, *next;

	if (k == NULL)
		return;
	kube_calls_free(k);
	http_free(k->http);
	for (o = k->old; o != NULL; o = next) {
		next = o->next;
		http_free(o->http);
		free(o);
	}
	kube_discovery_free(k->discovery);
	kube_auth_free(k->auth);
	kube_config_release(&k->c);
	free(k->proxy);
	free(k);
}

const char *
kube_namespace(const struct kube *k)
{
	return k->c.ns;
}

const char *
kube_server(const struct kube *k)
{
	return k->c.server;
}

int
kube_insecure(const struct kube *k)
{
	/* without TLS there is nothing to skip, and nobody expects it */
	return k->c.insecure && strncmp(k->c.server, "https:", 6) == 0;
}

void
kube_set_patience(struct kube *k, double ms)
{
	k->patience_ms = ms;
	kube_auth_limit(k->auth, ms);
}

void
kube_set_deadline(struct kube *k, double at_ms)
{
	double left = at_ms - clock_ms();

	kube_set_patience(k, left > 1 ? left : 1);
	k->deadline_ms = at_ms;
}

int
kube_shared(const struct kube *k)
{
	return k->shared;
}

int
kube_ok(const struct kube_answer *a)
{
	return a->status >= 200 && a->status < 300;
}

/*
 * 1 when a 403 is of authorization.  Admission (quotas, limits, webhooks) says
 * 403 as well, but has looked at the object.
 */
static int
no_right(const struct kube_answer *a)
{
	if (strstr(a->message, "denied the request") != NULL)
		return 0;
	return strstr(a->message, "is forbidden: ") == NULL ||
	       strstr(a->message, "is forbidden: User ") != NULL;
}

int
kube_fault(const struct kube_answer *a, const char *subject, struct fault *f)
{
	int unsure = a->status == 0 || a->status == 401 || a->status == 429 ||
		     a->status >= 500 || (a->status == 403 && no_right(a));

	return fault_set(
	    f, unsure ? FAULT_UNSURE : FAULT_NO, "%s: %s", subject, a->message);
}

int
kube_check_client(struct kube *k, struct fault *f)
{
	const char *cert, *key;
	struct old_client *o;
	struct http *http;
	unsigned serial;

	kube_auth_cert(k->auth, &cert, &key, &serial);
	if (serial == k->cert_serial)
		return 0;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return fault_nomem(f);
	http = new_http(k, f);
	if (http == NULL) {
		free(o);
		return -1;
	}
	o->http = k->http;
	o->next = k->old;
	k->old = o;
	k->http = http;
	return 0;
}

int
kube_turn(struct kube *k, double ms, struct fault *f)
{
	if (loop_stopped(k->loop))
		return fault_set(f, FAULT_UNSURE, "interrupted");
	return loop_once(k->loop, ms, f);
}

/* What kube_call waits for. */
struct waiting {
	const char *subject;
	cJSON *body;
	int done, status, want_status;
	struct fault *f;
	int failed;
};

static void
on_waited(void *arg, const struct kube_answer *a)
{
	struct waiting *w = arg;

	w->done = 1;
	w->status = a->status;
	if (a->status == 0) { /* the message says which server did not answer */
		w->failed = fault_set(w->f, FAULT_UNSURE, "%s", a->message);
		return;
	}
	if (!w->want_status && !kube_ok(a)) {
		w->failed = kube_fault(a, w->subject, w->f);
		return;
	}
	if (a->body != NULL && (w->body = cJSON_Duplicate(a->body, 1)) == NULL)
		w->failed = fault_nomem(w->f);
}

int
kube_call(struct kube *k, const char *method, const char *path,
    const char *content_type, const cJSON *body, cJSON **out, int *status,
    struct fault *f)
{
	struct waiting w = {
		.subject = path, .want_status = status != NULL, .f = f
	};
	struct kube_request rq = { .method = method,
		.path = path,
		.content_type = content_type,
		.done = on_waited,
		.arg = &w };
	struct kube_call_state *c = NULL;
	struct buf text;

	if (out != NULL)
		*out = NULL;
	buf_init(&text, KUBE_MAX_BODY);
	if (body != NULL) {
		json_write(&text, body);
		if (buf_check(&text, path, f) != 0)
			goto out;
		rq.body = buf_str(&text);
		rq.body_len = text.len;
	}
	c = kube_start(k, &rq, f);
	if (c == NULL)
		goto out;
	while (!w.done)
		if (kube_turn(k, -1, f) != 0) {
			kube_cancel(k, c);
			c = NULL;
			break;
		}
	if (status != NULL)
		*status = w.status;
	if (out != NULL && !w.failed)
		*out = w.body;
	else
		cJSON_Delete(w.body);
out:
	buf_release(&text);
	return c != NULL && w.done && !w.failed ? 0 : -1;
}
