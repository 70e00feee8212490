/*
 * Which cluster, as whom: kubeconfig files as kubectl reads them, or the
 * service account of the pod that we run in.
 */
#ifndef KUBE_CONFIG_H
#define KUBE_CONFIG_H

#include "fault.h"
#include "json.h"

struct kube_config {
	char *server;               /* https://host:port, no slash at the end */
	char *ns;                   /* the context's namespace, or "default" */
	char *context;              /* its name, or "in-cluster" */
	char *ca_data;              /* PEM, or NULL: the system's authorities */
	char *cert_data, *key_data; /* client certificate as PEM, or NULL */
	char *token;                /* bearer token, or NULL */
	char *token_file;  /* read again at least every minute, or NULL */
	char *server_name; /* tls-server-name, or NULL */
	char *proxy;       /* proxy-url, or NULL */
	cJSON *exec;       /* the user's exec plugin, or NULL */
	int insecure;      /* insecure-skip-tls-verify */
};

/*
 * Loads the configuration: path (NULL: $KUBECONFIG, a colon-separated list
 * merged as kubectl does, else ~/.kube/config, else the service account in
 * /var/run/secrets/kubernetes.io/serviceaccount), context (NULL: the
 * current one).  -1: FAULT_INPUT for a malformed file (with its name) or an
 * unknown context, FAULT_UNSURE when there is no configuration at all.
 */
int kube_config_load(struct kube_config *c, const char *path,
    const char *context, struct fault *f);

void kube_config_release(struct kube_config *c);

#endif
