/* net/token.c - tokens by ngtcp2's crypto helper, and the secret's file. */
#include "net/token.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#define SECRET_MODE 0600

enum status token_secret_load(const char *path, uint8_t ret[NET_SECRET_LEN])
{
	char *text = NULL;
	size_t len = 0;
	enum status st = file_read_all(path, NET_SECRET_LEN, &text, &len);

	if (st == ST_OK && len == NET_SECRET_LEN) {
		memcpy(ret, text, NET_SECRET_LEN);
		mem_free(MEM_OTHER, text, len + 1);
		return ST_OK;
	}
	if (st == ST_OK) {
		mem_free(MEM_OTHER, text, len + 1);
		log_warn("net", "secret file '%s' has %zu bytes in place of %d: made anew", path,
			 len, NET_SECRET_LEN);
	} else if (st != ST_NOT_FOUND) {
		return st;
	}
	rand_secret(ret, NET_SECRET_LEN);
	return file_write_atomic(path, ret, NET_SECRET_LEN, SECRET_MODE);
}

size_t token_retry_make(const uint8_t *secret, uint32_t version, const struct net_address *peer,
			const ngtcp2_cid *retry_scid, const ngtcp2_cid *original_dcid,
			uint64_t now_ns, uint8_t ret[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN])
{
	ngtcp2_ssize n = ngtcp2_crypto_generate_retry_token(
	    ret, secret, NET_SECRET_LEN, version, (const ngtcp2_sockaddr *)&peer->sa, peer->len,
	    retry_scid, original_dcid, now_ns);
	return n > 0 ? (size_t)n : 0;
}

size_t token_address_make(const uint8_t *secret, const struct net_address *peer, uint64_t now_ns,
			  uint8_t ret[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN])
{
	ngtcp2_ssize n = ngtcp2_crypto_generate_regular_token(
	    ret, secret, NET_SECRET_LEN, (const ngtcp2_sockaddr *)&peer->sa, peer->len, now_ns);
	return n > 0 ? (size_t)n : 0;
}

enum token_verdict token_check(const uint8_t *secret, const ngtcp2_pkt_hd *hd,
			       const struct net_address *peer, uint64_t now_ns,
			       ngtcp2_cid *ret_odcid)
{
	const uint8_t *token = NGC_HD_TOKEN(hd);
	size_t len = NGC_HD_TOKENLEN(hd);

	if (len == 0)
		return TOKEN_NONE;
	if (token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) {
		int rv = ngtcp2_crypto_verify_retry_token(
		    ret_odcid, token, len, secret, NET_SECRET_LEN, hd->version,
		    (const ngtcp2_sockaddr *)&peer->sa, peer->len, &hd->dcid, TOKEN_RETRY_LIFE_NS,
		    now_ns);
		return rv == 0 ? TOKEN_RETRY : TOKEN_BAD;
	}
	if (token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR)
		return TOKEN_NONE;
	int rv = ngtcp2_crypto_verify_regular_token(token, len, secret, NET_SECRET_LEN,
						    (const ngtcp2_sockaddr *)&peer->sa, peer->len,
						    TOKEN_ADDRESS_LIFE_NS, now_ns);
	return rv == 0 ? TOKEN_ADDRESS : TOKEN_NONE;
}
