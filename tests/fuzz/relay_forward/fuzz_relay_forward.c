/* SPDX-License-Identifier: Apache-2.0 */
/* What a participant who passed authentication may send: a sequence of packets (two bytes of
 * length, then bytes) through producer and consumer of every codec. Each one is dropped and
 * counted, or comes out as a whole packet with the consumer's SSRC, which never repeats a number.
 */
#include "base/bytes.h"
#include "base/check.h"
#include "relay/forward/consumer.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RECEIVER_SSRC 0xaaaa0000u
#define PACKETS_MAX   64

static struct media_parameters parameters(uint32_t ssrc)
{
    static const enum media_codec_type types[] = {
        MEDIA_CODEC_VP8, MEDIA_CODEC_VP9, MEDIA_CODEC_H264, MEDIA_CODEC_OPUS, MEDIA_CODEC_RED};
    struct media_parameters m = {.kind = MEDIA_VIDEO, .mid = "0", .encoding_count = 1};
    for (uint8_t i = 0; i < 5; i++)
        m.codecs[m.codec_count++] =
            (struct media_codec){types[i], (uint8_t)(96 + i), 0, 90000, true};
    m.codecs[m.codec_count++] = (struct media_codec){MEDIA_CODEC_RTX, 110, 96, 90000, false};
    m.encodings[0] = (struct media_encoding){.ssrc = ssrc, .rtx_ssrc = ssrc + 1};
    for (uint8_t i = 0; i < MEDIA_EXT_COUNT; i++)
        m.extension_ids[i] = (uint8_t)(i + 1);
    return m;
}

static void offer(struct forward_producer *p, struct forward_consumer *c, struct packet *packet,
                  time_us now_us)
{
    static uint8_t out[PACKET_CAPACITY_BYTES + 256];
    struct rtp_view v;
    struct forward_input in;
    bool rtx = false;
    if (rtp_parse(&v, packet->data, packet->len_bytes))
        return;
    /* any SSRC is taken for the stream's, so that the fuzzer need not find it */
    rtx = v.payload_type == 110;
    rtp_set_ssrc(packet->data, p->streams[0].ssrc + rtx);
    if (!forward_producer_receive(p, 0, rtx, packet, now_us, &in))
        return;
    int len = forward_consumer_write(c, &in, out, sizeof out, now_us);
    if (len <= 0)
        return;
    CHECK(rtp_parse(&v, out, (size_t)len) == 0 && v.ssrc == RECEIVER_SSRC);
    (void)forward_consumer_resend(c, v.seq16, out, sizeof out, 0, now_us + TIME_US_PER_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct packet_pool *pool;
    struct forward_producer *p;
    struct forward_consumer *c;
    struct byte_reader r = byte_reader_of(data, size);
    struct media_parameters from = parameters(0x11110000u), to = parameters(RECEIVER_SSRC);
    if (size > 0 && data[size - 1] & 1)
        to.codecs[4].type = MEDIA_CODEC_NONE; /* a receiver without RED */
    CHECK(packet_pool_new(&pool, PACKETS_MAX + 1) == 0);
    CHECK(forward_producer_new(&p, &from, false) == 0);
    CHECK(forward_consumer_new(&c, p, &to, false, 1, 1) == 0);
    forward_consumer_prefer(c, UINT8_MAX, size > 1 ? data[size - 2] & 3 : 0);
    for (time_us i = 0; i < PACKETS_MAX && byte_reader_left(&r) > 2; i++) {
        size_t len = byte_read_u16(&r);
        len = len < byte_reader_left(&r) ? len : byte_reader_left(&r);
        struct packet *packet = len <= PACKET_CAPACITY_BYTES ? packet_take(pool) : NULL;
        if (!packet)
            break;
        memcpy(packet->data, byte_read(&r, len), len);
        packet->len_bytes = (uint16_t)len;
        offer(p, c, packet, i * 10 * TIME_US_PER_MS);
        packet_unref(packet);
    }
    forward_consumer_free(c);
    forward_producer_free(p);
    packet_pool_free(pool);
    return 0;
}
