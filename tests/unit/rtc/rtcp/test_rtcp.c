/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP compounds, reports and feedback: recorded packets, RFC examples, round trips. */
#include "rtc/rtcp/rtcp.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

static struct rtcp_packet only(const uint8_t *data, size_t len)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    cr_assert_eq(rtcp_begin(&it, data, len), SQ_OK);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_not(rtcp_next(&it, &(struct rtcp_packet){0}));
    return p;
}

/* Chromium's: RR without blocks, SDES CNAME, BYE (webrtc corpus, rr-sdes-bye). */
static const uint8_t compound[] = {
    0x80, 0xc9, 0x00, 0x01, 0x1c, 0xa5, 0x73, 0x79, 0x81, 0xca, 0x00, 0x06, 0x1c, 0xa5, 0x73,
    0x79, 0x01, 0x10, 0x6a, 0x31, 0x6f, 0x6b, 0x52, 0x6c, 0x65, 0x34, 0x67, 0x53, 0x45, 0x49,
    0x4d, 0x77, 0x4d, 0x4f, 0x00, 0x00, 0x81, 0xcb, 0x00, 0x01, 0x1c, 0xa5, 0x73, 0x79};

Test(rtcp, walks_a_recorded_compound)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    struct rtcp_rr rr;
    struct rtcp_cname names[2];
    struct rtcp_bye bye;
    cr_assert_eq(rtcp_begin(&it, compound, sizeof compound), SQ_OK);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_rr(&rr, &p), SQ_OK);
    cr_assert_eq(rr.ssrc, 0x1ca57379);
    cr_assert_eq(rr.block_count, 0);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_rr(&rr, &p), SQ_ERR_INVALID, "another type");
    cr_assert_eq(rtcp_parse_sdes(names, 2, &p), 1);
    cr_assert_eq(names[0].ssrc, 0x1ca57379);
    cr_assert_eq(names[0].len_bytes, 16);
    cr_assert_arr_eq(names[0].text, "j1okRle4gSEIMwMO", 16);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_bye(&bye, &p), SQ_OK);
    cr_assert_eq(bye.count, 1);
    cr_assert_eq(bye.ssrcs[0], 0x1ca57379);
    cr_assert_not(rtcp_next(&it, &p));
}

Test(rtcp, a_bad_tail_refuses_the_whole)
{
    struct rtcp_iterator it;
    for (size_t len = 0; len < sizeof compound; len++) {
        bool border = len == 8 || len == 36;
        cr_assert_eq(rtcp_begin(&it, compound, len), border ? SQ_OK : SQ_ERR_INVALID, "%zu", len);
    }
    uint8_t p[sizeof compound];
    memcpy(p, compound, sizeof p);
    p[36] = 0x41; /* version 1 */
    cr_assert_eq(rtcp_begin(&it, p, sizeof p), SQ_ERR_INVALID);
}

Test(rtcp, checks_padding)
{
    uint8_t p[] = {0xa0, 0xc9, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4};
    struct rtcp_iterator it;
    struct rtcp_packet out = only(p, sizeof p);
    cr_assert_eq(out.len_bytes, 8);
    p[11] = 0;
    cr_assert_eq(rtcp_begin(&it, p, sizeof p), SQ_ERR_INVALID);
    p[11] = 9;
    cr_assert_eq(rtcp_begin(&it, p, sizeof p), SQ_ERR_INVALID, "into the header");
}

Test(rtcp, counts_past_the_end_are_refused)
{
    /* Five-bit counts that claim 31 blocks, chunks, sources in a packet that has none. */
    for (uint8_t type = RTCP_SR; type <= RTCP_BYE; type++) {
        uint8_t data[28] = {0x9f, type, 0, 6};
        struct rtcp_packet p = only(data, sizeof data);
        struct rtcp_sr sr;
        struct rtcp_rr rr;
        struct rtcp_bye bye;
        struct rtcp_cname names[31];
        cr_assert_eq(rtcp_parse_sr(&sr, &p), SQ_ERR_INVALID);
        cr_assert_eq(rtcp_parse_rr(&rr, &p), SQ_ERR_INVALID);
        cr_assert_eq(rtcp_parse_bye(&bye, &p), SQ_ERR_INVALID);
        cr_assert_eq(rtcp_parse_sdes(names, 31, &p), SQ_ERR_INVALID);
    }
}

Test(rtcp, sdes_item_past_the_end_is_refused)
{
    uint8_t data[] = {0x81, 0xca, 0, 2, 0, 0, 0, 1, 1, 3, 'a', 'b'};
    struct rtcp_packet p = only(data, sizeof data);
    struct rtcp_cname name;
    cr_assert_eq(rtcp_parse_sdes(&name, 1, &p), SQ_ERR_INVALID);
    data[9] = 2; /* fits, but no zero ends the chunk */
    cr_assert_eq(rtcp_parse_sdes(&name, 1, &p), SQ_ERR_INVALID);
}

