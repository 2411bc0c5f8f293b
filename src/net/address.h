/* net/address.h - an internet address and port, and its text.
 *
 * Room: net. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/str.h"

#define NET_ADDRESS_TEXT_LEN 56 /* "[IPv6]:port" and a zero */

struct net_address { /* zero: none */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

/* From a numeric host ("127.0.0.1", "::1"; "" for every address, IPv6 and IPv4) and a port. */
bool net_address_parse(const char *host, uint16_t port, struct net_address *ret);
bool net_address_from(const struct sockaddr *sa, socklen_t len, struct net_address *ret);
bool net_address_eq(const struct net_address *a, const struct net_address *b);
bool net_address_is_loopback(const struct net_address *a);
bool net_address_is_any(const struct net_address *a);
uint16_t net_address_port(const struct net_address *a);
void net_address_set_port(struct net_address *a, uint16_t port);
/* "127.0.0.1:3141", "[::1]:3141". Returns out. */
const char *net_address_text(const struct net_address *a, char out[NET_ADDRESS_TEXT_LEN]);

#endif
