/* Which addresses a request may go to. Webhook URLs come from configuration, names resolve to what somebody else says:
 * without a guard a name can point into the agency's own network. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/* Is it a public unicast address? Not so: this host, loopback, private (RFC 1918), shared (RFC 6598), link-local,
 * unique local, multicast, broadcast, documentation, benchmarking and reserved ranges (IANA special-purpose address
 * registries), and any of them inside an IPv4-mapped, IPv4-compatible, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), 6to4 or
 * Teredo address. Anything but IPv4 and IPv6 is not. */
bool guard_is_public(const struct sockaddr *address, socklen_t length);

#endif
