/* SPDX-License-Identifier: Apache-2.0 */
/* The table-of-contents byte of an Opus packet (RFC 6716 section 3.1): how long it sounds and how
 * many frames it holds, without a codec. RTP payload: RFC 7587, clock always 48 kHz. Refuses to
 * know: decoding. */
#ifndef RTC_PAYLOAD_OPUS_H
#define RTC_PAYLOAD_OPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPUS_RATE_HZ            48000
#define OPUS_PACKET_SAMPLES_MAX 5760 /* RFC 6716 section 3.2.5, R5: 120 ms */
#define OPUS_FRAME_BYTES_MAX    1275 /* RFC 6716 section 3.2.1 */

enum opus_mode { OPUS_SILK = 0, OPUS_HYBRID, OPUS_CELT };
enum opus_band { OPUS_NARROW = 0, OPUS_MEDIUM, OPUS_WIDE, OPUS_SUPER_WIDE, OPUS_FULL };

struct opus_toc {
    enum opus_mode mode;
    enum opus_band band;
    bool stereo;
    uint8_t frame_count;    /* 1..48 */
    uint16_t frame_samples; /* of one frame at 48 kHz: 120..2880 */
    uint16_t samples;       /* of the packet: at most OPUS_PACKET_SAMPLES_MAX */
    bool
        dtx; /* nothing coded: at most 2 bytes, comfort noise or silence (RFC 7587 section 3.1.3) */
};

/* 0; SQ_ERR_INVALID against R1 to R5 of RFC 6716 section 3.4: empty, an odd rest for two equal
 * frames, a first frame past the end, no or a zero frame count, more than 120 ms. What is inside
 * the frames, and the lengths of code 3, are left to the decoder. */
int opus_parse(struct opus_toc *out, const uint8_t *payload, size_t len_bytes);

#endif
