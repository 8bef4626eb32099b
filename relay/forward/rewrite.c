/* SPDX-License-Identifier: Apache-2.0 */
/* One packet, rewritten. Refuses to know: who decides the numbers. */
#include "relay/forward/rewrite.h"
#include "relay/forward/consumer.h"
#include "rtc/red/red.h"
#include <string.h>

#define NOTE_PICTURE_SHIFT 32 /* 15 bits */
#define NOTE_TL0_SHIFT     47 /* 8 bits */
#define NOTE_STREAM_SHIFT  55 /* 2 bits: MEDIA_ENCODINGS_MAX is 4 */
_Static_assert(MEDIA_ENCODINGS_MAX <= 4, "the note has two bits for the encoding");

#define RED_HEADER_LEN 4    /* RFC 2198 section 3: of a redundant block; the primary has 1 byte */
#define RED_FOLLOWS    0x80 /* F bit: another block header follows */

uint64_t forward_numbers_pack(const struct forward_numbers *n, size_t stream)
{
    return (uint64_t)n->timestamp_offset | (uint64_t)n->picture_id << NOTE_PICTURE_SHIFT |
           (uint64_t)n->tl0_picture << NOTE_TL0_SHIFT | (uint64_t)stream << NOTE_STREAM_SHIFT;
}

size_t forward_numbers_unpack(struct forward_numbers *out, uint64_t note)
{
    *out = (struct forward_numbers){
        .timestamp_offset = (uint32_t)note,
        .picture_id = (uint16_t)(note >> NOTE_PICTURE_SHIFT & VP8_PICTURE_ID_MASK),
        .tl0_picture = (uint8_t)(note >> NOTE_TL0_SHIFT)};
    return note >> NOTE_STREAM_SHIFT & 3;
}

/* The consumer's codec for the packet, *unwrap set when its RED must be undone. */
static const struct media_codec *codec_for(const struct forward_consumer *c,
                                           const struct media_codec *from, bool *unwrap)
{
    const struct media_codec *to = media_codec_by_type(&c->media, from->type);
    *unwrap = !to && from->type == MEDIA_CODEC_RED;
    return *unwrap ? media_codec_by_type(&c->media, MEDIA_CODEC_OPUS) : to;
}

bool forward_rewrite_possible(const struct forward_consumer *c, const struct forward_input *in)
{
    bool unwrap;
    return codec_for(c, in->codec, &unwrap) != NULL;
}

/* A kept extension: the producer's value under the consumer's id. */
static void keep_extension(struct rtp_writer *w, const struct forward_consumer *c,
                           const struct forward_input *in, size_t which)
{
    struct rtp_element e;
    uint8_t id = c->media.extension_ids[which];
    if (id && rtp_element_find(&in->view, in->producer->media.extension_ids[which], &e) &&
        e.len_bytes == 1)
        rtp_writer_extension(w, id, e.value, e.len_bytes);
}

static void write_extensions(struct rtp_writer *w, const struct forward_consumer *c,
                             const struct forward_input *in)
{
    static const uint8_t zeros[RTP_ABS_SEND_TIME_LEN];
    const uint8_t *ids = c->media.extension_ids;
    if (c->media.mid[0])
        rtp_writer_extension(w, ids[RTP_EXTENSION_MID], c->media.mid, strlen(c->media.mid));
    keep_extension(w, c, in, RTP_EXTENSION_AUDIO_LEVEL);
    keep_extension(w, c, in, MEDIA_EXT_VIDEO_ORIENTATION);
    rtp_writer_extension(w, ids[RTP_EXTENSION_ABS_SEND_TIME], zeros, RTP_ABS_SEND_TIME_LEN);
    rtp_writer_extension(w, ids[RTP_EXTENSION_TRANSPORT_CC], zeros, RTP_TRANSPORT_CC_LEN);
}

/* RED kept as RED: the payload types inside are the consumer's. False when the blocks don't parse.
 */
static bool map_red(const struct forward_consumer *c, const struct forward_input *in,
                    uint8_t *payload, size_t len_bytes)
{
    struct red_block blocks[RED_BLOCKS_MAX];
    int count = red_parse(blocks, payload, len_bytes);
    for (int i = 0; i < count; i++) {
        const struct media_codec *inner =
            media_codec_by_payload(&in->producer->media, blocks[i].payload_type);
        const struct media_codec *to = inner ? media_codec_by_type(&c->media, inner->type) : NULL;
        if (!to)
            return false;
        uint8_t *head = payload + (size_t)i * RED_HEADER_LEN;
        *head = (uint8_t)((*head & RED_FOLLOWS) | to->payload_type);
    }
    return count > 0;
}

static void renumber_payload(const struct forward_input *in, const struct forward_numbers *n,
                             uint8_t *payload)
{
    if (in->codec->type != MEDIA_CODEC_VP8)
        return;
    vp8_set_picture_id(&in->vp8, payload, n->picture_id);
    vp8_set_tl0_picture(&in->vp8, payload, n->tl0_picture);
}

int forward_rewrite(const struct forward_consumer *c, const struct forward_input *in,
                    const struct forward_numbers *n, uint8_t *data, size_t capacity_bytes)
{
    bool unwrap;
    const struct media_codec *codec = codec_for(c, in->codec, &unwrap);
    const uint8_t *payload = rtp_payload(&in->view);
    size_t len = in->view.payload_len_bytes;
    struct red_block blocks[RED_BLOCKS_MAX];
    if (!codec)
        return 0;
    if (unwrap) {
        int count = red_parse(blocks, payload, len);
        if (count <= 0)
            return 0;
        payload = blocks[count - 1].data;
        len = blocks[count - 1].len_bytes;
    }
    struct rtp_writer w;
    rtp_writer_init(&w, data, capacity_bytes,
                    &(struct rtp_header){.marker = in->view.marker,
                                         .payload_type = codec->payload_type,
                                         .seq16 = n->seq16,
                                         .timestamp = in->view.timestamp + n->timestamp_offset,
                                         .ssrc = c->media.encodings[0].ssrc});
    write_extensions(&w, c, in);
    uint8_t *out = rtp_writer_reserve(&w, len);
    if (out) {
        memcpy(out, payload, len);
        renumber_payload(in, n, out);
        if (codec->type == MEDIA_CODEC_RED && !map_red(c, in, out, len))
            return 0;
    }
    return rtp_writer_finish(&w);
}
