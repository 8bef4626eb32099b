/* SPDX-License-Identifier: Apache-2.0 */
/* Opus table of contents (RFC 6716 section 3.1 and 3.2). */
#include "rtc/payload/opus.h"

#include "shanqiao/error.h"

#define CONFIG_HYBRID 12 /* table 2: 0..11 SILK, 12..15 hybrid, 16..31 CELT */
#define CONFIG_CELT   16
#define DTX_BYTES_MAX 2 /* RFC 6716 section 2.1.9, libopus: a DTX packet has at most two bytes */

static void describe_config(struct opus_toc *t, unsigned config)
{
    static const uint16_t silk_samples[4] = {480, 960, 1920, 2880};
    static const enum opus_band celt_bands[4] = {OPUS_NARROW, OPUS_WIDE, OPUS_SUPER_WIDE,
                                                 OPUS_FULL};
    if (config < CONFIG_HYBRID) {
        t->mode = OPUS_SILK;
        t->band = (enum opus_band)(config / 4);
        t->frame_samples = silk_samples[config % 4];
    } else if (config < CONFIG_CELT) {
        t->mode = OPUS_HYBRID;
        t->band = config < 14 ? OPUS_SUPER_WIDE : OPUS_FULL;
        t->frame_samples = config % 2 ? 960 : 480;
    } else {
        t->mode = OPUS_CELT;
        t->band = celt_bands[(config - CONFIG_CELT) / 4];
        t->frame_samples = (uint16_t)(120u << config % 4);
    }
}

/* Code 2: the first frame's length in one or two bytes (section 3.2.1), which must lie inside (R4).
 */
static bool code2_fits(const uint8_t *payload, size_t len_bytes)
{
    if (len_bytes < 2)
        return false;
    if (payload[1] < 252)
        return payload[1] <= len_bytes - 2;
    return len_bytes >= 3 && (size_t)payload[2] * 4 + payload[1] <= len_bytes - 3;
}

int opus_parse(struct opus_toc *out, const uint8_t *payload, size_t len_bytes)
{
    if (len_bytes == 0)
        return SQ_ERR_INVALID;
    struct opus_toc t = {.stereo = payload[0] >> 2 & 1, .dtx = len_bytes <= DTX_BYTES_MAX};
    describe_config(&t, payload[0] >> 3);
    switch (payload[0] & 3) {
    case 0:
        t.frame_count = 1;
        break;
    case 1:
        t.frame_count = 2;
        if ((len_bytes - 1) % 2 != 0)
            return SQ_ERR_INVALID;
        break;
    case 2:
        t.frame_count = 2;
        if (!code2_fits(payload, len_bytes))
            return SQ_ERR_INVALID;
        break;
    default:
        if (len_bytes < 2 || (payload[1] & 0x3f) == 0)
            return SQ_ERR_INVALID;
        t.frame_count = payload[1] & 0x3f;
        break;
    }
    unsigned samples = (unsigned)t.frame_count * t.frame_samples;
    if (samples > OPUS_PACKET_SAMPLES_MAX)
        return SQ_ERR_INVALID;
    t.samples = (uint16_t)samples;
    *out = t;
    return SQ_OK;
}
