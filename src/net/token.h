/* net/token.h - what the server remembers in its peers' hands: Retry and address tokens, reset
 * tokens.
 *
 * Room:    net. All are keyed by one secret; kept in a file it makes them outlive a restart. */
#ifndef NET_TOKEN_H
#define NET_TOKEN_H

#include "net/net.h"
#include "net/ngcompat.h"

#define TOKEN_RETRY_LIFE_NS (10 * NGTCP2_SECONDS)
#define TOKEN_ADDRESS_LIFE_NS (3600 * NGTCP2_SECONDS)

/* Reads the secret, or makes one and writes it with mode 0600. */
enum status token_secret_load(const char *path, uint8_t ret[NET_SECRET_LEN]) MUST_CHECK;

/* Gives the token's length, 0: failed. */
size_t token_retry_make(const uint8_t *secret, uint32_t version, const struct net_address *peer,
			const ngtcp2_cid *retry_scid, const ngtcp2_cid *original_dcid,
			uint64_t now_ns, uint8_t ret[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN]);
size_t token_address_make(const uint8_t *secret, const struct net_address *peer, uint64_t now_ns,
			  uint8_t ret[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN]);

enum token_verdict {
	TOKEN_NONE,    /* none, or one that is too old or not ours: the address is not known */
	TOKEN_ADDRESS, /* the peer has been at this address before */
	TOKEN_RETRY,   /* the answer to our Retry; *ret_odcid is set */
	TOKEN_BAD,     /* looks like the answer to a Retry and is not */
};
enum token_verdict token_check(const uint8_t *secret, const ngtcp2_pkt_hd *hd,
			       const struct net_address *peer, uint64_t now_ns,
			       ngtcp2_cid *ret_odcid);

#endif
