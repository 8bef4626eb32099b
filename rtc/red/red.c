/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2198 section 3: four-byte headers of redundant blocks, one byte for the primary, then the
 * data. */
#include "rtc/red/red.h"

#include "base/bytes.h"
#include "base/check.h"
#include "shanqiao/error.h"

#define HEADER_LEN   4
#define FOLLOWS      0x80u /* F */
#define HISTORY_MASK (RED_HISTORY - 1)

int red_parse(struct red_block out[RED_BLOCKS_MAX], const uint8_t *payload, size_t len_bytes)
{
    struct byte_reader r = byte_reader_of(payload, len_bytes);
    size_t count = 0;
    for (;;) {
        if (count == RED_BLOCKS_MAX)
            return SQ_ERR_LIMIT;
        uint8_t head = byte_read_u8(&r);
        struct red_block *b = &out[count++];
        *b = (struct red_block){.payload_type = head & 0x7f};
        if (!(head & FOLLOWS))
            break;
        uint32_t rest = byte_read_u24(&r);
        b->timestamp_offset = (uint16_t)(rest >> 10);
        b->len_bytes = rest & RED_BLOCK_BYTES_MAX;
    }
    for (size_t i = 0; i + 1 < count; i++)
        out[i].data = byte_read(&r, out[i].len_bytes);
    out[count - 1].len_bytes = byte_reader_left(&r);
    out[count - 1].data = r.at;
    return r.failed ? SQ_ERR_INVALID : (int)count;
}

static bool writable(const struct red_block *blocks, size_t count)
{
    if (count == 0 || count > RED_BLOCKS_MAX)
        return false;
    for (size_t i = 0; i + 1 < count; i++) {
        if (blocks[i].len_bytes > RED_BLOCK_BYTES_MAX ||
            blocks[i].timestamp_offset > RED_OFFSET_MAX)
            return false;
    }
    return true;
}

int red_write(const struct red_block *blocks, size_t count, uint8_t *out, size_t capacity_bytes)
{
    if (!writable(blocks, count))
        return SQ_ERR_INVALID;
    struct byte_writer w = byte_writer_of(out, capacity_bytes);
    for (size_t i = 0; i + 1 < count; i++)
        byte_write_u32(&w, (FOLLOWS | (blocks[i].payload_type & 0x7fu)) << 24 |
                               (uint32_t)blocks[i].timestamp_offset << 10 |
                               (uint32_t)blocks[i].len_bytes);
    byte_write_u8(&w, blocks[count - 1].payload_type & 0x7f);
    for (size_t i = 0; i < count; i++)
        byte_write(&w, blocks[i].data, blocks[i].len_bytes);
    return w.failed ? SQ_ERR_LIMIT : (int)byte_writer_len(&w);
}

void red_encoder_init(struct red_encoder *e, uint8_t payload_type)
{
    memset(e, 0, sizeof *e);
    e->payload_type = payload_type & 0x7f;
}

void red_encoder_reset(struct red_encoder *e)
{
    e->frame_count = 0;
    for (size_t i = 0; i < RED_HISTORY; i++)
        e->frames[i].len_bytes = 0;
}

int red_encoder_set_distances(struct red_encoder *e, const uint8_t *distances, size_t count)
{
    if (count > RED_BLOCKS_MAX - 1)
        return SQ_ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (distances[i] == 0 || distances[i] >= RED_HISTORY)
            return SQ_ERR_INVALID;
    }
    e->distance_count = 0;
    for (uint8_t d = RED_HISTORY - 1; d > 0; d--) { /* descending, each once */
        for (size_t i = 0; i < count; i++) {
            if (distances[i] == d) {
                e->distances[e->distance_count++] = d;
                break;
            }
        }
    }
    return SQ_OK;
}

/* The copy at this distance, if it is there, young enough and fits into `room`. */
static bool copy_at(const struct red_encoder *e, uint8_t distance, uint32_t timestamp, size_t room,
                    struct red_block *out)
{
    if (distance > e->frame_count)
        return false;
    const struct red_frame *f = &e->frames[(e->frame_count - distance) & HISTORY_MASK];
    uint32_t offset = timestamp - f->timestamp;
    if (f->len_bytes == 0 || offset == 0 || offset > RED_OFFSET_MAX ||
        room < (size_t)f->len_bytes + HEADER_LEN)
        return false;
    *out = (struct red_block){e->payload_type, (uint16_t)offset, f->data, f->len_bytes};
    return true;
}

/* Copies for this frame, oldest first. The nearest go in first, as they are worth most when room is
 * short. */
static size_t choose_copies(const struct red_encoder *e, uint32_t timestamp, size_t room,
                            struct red_block out[RED_BLOCKS_MAX - 1])
{
    struct red_block chosen[RED_BLOCKS_MAX - 1];
    size_t count = 0;
    for (size_t i = e->distance_count; i-- > 0;) {
        if (!copy_at(e, e->distances[i], timestamp, room, &chosen[count]))
            continue;
        room -= chosen[count].len_bytes + HEADER_LEN;
        count++;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = chosen[count - 1 - i];
    return count;
}

static void remember(struct red_encoder *e, uint32_t timestamp, const uint8_t *frame,
                     size_t len_bytes)
{
    struct red_frame *f = &e->frames[e->frame_count & HISTORY_MASK];
    f->timestamp = timestamp;
    f->len_bytes = len_bytes <= RED_BLOCK_BYTES_MAX ? (uint16_t)len_bytes : 0;
    if (f->len_bytes)
        memcpy(f->data, frame, f->len_bytes);
    e->frame_count++;
}

int red_encoder_write(struct red_encoder *e, uint32_t timestamp, const uint8_t *frame,
                      size_t len_bytes, uint8_t *out, size_t capacity_bytes)
{
    struct red_block blocks[RED_BLOCKS_MAX];
    if (capacity_bytes < 1 + len_bytes)
        return SQ_ERR_LIMIT;
    size_t count = choose_copies(e, timestamp, capacity_bytes - 1 - len_bytes, blocks);
    blocks[count++] = (struct red_block){e->payload_type, 0, frame, len_bytes};
    int len = red_write(blocks, count, out, capacity_bytes);
    CHECK(len > 0);
    remember(e, timestamp, frame, len_bytes);
    return len;
}
