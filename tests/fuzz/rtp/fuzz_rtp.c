/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an RTP packet: the view stays inside, every extension is read, setters and RTX keep
 * what they promise. */
#include "base/check.h"
#include "rtc/rtp/rtp.h"
#include "rtc/rtx/rtx.h"
#include <stdlib.h>
#include <string.h>

static void read_extensions(const struct rtp_view *v)
{
    struct rtp_element e;
    size_t cursor = 0;
    unsigned sum = 0;
    while (rtp_element_next(v, &cursor, &e)) {
        CHECK(e.value >= v->data + v->extension_at);
        CHECK(e.value + e.len_bytes <= v->data + v->payload_at);
        for (size_t i = 0; i < e.len_bytes; i++)
            sum += e.value[i];
    }
    bool voice;
    uint8_t level;
    uint16_t wide;
    uint32_t sent;
    char text[17];
    for (unsigned id = 0; id < 256; id++) {
        sum += rtp_get_audio_level(v, (uint8_t)id, &voice, &level);
        sum += rtp_get_transport_cc(v, (uint8_t)id, &wide);
        sum += rtp_get_abs_send_time(v, (uint8_t)id, &sent);
        sum += rtp_get_text(v, (uint8_t)id, text, sizeof text);
    }
    (void)sum;
}

/* Encapsulating and decapsulating gives the packet back, less its padding. */
static void through_rtx(const struct rtp_view *v)
{
    size_t capacity = v->len_bytes + RTX_OSN_LEN;
    uint8_t *copy = malloc(capacity);
    CHECK(copy);
    memcpy(copy, v->data, v->len_bytes);
    int len = rtx_encapsulate(copy, v->len_bytes, capacity, 97, 0x11223344, 7);
    struct rtp_view w;
    CHECK(len > 0 && rtp_parse(&w, copy, (size_t)len) == 0);
    CHECK(w.ssrc == 0x11223344 && w.seq16 == 7);
    len = rtx_decapsulate(&w, copy, v->payload_type, v->ssrc);
    CHECK(len > 0 && rtp_parse(&w, copy, (size_t)len) == 0);
    CHECK(w.seq16 == v->seq16 && w.payload_len_bytes == v->payload_len_bytes);
    CHECK(memcmp(rtp_payload(&w), rtp_payload(v), v->payload_len_bytes) == 0);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtp_view v;
    rtp_is_rtcp(data, size);
    if (rtp_parse(&v, data, size) != 0)
        return 0;
    CHECK(v.payload_at + v.payload_len_bytes + v.padding_len_bytes == size);
    for (size_t i = 0; i < v.csrc_count; i++)
        (void)rtp_csrc(&v, i);
    read_extensions(&v);
    through_rtx(&v);
    return 0;
}
