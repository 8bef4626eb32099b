/* SPDX-License-Identifier: Apache-2.0 */
/* SRTP and SRTCP (RFC 3711, RFC 7714) over libsrtp: the three profiles, a cap on SSRCs, replay
 * protection, and the way back after a gap of 2^15 packets or more, where libsrtp alone would stay
 * silent for ever. The only folder that includes libsrtp. Refuses to know: DTLS, tuples, what is in
 * a packet. */
#ifndef RTC_SRTP_SRTP_H
#define RTC_SRTP_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum srtp_profile {
    SRTP_PROFILE_NONE = 0,
    SRTP_PROFILE_AEAD_AES_128_GCM,
    SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80,
    SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32 /* 32-bit tag for RTP, 80-bit for RTCP (RFC 5764
                                            section 4.1.2) */
};
#define SRTP_PROFILE_COUNT 3 /* without NONE */

#define SRTP_TRAILER_MAX 20 /* SRTCP with GCM: tag of 16 and index word of 4 bytes */
#define SRTP_KEYING_MAX  60 /* two keys and two salts of AES-CM (RFC 5764 section 4.2) */
#define SRTP_RECEIVE_SSRC_MAX                                                                      \
    64 /* libsrtp looks an SSRC up in a list, so a peer may not make it long */
#define SRTP_SEND_SSRC_MAX 256  /* consumers of one transport over its life, RTX included */
#define SRTP_REPLAY_WINDOW 1024 /* packets; RFC 3711 section 3.3.2 wants 64 */

/* "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "none". Static storage.
 */
const char *srtp_profile_name(enum srtp_profile p);
/* SRTP_PROFILE_NONE for a name that is not ours. */
enum srtp_profile srtp_profile_parse(const char *name);
/* Bytes of keying material that the profile takes from the DTLS exporter: 56 for GCM, 60 for
 * AES-CM. */
size_t srtp_profile_keying_bytes(enum srtp_profile p);
/* Bytes that sealing adds to an RTP packet: 16, 10 or 4. */
size_t srtp_profile_rtp_trailer_bytes(enum srtp_profile p);

struct srtp_session;

/* `keying` is the exporter's output (RFC 5764 section 4.2: client key, server key, client salt,
 * server salt); `is_client`: we were the DTLS client, so we seal with the client's half. 0,
 * SQ_ERR_INVALID, SQ_ERR_NOMEM. */
int srtp_session_new(struct srtp_session **out, enum srtp_profile profile, const uint8_t *keying,
                     size_t keying_len, bool is_client);
void srtp_session_free(struct srtp_session *s);

/* In place; *len_bytes is updated on success. capacity_bytes >= *len_bytes + SRTP_TRAILER_MAX.
 * 0; SQ_ERR_INVALID (not a whole RTP or RTCP packet); SQ_ERR_LIMIT (capacity, or too many SSRCs);
 * SQ_ERR_REPLAY (this sequence number was sealed before: sealing twice would break the cipher). */
int srtp_seal_rtp(struct srtp_session *s, uint8_t *data, size_t *len_bytes, size_t capacity_bytes);
int srtp_seal_rtcp(struct srtp_session *s, uint8_t *data, size_t *len_bytes, size_t capacity_bytes);

/* In place; *len_bytes is updated on success, and the content of data is undefined on failure.
 * 0; SQ_ERR_INVALID (malformed, SRTCP in the clear); SQ_ERR_FORGED; SQ_ERR_REPLAY; SQ_ERR_LIMIT
 * (SSRC cap). */
int srtp_open_rtp(struct srtp_session *s, uint8_t *data, size_t *len_bytes);
int srtp_open_rtcp(struct srtp_session *s, uint8_t *data, size_t *len_bytes);

struct srtp_counters {
    uint64_t forged, replayed, malformed, over_limit;
    uint64_t recovered; /* streams found again after a gap of 2^15 packets or more */
};
void srtp_get_counters(const struct srtp_session *s, struct srtp_counters *out);

#endif
