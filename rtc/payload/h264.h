/* SPDX-License-Identifier: Apache-2.0 */
/* H.264 over RTP (RFC 6184), only as much as forwarding unread needs: does this payload belong to a
 * key frame, does it start one. Single NAL unit, STAP-A and FU-A; other packetization types are
 * passed and never a key frame. Refuses to know: decoding, parameter sets' contents. */
#ifndef RTC_PAYLOAD_H264_H
#define RTC_PAYLOAD_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct h264_info {
    bool idr;   /* holds (part of) an IDR slice, NAL type 5 */
    bool sps;   /* holds a sequence parameter set, NAL type 7 */
    bool start; /* the payload starts a NAL unit: FU-A with S, or not fragmented */
    bool end;   /* FU-A with E, or not fragmented */
};

/* 0; SQ_ERR_INVALID for an empty payload, forbidden bit set, a FU header that is missing or has S
 * and E both, or a STAP-A with a size of 0 or past the end. */
int h264_parse(struct h264_info *out, const uint8_t *payload, size_t len_bytes);
/* A receiver may start here: an SPS, or the beginning of an IDR slice. */
static inline bool h264_key_frame(const struct h264_info *i)
{
    return i->sps || (i->idr && i->start);
}

#endif
