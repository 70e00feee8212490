/*
 * What ws.c (frames, in the loop) and ws_hello.c (the handshake) share.
 */
#ifndef WS_IMPL_H
#define WS_IMPL_H

#include "buf.h"
#include "ws.h"

#define WS_HELLO_MAX (64 << 10) /* bytes of the server's answer */
#define WS_KEY 25               /* base64 of 16 bytes, and the 0 */

/*
 * Appends the request that asks for the upgrade; key (WS_KEY bytes) is made.
 */
int ws_hello(
    struct buf *out, const struct ws_request *rq, char *key, struct fault *f);

/*
 * Judges the answer's head (up to its empty line): 0 when the server has
 * switched to the subprotocol that was asked for.  -1 with f, and *status.
 */
int ws_hello_check(const struct buf *head, const char *key,
    const char *subprotocol, int *status, struct fault *f);

#endif
