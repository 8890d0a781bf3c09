/* The handshake of CloudEvents' webhooks: before anything is sent, an OPTIONS request asks the receiver whether it
 * wants to hear from this sender, and how fast. */
#ifndef ADAPTER_HANDSHAKE_H
#define ADAPTER_HANDSHAKE_H

#include "adapter/adapter.h"

/* The name to ask under: the host of source when that is an absolute URI with a host name, else "lifecertd".
 * Borrowed. */
struct str handshake_origin(struct str source);

/* wanted: WebHook-Request-Rate, told per minute; n 0: none is asked for. */
enum err handshake_ask(struct str url, struct str origin, struct rate wanted, struct call *out, struct errmsg *msg);

/* Whatever the status, only the headers count: WebHook-Allowed-Origin has to be the origin, in letters of either case,
 * or "*". *granted is per minute; n 0 when the rate is "*" or not given. ERR_INVALID: no consent, msg says why. */
enum err handshake_read(const struct answer *a, struct str origin, struct rate *granted, struct errmsg *msg);

#endif
