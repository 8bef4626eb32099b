/* SPDX-License-Identifier: Apache-2.0 */
/* Transport-wide feedback packets: a recorded one, the chunk examples of the draft, round trips. */
#include "rtc/rtcp/twcc.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

static int parse(struct rtcp_twcc *out, const uint8_t *data, size_t len)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    cr_assert_eq(rtcp_begin(&it, data, len), SQ_OK);
    cr_assert(rtcp_next(&it, &p));
    return rtcp_parse_twcc(out, &p);
}

/* From a browser: nine packets in one run of small deltas; one byte of padding. */
static const uint8_t recorded[] = {0xaf, 0xcd, 0x00, 0x07, 0x00, 0x00, 0x00, 0x01, 0xdd, 0x58, 0x6e,
                                   0xb6, 0x00, 0x01, 0x00, 0x09, 0x5e, 0x91, 0x10, 0x00, 0x20, 0x09,
                                   0x1c, 0x0c, 0x2c, 0x38, 0x00, 0x04, 0x00, 0x08, 0x18, 0x01};

Test(twcc, reads_a_recorded_packet)
{
    static const int16_t ticks[] = {0x1c, 0x0c, 0x2c, 0x38, 0, 4, 0, 8, 0x18};
    struct rtcp_twcc f;
    struct rtcp_twcc_iterator it;
    struct rtcp_twcc_status s;
    cr_assert_eq(parse(&f, recorded, sizeof recorded), SQ_OK);
    cr_assert_eq(f.media_ssrc, 0xdd586eb6);
    cr_assert_eq(f.base_seq16, 1);
    cr_assert_eq(f.status_count, 9);
    cr_assert_eq(f.reference, 6197520);
    cr_assert_eq(f.feedback_count, 0);
    rtcp_twcc_begin(&it, &f);
    for (size_t i = 0; i < 9; i++) {
        cr_assert(rtcp_twcc_next(&it, &s));
        cr_assert(s.received);
        cr_assert_eq(s.delta_ticks, ticks[i]);
    }
    cr_assert_not(rtcp_twcc_next(&it, &s));
}

/* A feedback of `count` packets with one chunk and no more than `deltas` zero bytes behind. */
static int parse_chunk(struct rtcp_twcc *out, uint8_t *data, uint16_t chunk, uint16_t count,
                       size_t deltas)
{
    size_t len = (RTCP_TWCC_HEADER_LEN + 2 + deltas + 3) / 4 * 4;
    memset(data, 0, len);
    data[0] = 0x8f;
    data[1] = RTCP_RTPFB;
    bytes_put_u16(data + 2, (uint16_t)(len / 4 - 1));
    bytes_put_u16(data + 14, count);
    bytes_put_u16(data + 20, chunk);
    return parse(out, data, len);
}

static void expect(const struct rtcp_twcc *f, const char *want)
{
    struct rtcp_twcc_iterator it;
    struct rtcp_twcc_status s;
    rtcp_twcc_begin(&it, f);
    for (size_t i = 0; want[i]; i++) {
        cr_assert(rtcp_twcc_next(&it, &s));
        cr_assert_eq(s.received, want[i] != '-', "packet %zu", i);
    }
    cr_assert_not(rtcp_twcc_next(&it, &s));
}

Test(twcc, reads_the_chunks_of_the_draft)
{
    uint8_t data[300];
    struct rtcp_twcc f;
    /* Section 3.1.3: 0x00dd is a run of 221 packets not received. */
    cr_assert_eq(parse_chunk(&f, data, 0x00dd, 221, 0), SQ_OK);
    cr_assert_eq(f.status_count, 221);
    /* Its second example, 0x6018: 24 packets with the reserved symbol 3. */
    cr_assert_eq(parse_chunk(&f, data, 0x6018, 24, 0), SQ_ERR_INVALID);
    /* Section 3.1.4: 0x9f1c: 1 lost, 5 received, 3 lost, 3 received, 2 lost. */
    cr_assert_eq(parse_chunk(&f, data, 0x9f1c, 14, 8), SQ_OK);
    expect(&f, "-+++++---+++--");
    /* Its second example, 0xcd50, has the reserved symbol; with 01 in its place it reads. */
    cr_assert_eq(parse_chunk(&f, data, 0xcd50, 7, 4), SQ_ERR_INVALID);
    cr_assert_eq(parse_chunk(&f, data, 0xc550, 7, 4), SQ_OK);
    expect(&f, "-++++--");
}

