/*
 * What the parts of a sandbox trust each other by: an authority, one server
 * certificate, an admin's token, the kubelet's token, and the kubeconfig.
 */
#ifndef CREDENTIALS_H
#define CREDENTIALS_H

#include "lib/fault.h"

/*
 * Writes ca.crt, tls.crt, tls.key, tokens.csv, kubelet-token and kubeconfig
 * into the folder dir_fd, secrets with mode 0600; the kubeconfig's server is
 * https://127.0.0.1:port.  0 or -1.
 */
int credentials_write(int dir_fd, int port, struct fault *f);

#endif
