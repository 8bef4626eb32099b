/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing RTP with AEAD_AES_128_GCM (RFC 7714) by one re-used EVP context: the path on which a
 * relay spends its time. libsrtp does the same two to four times slower where it is built on NSS; a
 * test compares the two packet by packet. Private to rtc/srtp. Refuses to know: SRTCP, opening,
 * other profiles. */
#ifndef RTC_SRTP_GCM_SEAL_H
#define RTC_SRTP_GCM_SEAL_H

#include <stddef.h>
#include <stdint.h>

#define GCM_MASTER_BYTES 28 /* key of 16 and salt of 12 bytes */
#define GCM_TAG_BYTES    16

struct gcm_sealer;

/* `max` streams, numbered from 0 by the caller. 0, SQ_ERR_NOMEM. */
int gcm_sealer_new(struct gcm_sealer **out, const uint8_t master[GCM_MASTER_BYTES], size_t max);
void gcm_sealer_free(struct gcm_sealer *g);

/* Seals a whole RTP packet in place; there is room for the tag. `stream` always goes with the same
 * SSRC. 0; SQ_ERR_INVALID (header longer than the packet); SQ_ERR_REPLAY (index used before or too
 * old); SQ_ERR_NOMEM. */
int gcm_seal(struct gcm_sealer *g, size_t stream, uint8_t *data, size_t *len_bytes);

#endif