Test(rtcp, reads_recorded_remb)
{
    const uint8_t data[] = {0x8f, 0xce, 0x00, 0x05, 0x8c, 0x08, 0xa0, 0x5d, 0x00, 0x00, 0x00, 0x00,
                            0x52, 0x45, 0x4d, 0x42, 0x01, 0x01, 0xf4, 0x00, 0xf3, 0x10, 0xa8, 0x66};
    struct rtcp_packet p = only(data, sizeof data);
    struct rtcp_remb remb;
    cr_assert_eq(rtcp_parse_remb(&remb, &p), SQ_OK);
    cr_assert_eq(remb.rate_bps, 128000);
    cr_assert_eq(remb.ssrc_count, 1);
    cr_assert_eq(bytes_get_u32(remb.ssrcs), 0xf310a866);
}

Test(rtcp, remb_is_clamped_and_bounded)
{
    uint8_t data[] = {0x8f, 0xce, 0x00, 0x04, 0,   0,   0, 1,    0,    0,
                      0,    0,    'R',  'E',  'M', 'B', 0, 0xff, 0xff, 0xff};
    struct rtcp_packet p = only(data, sizeof data);
    struct rtcp_remb remb;
    cr_assert_eq(rtcp_parse_remb(&remb, &p), SQ_OK);
    cr_assert_eq(remb.rate_bps, (uint64_t)UINT32_MAX * 1000);
    data[17] = data[18] = data[19] = 0;
    cr_assert_eq(rtcp_parse_remb(&remb, &p), SQ_OK);
    cr_assert_eq(remb.rate_bps, 0);
    data[16] = 1; /* an SSRC that is not there */
    cr_assert_eq(rtcp_parse_remb(&remb, &p), SQ_ERR_INVALID);
    data[16] = 0;
    data[12] = 'X';
    cr_assert_eq(rtcp_parse_remb(&remb, &p), SQ_ERR_INVALID);
}

Test(rtcp, reads_recorded_fir)
{
    const uint8_t data[] = {0x84, 0xce, 0x00, 0x04, 0x8c, 0x08, 0xa0, 0x5d, 0xf3, 0x10,
                            0xa8, 0x66, 0xf3, 0x10, 0xa8, 0x66, 0x0a, 0x00, 0x00, 0x00};
    struct rtcp_packet p = only(data, sizeof data);
    struct rtcp_fir fir;
    uint32_t ssrc;
    uint8_t command;
    cr_assert_eq(rtcp_parse_fir(&fir, &p), SQ_OK);
    cr_assert_eq(fir.entry_count, 1);
    rtcp_fir_at(&fir, 0, &ssrc, &command);
    cr_assert_eq(ssrc, 0xf310a866);
    cr_assert_eq(command, 10);
}

Test(rtcp, nack_mask_is_read_bit_by_bit)
{
    /* RFC 4585 section 6.2.1: PID, then bit i of BLP asks for PID + i + 1. */
    const uint8_t data[] = {0x81, 0xcd, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xfe, 0x80, 0x05};
    struct rtcp_packet p = only(data, sizeof data);
    struct rtcp_nack nack;
    uint16_t out[17];
    cr_assert_eq(rtcp_parse_nack(&nack, &p), SQ_OK);
    cr_assert_eq(rtcp_nack_sequences(&nack, out, 17), 4);
    cr_assert_arr_eq(out, ((uint16_t[]){0xfffe, 0xffff, 1, 14}), 4 * sizeof out[0]);
    cr_assert_eq(rtcp_nack_sequences(&nack, out, 2), 2, "never more than asked for");
}

Test(rtcp, writes_packed_nack)
{
    uint8_t buf[64];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    struct rtcp_nack nack;
    const uint16_t in[] = {65530, 65531, 10, 11, 27};
    uint16_t out[8];
    cr_assert_eq(rtcp_write_nack(&w, 1, 2, in, 5), SQ_OK);
    struct rtcp_packet p = only(buf, byte_writer_len(&w));
    cr_assert_eq(rtcp_parse_nack(&nack, &p), SQ_OK);
    cr_assert_eq(nack.pair_count, 2, "10 is 16 behind 65530, 27 is 16 behind 11");
    cr_assert_eq(rtcp_nack_sequences(&nack, out, 8), 5);
    cr_assert_arr_eq(out, in, sizeof in);
    cr_assert_eq(rtcp_write_nack(&w, 1, 2, in, 0), SQ_ERR_INVALID);
}

static bool same_block(const struct rtcp_block *a, const struct rtcp_block *b)
{
    return a->ssrc == b->ssrc && a->fraction_lost == b->fraction_lost &&
           a->cumulative_lost == b->cumulative_lost && a->highest_seq32 == b->highest_seq32 &&
           a->jitter == b->jitter && a->lsr == b->lsr && a->dlsr == b->dlsr;
}

