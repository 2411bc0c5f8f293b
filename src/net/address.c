/* net/address.c - addresses and their text. */
#include "net/address.h"

#include <arpa/inet.h>
#include <stdio.h>

bool net_address_parse(const char *host, uint16_t port, struct net_address *ret)
{
	struct net_address a = {0};

	if (host[0] == '\0')
		host = "::";
	if (inet_pton(AF_INET, host, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons(port);
		a.len = sizeof a.in;
	} else if (inet_pton(AF_INET6, host, &a.in6.sin6_addr) == 1) {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons(port);
		a.len = sizeof a.in6;
	} else {
		return false;
	}
	*ret = a;
	return true;
}

bool net_address_from(const struct sockaddr *sa, socklen_t len, struct net_address *ret)
{
	if (len > sizeof ret->in6 || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return false;
	*ret = (struct net_address){.len = len};
	memcpy(&ret->in6, sa, len);
	return true;
}

bool net_address_eq(const struct net_address *a, const struct net_address *b)
{
	if (a->len != b->len || a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return a->in6.sin6_port == b->in6.sin6_port &&
	       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	       memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
}

bool net_address_is_loopback(const struct net_address *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == 127;
	const struct in6_addr *v6 = &a->in6.sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

bool net_address_is_any(const struct net_address *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

uint16_t net_address_port(const struct net_address *a)
{
	return ntohs(a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

void net_address_set_port(struct net_address *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else
		a->in6.sin6_port = htons(port);
}

const char *net_address_text(const struct net_address *a, char out[NET_ADDRESS_TEXT_LEN])
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (a->sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->in.sin_addr, host, sizeof host);
		snprintf(out, NET_ADDRESS_TEXT_LEN, "%s:%u", host, net_address_port(a));
	} else {
		inet_ntop(AF_INET6, &a->in6.sin6_addr, host, sizeof host);
		snprintf(out, NET_ADDRESS_TEXT_LEN, "[%s]:%u", host, net_address_port(a));
	}
	return out;
}
