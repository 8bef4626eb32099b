/* SPDX-License-Identifier: Apache-2.0 */
/* Retransmission format: RFC 4588 section 4 figure, probes, and refusals. */
#include "base/bytes.h"
#include "rtc/rtx/rtx.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

static size_t make(uint8_t *buf, size_t capacity, const void *payload, size_t len, uint8_t padding)
{
    struct rtp_writer w;
    const struct rtp_header h = {.marker = true,
                                 .payload_type = 96,
                                 .seq16 = 0xabcd,
                                 .timestamp = 90000,
                                 .ssrc = 0x01020304};
    rtp_writer_init(&w, buf, capacity, &h);
    rtp_writer_extension(&w, 4, "\x00\x2a", 2);
    rtp_writer_payload(&w, payload, len);
    if (padding)
        rtp_writer_padding(&w, padding);
    return (size_t)rtp_writer_finish(&w);
}

Test(rtx, puts_the_osn_before_the_payload)
{
    uint8_t p[64], original[64];
    struct rtp_view v;
    size_t len = make(p, sizeof p, "media", 5, 0);
    memcpy(original, p, len);
    int out = rtx_encapsulate(p, len, sizeof p, 97, 0x0a0b0c0d, 77);
    cr_assert_eq(out, (int)len + 2);
    cr_assert_eq(rtp_parse(&v, p, (size_t)out), SQ_OK);
    cr_assert_eq(v.payload_type, 97);
    cr_assert_eq(v.ssrc, 0x0a0b0c0d);
    cr_assert_eq(v.seq16, 77);
    cr_assert_eq(v.timestamp, 90000, "RFC 4588 section 4: the original timestamp");
    cr_assert(v.marker);
    cr_assert_arr_eq(rtp_payload(&v), "\xab\xcdmedia", 7);
    uint16_t osn = 0;
    cr_assert(rtx_original_seq16(&v, &osn) && osn == 0xabcd);
    out = rtx_decapsulate(&v, p, 96, 0x01020304);
    cr_assert_eq(out, (int)len);
    cr_assert_arr_eq(p, original, len);
}

Test(rtx, drops_padding)
{
    uint8_t p[64];
    struct rtp_view v;
    size_t len = make(p, sizeof p, "media", 5, 9);
    int out = rtx_encapsulate(p, len, sizeof p, 97, 1, 1);
    cr_assert_eq(out, (int)len + 2 - 9);
    cr_assert_eq(rtp_parse(&v, p, (size_t)out), SQ_OK);
    cr_assert_eq(v.padding_len_bytes, 0);
}

Test(rtx, tells_a_probe_from_a_broken_packet)
{
    uint8_t p[64], before[64];
    struct rtp_view v;
    size_t len = make(p, sizeof p, "", 0, 20);
    cr_assert_eq(rtp_parse(&v, p, len), SQ_OK);
    cr_assert_eq(rtx_decapsulate(&v, p, 96, 1), 0);
    for (size_t payload = 0; payload < 2; payload++) {
        len = make(p, sizeof p, "x", payload, payload ? 4 : 0);
        memcpy(before, p, len);
        cr_assert_eq(rtp_parse(&v, p, len), SQ_OK);
        cr_assert_eq(rtx_decapsulate(&v, p, 96, 1), SQ_ERR_INVALID);
        cr_assert_arr_eq(p, before, len, "nothing changed");
    }
}

Test(rtx, refuses_no_room_and_no_packet)
{
    uint8_t p[64] = {0};
    cr_assert_eq(rtx_encapsulate(p, 20, sizeof p, 97, 1, 1), SQ_ERR_INVALID);
    size_t len = make(p, sizeof p, "media", 5, 0);
    cr_assert_eq(rtx_encapsulate(p, len, len + 1, 97, 1, 1), SQ_ERR_LIMIT);
}

Test(rtx, comes_back_whole_at_random)
{
    struct prng r = prng_of(4588);
    uint8_t p[1500], payload[1200];
    for (int round = 0; round < 500; round++) {
        struct rtp_view v;
        size_t size = prng_below(&r, sizeof payload);
        prng_bytes(&r, payload, size);
        size_t len = make(p, sizeof p, payload, size, (uint8_t)prng_below(&r, 30));
        int out = rtx_encapsulate(p, len, sizeof p, 97, 5, 6);
        cr_assert_eq(rtp_parse(&v, p, (size_t)out), SQ_OK);
        out = rtx_decapsulate(&v, p, 96, 0x01020304);
        cr_assert_gt(out, 0);
        cr_assert_eq(rtp_parse(&v, p, (size_t)out), SQ_OK);
        cr_assert_eq(v.seq16, 0xabcd);
        cr_assert_eq(v.payload_len_bytes, size);
        cr_assert_eq(memcmp(rtp_payload(&v), payload, size), 0);
    }
}