Test(twcc, refuses_what_does_not_add_up)
{
    uint8_t data[300];
    struct rtcp_twcc f;
    cr_assert_eq(parse_chunk(&f, data, 0x2001, 0, 1), SQ_ERR_INVALID, "count 0");
    cr_assert_eq(parse_chunk(&f, data, 0x2000, 1, 1), SQ_ERR_INVALID, "an empty run never ends");
    cr_assert_eq(parse_chunk(&f, data, 0x2003, 3, 2), SQ_ERR_INVALID, "three deltas, two bytes");
    cr_assert_eq(parse_chunk(&f, data, 0x4002, 2, 2), SQ_ERR_INVALID, "large deltas need four");
    cr_assert_eq(parse_chunk(&f, data, 0x1fff, 5000, 0), SQ_ERR_INVALID, "over our limit");
    for (size_t len = 20; len < sizeof recorded; len += 4) {
        memcpy(data, recorded, len);
        data[0] &= (uint8_t)~0x20;
        bytes_put_u16(data + 2, (uint16_t)(len / 4 - 1));
        cr_assert_eq(parse(&f, data, len), SQ_ERR_INVALID, "cut at %zu", len);
    }
}

static size_t make(struct rtcp_twcc_status *s, struct prng *r)
{
    size_t count = 1 + prng_below(r, 900);
    double stay = prng_unit(r);
    int kind = 0;
    for (size_t i = 0; i < count; i++) {
        if (!prng_chance(r, stay))
            kind = (int)prng_below(r, 3);
        s[i] = (struct rtcp_twcc_status){.received = kind != 0};
        if (kind == 1)
            s[i].delta_ticks = (int16_t)prng_below(r, 256);
        else if (kind == 2)
            s[i].delta_ticks = (int16_t)(prng_chance(r, 0.5) ? prng_between(r, 256, 32767)
                                                             : prng_between(r, -32768, -1));
    }
    return count;
}

Test(twcc, what_is_written_is_read_back)
{
    static struct rtcp_twcc_status in[900];
    struct prng r = prng_of(15);
    for (int round = 0; round < 1500; round++) {
        uint8_t buf[4096];
        struct byte_writer w = byte_writer_of(buf, sizeof buf);
        struct rtcp_twcc f;
        struct rtcp_twcc_iterator it;
        struct rtcp_twcc_status s;
        size_t count = make(in, &r);
        int32_t reference = (int32_t)prng_between(&r, -8388608, 8388607);
        cr_assert_eq(rtcp_write_twcc(&w, 1, 2, (uint16_t)round, reference, 9, in, count), SQ_OK);
        cr_assert_eq(byte_writer_len(&w) % 4, 0);
        cr_assert_eq(parse(&f, buf, byte_writer_len(&w)), SQ_OK);
        cr_assert(f.status_count == count && f.reference == reference && f.feedback_count == 9);
        rtcp_twcc_begin(&it, &f);
        for (size_t i = 0; i < count; i++) {
            cr_assert(rtcp_twcc_next(&it, &s));
            cr_assert_eq(s.received, in[i].received);
            cr_assert_eq(s.delta_ticks, in[i].delta_ticks);
        }
    }
}

Test(twcc, writing_needs_room_and_a_count)
{
    uint8_t buf[24];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    static struct rtcp_twcc_status s[300];
    cr_assert_eq(rtcp_write_twcc(&w, 1, 2, 0, 0, 0, s, 0), SQ_ERR_INVALID);
    for (size_t i = 0; i < 300; i++)
        s[i].received = true;
    cr_assert_eq(rtcp_write_twcc(&w, 1, 2, 0, 0, 0, s, 300), SQ_ERR_LIMIT);
    cr_assert_eq(byte_writer_len(&w), 0);
    cr_assert_eq(rtcp_write_twcc(&w, 1, 2, 0, 0, 0, s, 2), SQ_OK);
}