Test(rtcp, writes_reports_that_read_back)
{
    struct prng r = prng_of(3550);
    for (int round = 0; round < 300; round++) {
        uint8_t buf[1024];
        struct byte_writer w = byte_writer_of(buf, sizeof buf);
        struct rtcp_block in[RTCP_COUNT_MAX], out;
        size_t count = prng_below(&r, RTCP_COUNT_MAX + 1);
        for (size_t i = 0; i < count; i++)
            in[i] = (struct rtcp_block){
                prng_u32(&r), (uint8_t)prng_u32(&r), (int32_t)prng_between(&r, -8388608, 8388607),
                prng_u32(&r), prng_u32(&r),          prng_u32(&r),
                prng_u32(&r)};
        const struct rtcp_sr sent = {prng_u32(&r), prng_u64(&r), prng_u32(&r), 5, 6, 0, NULL};
        bool is_sr = prng_chance(&r, 0.5);
        int result = is_sr ? rtcp_write_sr(&w, &sent, in, count) : rtcp_write_rr(&w, 9, in, count);
        cr_assert_eq(result, SQ_OK);
        struct rtcp_packet p = only(buf, byte_writer_len(&w));
        struct rtcp_sr sr;
        struct rtcp_rr rr;
        cr_assert_eq(is_sr ? rtcp_parse_sr(&sr, &p) : rtcp_parse_rr(&rr, &p), SQ_OK);
        if (is_sr)
            cr_assert(sr.ssrc == sent.ssrc && sr.ntp == sent.ntp && sr.octet_count == 6 &&
                      sr.rtp_timestamp == sent.rtp_timestamp && sr.packet_count == 5);
        cr_assert_eq(is_sr ? sr.block_count : rr.block_count, count);
        for (size_t i = 0; i < count; i++) {
            rtcp_block_at(&out, is_sr ? sr.blocks : rr.blocks, i);
            cr_assert(same_block(&out, &in[i]));
        }
    }
}

Test(rtcp, cumulative_loss_is_clamped)
{
    uint8_t buf[64];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    struct rtcp_block b = {.cumulative_lost = 0x7fffffff}, out;
    struct rtcp_rr rr;
    cr_assert_eq(rtcp_write_rr(&w, 1, &b, 1), SQ_OK);
    struct rtcp_packet p = only(buf, byte_writer_len(&w));
    cr_assert_eq(rtcp_parse_rr(&rr, &p), SQ_OK);
    rtcp_block_at(&out, rr.blocks, 0);
    cr_assert_eq(out.cumulative_lost, 0x7fffff);
}

Test(rtcp, writes_feedback_that_reads_back)
{
    uint8_t buf[256];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    struct rtcp_iterator it;
    struct rtcp_packet p;
    struct rtcp_pli pli;
    struct rtcp_fir fir;
    struct rtcp_remb remb;
    struct rtcp_cname name;
    uint32_t ssrc;
    uint8_t command;
    cr_assert_eq(rtcp_write_cname(&w, 7, "abc"), SQ_OK);
    cr_assert_eq(rtcp_write_pli(&w, 1, 2), SQ_OK);
    cr_assert_eq(rtcp_write_fir(&w, 3, 4, 200), SQ_OK);
    cr_assert_eq(rtcp_write_remb(&w, 5, 1234567, (uint32_t[]){8, 9}, 2), SQ_OK);
    cr_assert_eq(rtcp_begin(&it, buf, byte_writer_len(&w)), SQ_OK);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_sdes(&name, 1, &p), 1);
    cr_assert(name.ssrc == 7 && name.len_bytes == 3 && memcmp(name.text, "abc", 3) == 0);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_pli(&pli, &p), SQ_OK);
    cr_assert(pli.sender_ssrc == 1 && pli.media_ssrc == 2);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_fir(&fir, &p), SQ_OK);
    rtcp_fir_at(&fir, 0, &ssrc, &command);
    cr_assert(ssrc == 4 && command == 200);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_remb(&remb, &p), SQ_OK);
    cr_assert_leq(remb.rate_bps, 1234567);
    cr_assert_gt(remb.rate_bps, 1234567 - 8);
    cr_assert_eq(bytes_get_u32(remb.ssrcs + 4), 9);
}

Test(rtcp, what_does_not_fit_leaves_the_writer_usable)
{
    uint8_t buf[20];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    cr_assert_eq(rtcp_write_pli(&w, 1, 2), SQ_OK);
    cr_assert_eq(rtcp_write_pli(&w, 1, 2), SQ_ERR_LIMIT);
    cr_assert_eq(rtcp_write_cname(&w, 7, "abc"), SQ_ERR_LIMIT);
    cr_assert_eq(rtcp_write_bye(&w, (uint32_t[]){5}, 1), SQ_OK);
    cr_assert_eq(byte_writer_len(&w), 20);
}

Test(rtcp, ntp_and_utc_agree)
{
    /* RFC 5905 appendix: 1970-01-01 is 2208988800 s of NTP. */
    cr_assert_eq(rtcp_ntp_of_utc_us(0), UINT64_C(2208988800) << 32);
    cr_assert_eq(rtcp_ntp_of_utc_us(500000), UINT64_C(2208988800) << 32 | 0x80000000u);
    struct prng r = prng_of(5905);
    for (int i = 0; i < 1000; i++) {
        time_us utc = prng_between(&r, 0, INT64_C(2000000000000000));
        cr_assert_eq(rtcp_utc_us_of_ntp(rtcp_ntp_of_utc_us(utc)), utc);
    }
}
