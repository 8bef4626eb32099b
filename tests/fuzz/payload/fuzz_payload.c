/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a payload; the first byte chooses the format. Rewriting must survive parsing again.
 */
#include "base/check.h"
#include "rtc/payload/h264.h"
#include "rtc/payload/opus.h"
#include "rtc/payload/vp8.h"
#include "rtc/payload/vp9.h"
#include "rtc/red/red.h"
#include "rtc/rtx/rtx.h"
#include <stdlib.h>
#include <string.h>

static void run_vp8(uint8_t *data, size_t size)
{
    struct vp8_descriptor d, again;
    uint16_t width, height;
    if (vp8_parse(&d, data, size) != 0)
        return;
    CHECK(d.len_bytes < size);
    vp8_key_frame(&d, data, size, &width, &height);
    vp8_set_picture_id(&d, data, 0x1234);
    vp8_set_tl0_picture(&d, data, 0x56);
    CHECK(vp8_parse(&again, data, size) == 0 && again.len_bytes == d.len_bytes);
    CHECK(d.picture_id < 0 || again.picture_id == (d.picture_id_long ? 0x1234 : 0x34));
}

static void run_vp9(uint8_t *data, size_t size)
{
    struct vp9_descriptor d, again;
    uint16_t width, height;
    if (vp9_parse(&d, data, size) != 0)
        return;
    CHECK(d.len_bytes < size);
    vp9_size(&d, &width, &height);
    vp9_set_picture_id(&d, data, 0x1234);
    vp9_set_tl0_picture(&d, data, 0x56);
    vp9_set_end(data, true);
    CHECK(vp9_parse(&again, data, size) == 0 && again.len_bytes == d.len_bytes && again.end);
}

static void run_red(const uint8_t *data, size_t size)
{
    struct red_block blocks[RED_BLOCKS_MAX];
    uint8_t out[2048];
    int count = red_parse(blocks, data, size);
    if (count < 0 || size > sizeof out)
        return;
    CHECK(red_write(blocks, (size_t)count, out, sizeof out) == (int)size);
    CHECK(memcmp(out, data, size) == 0 || size == 0);
}

static void run_rtx(uint8_t *data, size_t size)
{
    struct rtp_view v;
    if (rtp_parse(&v, data, size) == 0)
        rtx_decapsulate(&v, data, 96, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct opus_toc toc;
    struct h264_info info;
    if (size == 0)
        return 0;
    size_t len = size - 1;
    uint8_t *copy = malloc(len ? len : 1);
    CHECK(copy);
    memcpy(copy, data + 1, len);
    switch (data[0] % 6) {
    case 0:
        run_vp8(copy, len);
        break;
    case 1:
        run_vp9(copy, len);
        break;
    case 2:
        if (opus_parse(&toc, copy, len) == 0)
            CHECK(toc.samples <= OPUS_PACKET_SAMPLES_MAX && toc.samples > 0);
        break;
    case 3:
        (void)h264_parse(&info, copy, len);
        break;
    case 4:
        run_red(copy, len);
        break;
    default:
        run_rtx(copy, len);
        break;
    }
    free(copy);
    return 0;
}
