/* net/ngcompat.h - one source for ngtcp2 0.12.1 (Debian 12) and 1.x.
 *
 * Room: net. The code is written against the 1.x names; what has only another name is renamed here,
 * what has another signature gets an ngc_ name. */
#ifndef NET_NGCOMPAT_H
#define NET_NGCOMPAT_H

#include <stdbool.h>

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#if NGTCP2_VERSION_NUM < 0x010000

#define ngtcp2_ccerr ngtcp2_connection_close_error
#define ngtcp2_ccerr_default ngtcp2_connection_close_error_default
#define ngtcp2_ccerr_set_liberr ngtcp2_connection_close_error_set_transport_error_liberr
#define ngtcp2_ccerr_set_tls_alert ngtcp2_connection_close_error_set_transport_error_tls_alert
#define ngtcp2_ccerr_set_application_error ngtcp2_connection_close_error_set_application_error
#define ngtcp2_conn_in_closing_period ngtcp2_conn_is_in_closing_period
#define ngtcp2_conn_in_draining_period ngtcp2_conn_is_in_draining_period
#define NGC_CCERR_APPLICATION NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION
#define NGC_HD_TOKEN(hd) ((hd)->token.base)
#define NGC_HD_TOKENLEN(hd) ((hd)->token.len)

static inline int ngc_shutdown_stream(ngtcp2_conn *c, int64_t id, uint64_t code)
{
	return ngtcp2_conn_shutdown_stream(c, id, code);
}

static inline void ngc_set_token(ngtcp2_settings *st, ngtcp2_pkt_hd *hd, bool retried)
{
	(void)retried;
	st->token = hd->token;
}

static inline void ngc_set_original_dcid(ngtcp2_transport_params *tp, const ngtcp2_cid *cid)
{
	tp->original_dcid = *cid;
}

static inline void ngc_get_ccerr(ngtcp2_conn *c, ngtcp2_ccerr *ret)
{
	ngtcp2_conn_get_connection_close_error(c, ret);
}

#else

#define NGC_CCERR_APPLICATION NGTCP2_CCERR_TYPE_APPLICATION
#define NGC_HD_TOKEN(hd) ((hd)->token)
#define NGC_HD_TOKENLEN(hd) ((hd)->tokenlen)

static inline int ngc_shutdown_stream(ngtcp2_conn *c, int64_t id, uint64_t code)
{
	return ngtcp2_conn_shutdown_stream(c, 0, id, code);
}

static inline void ngc_set_token(ngtcp2_settings *st, ngtcp2_pkt_hd *hd, bool retried)
{
	st->token = hd->token;
	st->tokenlen = hd->tokenlen;
	st->token_type = retried ? NGTCP2_TOKEN_TYPE_RETRY : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
}

/* From 0.14 on the library asserts that a server says so. */
static inline void ngc_set_original_dcid(ngtcp2_transport_params *tp, const ngtcp2_cid *cid)
{
	tp->original_dcid = *cid;
	tp->original_dcid_present = 1;
}

static inline void ngc_get_ccerr(ngtcp2_conn *c, ngtcp2_ccerr *ret)
{
	*ret = *ngtcp2_conn_get_ccerr(c);
}

#endif
#endif
