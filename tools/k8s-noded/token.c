/*
 * Service account tokens of pods: see token.h.
 */
#include "k8s-noded/token.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_SECONDS 3607 /* what the kubelet asks for: an hour and a bit */
#define TOKEN_FRESH 0.8    /* of its life, after which it is renewed */
#define TOKEN_RETRY_MS 500 /* the account may be made a moment later */

struct token {
	struct token *next;
	struct pod *pod;
	char *audience, *value;
	double renew_ms; /* clock_ms */
	double seconds;
	struct kube_call_state *call;
	int failed;
	struct fault why;
};

static void
on_answer(void *arg, const struct kube_answer *a)
{
	struct token *t = arg;
	const char *value = json_str(a->body, "status", "token", NULL);
	char *copy;

	t->call = NULL;
	t->failed = 1;
	if (!kube_ok(a) || value == NULL) {
		kube_fault(a, "service account token", &t->why);
	} else if ((copy = strdup(value)) == NULL) {
		fault_nomem(&t->why);
	} else {
		free(t->value);
		t->value = copy;
		t->failed = 0;
		t->renew_ms = clock_ms() + t->seconds * 1000 * TOKEN_FRESH;
	}
	pod_kick(t->pod);
}

/* The body of a TokenRequest, bound to the pod. */
static cJSON *
request_body(const struct token *t)
{
	cJSON *v = cJSON_CreateObject(), *spec, *list, *ref;

	json_set_str(v, "apiVersion", "authentication.k8s.io/v1");
	json_set_str(v, "kind", "TokenRequest");
	spec = json_sub(v, "spec");
	json_set_num(spec, "expirationSeconds", t->seconds);
	list = cJSON_AddArrayToObject(spec, "audiences");
	if (*t->audience != '\0')
		cJSON_AddItemToArray(list, cJSON_CreateString(t->audience));
	ref = json_sub(spec, "boundObjectRef");
	json_set_str(ref, "kind", "Pod");
	json_set_str(ref, "apiVersion", "v1");
	json_set_str(ref, "name", t->pod->name);
	json_set_str(ref, "uid", t->pod->uid);
	return v;
}

static int
request(struct token *t, struct fault *f)
{
	const char *account =
	    json_str(t->pod->object, "spec", "serviceAccountName", NULL);
	struct kube_request rq = {
		.method = "POST", .done = on_answer, .arg = t
	};
	struct buf path, body;
	cJSON *v = request_body(t);

	buf_init(&path, 4096);
	buf_init(&body, 65536);
	buf_addf(&path, "/api/v1/namespaces/%s/serviceaccounts/", t->pod->ns);
	if (account == NULL || *account == '\0')
		account = "default";
	http_escape(&path, account, strlen(account), 0);
	buf_adds(&path, "/token");
	json_write(&body, v);
	cJSON_Delete(v);
	rq.path = buf_str(&path);
	rq.body = buf_str(&body);
	rq.body_len = body.len;
	if (path.failed || body.failed)
		fault_nomem(f);
	else
		t->call = kube_start(t->pod->node->kube, &rq, f);
	buf_release(&path);
	buf_release(&body);
	return t->call != NULL ? 0 : -1;
}

static struct token *
token_find(struct pod *p, const char *audience, struct fault *f)
{
	struct token *t;

	for (t = p->tokens; t != NULL; t = t->next)
		if (strcmp(t->audience, audience) == 0)
			return t;
	t = calloc(1, sizeof(*t));
	if (t != NULL)
		t->audience = strdup(audience);
	if (t == NULL || t->audience == NULL) {
		free(t);
		fault_nomem(f);
		return NULL;
	}
	t->pod = p;
	t->next = p->tokens;
	p->tokens = t;
	return t;
}

int
token_get(struct pod *p, const char *audience, double seconds,
    const char **value, struct fault *f)
{
	struct token *t = token_find(p, audience, f);

	if (t == NULL)
		return -1;
	t->seconds = seconds > 0 ? seconds : TOKEN_SECONDS;
	if (t->failed) {
		t->failed = 0;
		*f = t->why;
		pod_retry(p, TOKEN_RETRY_MS);
		/* an old token still serves while a new one is refused */
		if (t->value == NULL)
			return -1;
	} else if (t->call == NULL &&
		   (t->value == NULL || clock_ms() >= t->renew_ms)) {
		if (request(t, f) != 0 && t->value == NULL)
			return -1;
	}
	*value = t->value;
	return t->value != NULL;
}

void
tokens_free(struct pod *p)
{
	struct token *t;

	while ((t = p->tokens) != NULL) {
		p->tokens = t->next;
		if (t->call != NULL)
			kube_cancel(p->node->kube, t->call);
		if (t->value != NULL)
			explicit_bzero(t->value, strlen(t->value));
		free(t->value);
		free(t->audience);
		free(t);
	}
}
