/* SPDX-License-Identifier: Apache-2.0 */
/* Retransmission payload format (RFC 4588 section 4): the original sequence number in front of the
 * payload, on an SSRC and payload type of its own (SSRC multiplexing). In place. Refuses to know:
 * which streams belong together, when to resend. */
#ifndef RTC_RTX_RTX_H
#define RTC_RTX_RTX_H

#include "rtc/rtp/rtp.h"

#define RTX_OSN_LEN 2 /* RFC 4588 section 4: original sequence number */

/* Turns the RTP packet in `data` into its retransmission: moves the payload two bytes on, puts the
 * OSN, sets the RTX stream's payload type, SSRC and sequence number; padding is removed. The new
 * length; SQ_ERR_INVALID (not an RTP packet), SQ_ERR_LIMIT (capacity). */
int rtx_encapsulate(uint8_t *data, size_t len_bytes, size_t capacity_bytes, uint8_t payload_type,
                    uint32_t ssrc, uint16_t seq16);

/* Turns a retransmission back into the original, in place, with the original's payload type and
 * SSRC; padding is removed. The new length; 0 for a padding-only probe (nothing to hand on; count
 * it as received); SQ_ERR_INVALID for a payload under two bytes (nothing is changed then). */
int rtx_decapsulate(const struct rtp_view *v, uint8_t *data, uint8_t payload_type, uint32_t ssrc);

/* The OSN without touching the packet; false when the payload is too short. */
bool rtx_original_seq16(const struct rtp_view *v, uint16_t *seq16);

#endif
