/* SPDX-License-Identifier: Apache-2.0 */
/* RTP view, writer and extensions: packets of RFC 3550 and RFC 8285, recorded packets, and round
 * trips. */
#include "base/bytes.h"
#include "rtc/rtp/rtp.h"
#include "shanqiao/error.h"
#include "tests/support/pcap.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const uint8_t plain[] = {0x80, 0xe0, 0x12, 0x34, 0,    0,   0,
                                0xa0, 0xde, 0xad, 0xbe, 0xef, 'h', 'i'};

Test(rtp, parses_the_fixed_header)
{
    struct rtp_view v;
    cr_assert_eq(rtp_parse(&v, plain, sizeof plain), SQ_OK);
    cr_assert(v.marker);
    cr_assert_eq(v.payload_type, 96);
    cr_assert_eq(v.seq16, 0x1234);
    cr_assert_eq(v.timestamp, 160);
    cr_assert_eq(v.ssrc, 0xdeadbeef);
    cr_assert_not(v.has_extension);
    cr_assert_eq(v.payload_at, 12);
    cr_assert_eq(v.payload_len_bytes, 2);
    cr_assert_arr_eq(rtp_payload(&v), "hi", 2);
}

Test(rtp, refuses_every_cut_of_a_full_header)
{
    /* 2 CSRC, extension of one word, payload "x", padding 3. */
    uint8_t full[] = {0xb2, 96, 0, 1, 0,    0,    0, 2, 0,    0,    0, 3, 0,   0, 0, 4,
                      0,    0,  0, 5, 0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0, 'x', 0, 0, 3};
    struct rtp_view v;
    cr_assert_eq(rtp_parse(&v, full, sizeof full), SQ_OK);
    cr_assert_eq(v.csrc_count, 2);
    cr_assert_eq(rtp_csrc(&v, 1), 5);
    cr_assert_eq(v.padding_len_bytes, 3);
    cr_assert_eq(v.payload_len_bytes, 1);
    for (size_t len = 0; len < 28; len++)
        cr_assert_eq(rtp_parse(&v, full, len), SQ_ERR_INVALID, "length %zu", len);
}

Test(rtp, refuses_wrong_version_and_rtcp_types)
{
    struct rtp_view v;
    uint8_t p[sizeof plain];
    for (unsigned version = 0; version < 4; version++) {
        memcpy(p, plain, sizeof p);
        p[0] = (uint8_t)(version << 6);
        cr_assert_eq(rtp_parse(&v, p, sizeof p), version == 2 ? SQ_OK : SQ_ERR_INVALID);
    }
    for (unsigned pt = 0; pt < 128; pt++) {
        memcpy(p, plain, sizeof p);
        rtp_set_payload_type(p, (uint8_t)pt);
        bool rtcp_like = pt >= 64 && pt <= 95;
        cr_assert_eq(rtp_parse(&v, p, sizeof p), rtcp_like ? SQ_ERR_INVALID : SQ_OK);
    }
}

Test(rtp, refuses_bad_padding)
{
    struct rtp_view v;
    uint8_t p[] = {0xa0, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 0};
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_ERR_INVALID, "count 0");
    p[14] = 4;
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_ERR_INVALID, "more than there is");
    p[14] = 3;
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_OK, "all of it: a probe");
    cr_assert_eq(v.payload_len_bytes, 0);
    cr_assert_eq(rtp_parse(&v, p, 12), SQ_ERR_INVALID, "padding bit on an empty payload");
}

Test(rtp, refuses_an_extension_longer_than_the_packet)
{
    struct rtp_view v;
    uint8_t p[] = {0x90, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0xff, 0xff, 1, 2, 3, 4};
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_ERR_INVALID);
}

Test(rtp, tells_rtcp_from_rtp)
{
    uint8_t p[2] = {0x80, 0};
    for (unsigned second = 0; second < 256; second++) {
        p[1] = (uint8_t)second;
        cr_assert_eq(rtp_is_rtcp(p, 2), second >= 192 && second <= 223, "%u", second);
    }
    cr_assert_not(rtp_is_rtcp(p, 1));
    p[1] = 200;
    p[0] = 0x16; /* DTLS handshake */
    cr_assert_not(rtp_is_rtcp(p, 2));
    cr_assert_not(rtp_is_rtp_or_rtcp(p, 2));
}

/* RFC 8285 section 4.2 figure: ids with lengths 1, 2 (with padding between) and 4. */
static const uint8_t one_byte[] = {0x90, 96, 0,    1,    0,    0,    0,    2,    0,    0,
                                   0,    3,  0xbe, 0xde, 0,    3,    0x10, 0xa1, 0x21, 0xb1,
                                   0xb2, 0,  0,    0x33, 0xc1, 0xc2, 0xc3, 0xc4, 'p'};

Test(rtp, walks_one_byte_elements)
{
    struct rtp_view v;
    struct rtp_element e;
    size_t cursor = 0;
    cr_assert_eq(rtp_parse(&v, one_byte, sizeof one_byte), SQ_OK);
    for (uint8_t id = 1; id <= 3; id++) {
        static const uint8_t lens[] = {0, 1, 2, 4};
        cr_assert(rtp_element_next(&v, &cursor, &e));
        cr_assert_eq(e.id, id);
        cr_assert_eq(e.len_bytes, lens[id]);
    }
    cr_assert_not(rtp_element_next(&v, &cursor, &e));
    cr_assert(rtp_element_find(&v, 2, &e));
    cr_assert_eq(e.value[1], 0xb2);
    cr_assert_not(rtp_element_find(&v, 4, &e));
    cr_assert_not(rtp_element_find(&v, 0, &e));
}

Test(rtp, stops_at_id_15_and_at_a_malformed_element)
{
    struct rtp_view v;
    struct rtp_element e;
    uint8_t p[sizeof one_byte];
    memcpy(p, one_byte, sizeof p);
    p[18] = 0xf1; /* RFC 8285 section 4.2: 15 terminates */
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_OK);
    cr_assert(rtp_element_find(&v, 1, &e));
    cr_assert_not(rtp_element_find(&v, 3, &e));
    memcpy(p, one_byte, sizeof p);
    p[23] = 0x3f; /* 16 bytes, 4 there */
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_OK);
    cr_assert(rtp_element_find(&v, 2, &e));
    cr_assert_not(rtp_element_find(&v, 3, &e));
}

Test(rtp, walks_two_byte_elements)
{
    /* RFC 8285 section 4.3: lengths 0, 1 and 4, appbits set. */
    uint8_t p[] = {0x90, 96, 0, 1, 0, 0, 0,    2, 0,   0, 0, 3, 0x10, 0x05,
                   0,    3,  1, 0, 2, 1, 0xb1, 0, 200, 4, 1, 2, 3,    4};
    struct rtp_view v;
    struct rtp_element e;
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_OK);
    cr_assert(rtp_element_find(&v, 1, &e));
    cr_assert_eq(e.len_bytes, 0);
    cr_assert(rtp_element_find(&v, 200, &e));
    cr_assert_eq(e.value[3], 4);
}

Test(rtp, sets_elements_in_place_of_the_same_length_only)
{
    struct rtp_view v;
    struct rtp_element e;
    uint8_t p[sizeof one_byte];
    memcpy(p, one_byte, sizeof p);
    cr_assert_eq(rtp_parse(&v, p, sizeof p), SQ_OK);
    cr_assert(rtp_element_set(&v, p, 2, "\x77\x88", 2));
    cr_assert_not(rtp_element_set(&v, p, 2, "\x77\x88\x99", 3));
    cr_assert_not(rtp_element_set(&v, p, 9, "\x77", 1));
    cr_assert(rtp_element_find(&v, 2, &e));
    cr_assert_arr_eq(e.value, "\x77\x88", 2);
    cr_assert_arr_eq(p + 21, one_byte + 21, sizeof p - 21);
}

Test(rtp, knows_extension_uris)
{
    for (int i = 0; i < RTP_EXTENSION_COUNT; i++) {
        enum rtp_extension x = (enum rtp_extension)i;
        cr_assert_eq(rtp_extension_from_uri(rtp_extension_uri(x)), x);
    }
    cr_assert_eq(rtp_extension_from_uri("urn:other"), RTP_EXTENSION_COUNT);
    cr_assert_eq(rtp_extension_from_uri(NULL), RTP_EXTENSION_COUNT);
    cr_assert_null(rtp_extension_uri(RTP_EXTENSION_COUNT));
}

Test(rtp, typed_extensions_come_back)
{
    uint8_t buf[128], level[1], sent[3], wide[2];
    struct rtp_writer w;
    rtp_put_audio_level(level, true, 42);
    rtp_put_abs_send_time(sent, INT64_C(65500000)); /* 65.5 s: wraps at 64 */
    rtp_put_transport_cc(wide, 0xbeef);
    rtp_writer_init(&w, buf, sizeof buf, &(struct rtp_header){.payload_type = 111, .seq16 = 1});
    rtp_writer_extension(&w, 1, level, sizeof level);
    rtp_writer_extension(&w, 0, "never", 5);
    rtp_writer_extension(&w, 3, wide, sizeof wide);
    rtp_writer_extension(&w, 2, sent, sizeof sent);
    rtp_writer_extension(&w, 4, "mid-0", 5);
    rtp_writer_payload(&w, "abc", 3);
    int len = rtp_writer_finish(&w);
    cr_assert_gt(len, 0);
    struct rtp_view v;
    bool voice = false;
    uint8_t dbov = 0;
    uint16_t seq = 0;
    uint32_t time = 0;
    char mid[8];
    cr_assert_eq(rtp_parse(&v, buf, (size_t)len), SQ_OK);
    cr_assert(rtp_get_audio_level(&v, 1, &voice, &dbov) && voice && dbov == 42);
    cr_assert(rtp_get_transport_cc(&v, 3, &seq) && seq == 0xbeef);
    cr_assert(rtp_get_abs_send_time(&v, 2, &time));
    cr_assert_eq(time, (1u << 18) + (1u << 17)); /* 1.5 s */
    cr_assert(rtp_get_text(&v, 4, mid, sizeof mid));
    cr_assert_str_eq(mid, "mid-0");
    cr_assert_not(rtp_get_text(&v, 4, mid, 5), "no room for the final zero");
    cr_assert_not(rtp_get_transport_cc(&v, 2, &seq), "wrong length");
}

Test(rtp, text_with_control_characters_is_refused)
{
    uint8_t buf[64];
    struct rtp_writer w;
    struct rtp_view v;
    char out[16];
    rtp_writer_init(&w, buf, sizeof buf, &(struct rtp_header){.payload_type = 96});
    rtp_writer_extension(&w, 1, "a\nb", 3);
    cr_assert_eq(rtp_parse(&v, buf, (size_t)rtp_writer_finish(&w)), SQ_OK);
    cr_assert_not(rtp_get_text(&v, 1, out, sizeof out));
}

Test(rtp, abs_send_time_matches_its_definition)
{
    cr_assert_eq(rtp_abs_send_time_of_us(0), 0);
    cr_assert_eq(rtp_abs_send_time_of_us(1000000), 1u << 18);
    cr_assert_eq(rtp_abs_send_time_of_us(INT64_C(64000000)), 0);
    /* A year of microseconds does not overflow: 31,536,000 s are a multiple of 64 s. */
    cr_assert_eq(rtp_abs_send_time_of_us(INT64_C(31536000000000) + 250000), 1u << 16);
}

Test(rtp, writer_refuses_what_does_not_fit)
{
    uint8_t buf[20];
    struct rtp_writer w;
    const struct rtp_header h = {.payload_type = 96};
    rtp_writer_init(&w, buf, 11, &h);
    cr_assert_eq(rtp_writer_finish(&w), SQ_ERR_LIMIT);
    rtp_writer_init(&w, buf, sizeof buf, &h);
    rtp_writer_payload(&w, "123456789", 9);
    cr_assert_eq(rtp_writer_finish(&w), SQ_ERR_LIMIT);
    rtp_writer_init(&w, buf, sizeof buf, &h);
    rtp_writer_extension(&w, 15, "x", 1); /* needs the two-byte form */
    cr_assert_eq(rtp_writer_finish(&w), SQ_ERR_LIMIT);
    rtp_writer_init(&w, buf, sizeof buf, &h);
    rtp_writer_payload(&w, "x", 1);
    rtp_writer_extension(&w, 1, "x", 1); /* too late */
    cr_assert_eq(rtp_writer_finish(&w), SQ_ERR_LIMIT);
    rtp_writer_init(&w, buf, sizeof buf, &h);
    rtp_writer_padding(&w, 0);
    cr_assert_eq(rtp_writer_finish(&w), SQ_ERR_LIMIT);
}

struct made {
    uint8_t data[1500];
    int len;
    struct rtp_header header;
    uint32_t csrcs[RTP_CSRC_MAX];
    uint8_t ids[5], lens[5], values[5][20];
    size_t extensions;
    uint8_t payload[400];
    size_t payload_len;
    uint8_t padding;
};

static void make(struct made *m, struct prng *r)
{
    struct rtp_writer w;
    m->header = (struct rtp_header){
        .marker = prng_chance(r, 0.5),
        .two_byte_extensions = prng_chance(r, 0.5),
        .payload_type = (uint8_t)(96 + prng_below(r, 32)),
        .seq16 = (uint16_t)prng_u32(r),
        .timestamp = prng_u32(r),
        .ssrc = prng_u32(r),
        .csrc_count = (uint8_t)prng_below(r, RTP_CSRC_MAX + 1),
        .csrcs = m->csrcs,
    };
    prng_bytes(r, m->csrcs, sizeof m->csrcs);
    rtp_writer_init(&w, m->data, sizeof m->data, &m->header);
    m->extensions = prng_below(r, 6);
    for (size_t i = 0; i < m->extensions; i++) {
        bool two = m->header.two_byte_extensions;
        m->ids[i] = (uint8_t)(i * (two ? 50 : 2) + 1);
        m->lens[i] = (uint8_t)(two ? prng_below(r, 20) : 1 + prng_below(r, 16));
        prng_bytes(r, m->values[i], m->lens[i]);
        rtp_writer_extension(&w, m->ids[i], m->values[i], m->lens[i]);
    }
    m->payload_len = prng_below(r, sizeof m->payload);
    prng_bytes(r, m->payload, m->payload_len);
    rtp_writer_payload(&w, m->payload, m->payload_len / 2);
    rtp_writer_payload(&w, m->payload + m->payload_len / 2, m->payload_len - m->payload_len / 2);
    m->padding = (uint8_t)prng_below(r, 256);
    if (m->padding)
        rtp_writer_padding(&w, m->padding);
    m->len = rtp_writer_finish(&w);
}

Test(rtp, what_is_written_is_read_back)
{
    struct prng r = prng_of(3550);
    struct made m;
    for (int round = 0; round < 2000; round++) {
        struct rtp_view v;
        make(&m, &r);
        cr_assert_gt(m.len, 0);
        cr_assert_eq(rtp_parse(&v, m.data, (size_t)m.len), SQ_OK, "round %d", round);
        cr_assert_eq(v.marker, m.header.marker);
        cr_assert_eq(v.payload_type, m.header.payload_type);
        cr_assert_eq(v.seq16, m.header.seq16);
        cr_assert_eq(v.timestamp, m.header.timestamp);
        cr_assert_eq(v.ssrc, m.header.ssrc);
        cr_assert_eq(v.csrc_count, m.header.csrc_count);
        for (size_t i = 0; i < v.csrc_count; i++)
            cr_assert_eq(rtp_csrc(&v, i), m.csrcs[i]);
        for (size_t i = 0; i < m.extensions; i++) {
            struct rtp_element e;
            cr_assert(rtp_element_find(&v, m.ids[i], &e));
            cr_assert_eq(e.len_bytes, m.lens[i]);
            cr_assert_eq(memcmp(e.value, m.values[i], e.len_bytes), 0);
        }
        cr_assert_eq(v.padding_len_bytes, m.padding);
        cr_assert_eq(v.payload_len_bytes, m.payload_len);
        cr_assert_eq(memcmp(rtp_payload(&v), m.payload, m.payload_len), 0);
    }
}

Test(rtp, reads_recorded_packets)
{
    static const struct {
        const char *path;
        uint8_t payload_type;
        uint16_t seq16;
        uint32_t timestamp, ssrc;
        size_t payload_at;
    } files[] = {
        {"tests/data/rtp/rtp_packet1.raw", 111, 23617, 1660241882, 2674985186u, 20},
        {"tests/data/rtp/rtp_packet3.raw", 111, 19354, 863466045, 235797202u, 24},
    };
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        uint8_t data[512];
        struct rtp_view v;
        FILE *f = fopen(files[i].path, "rb");
        cr_assert_not_null(f);
        size_t len = fread(data, 1, sizeof data, f);
        fclose(f);
        cr_assert_eq(rtp_parse(&v, data, len), SQ_OK);
        cr_assert_eq(v.payload_type, files[i].payload_type);
        cr_assert_eq(v.seq16, files[i].seq16);
        cr_assert_eq(v.timestamp, files[i].timestamp);
        cr_assert_eq(v.ssrc, files[i].ssrc);
        cr_assert_eq(v.payload_at, files[i].payload_at);
    }
}

Test(rtp, reads_a_recorded_stream)
{
    struct pcap_file file;
    struct pcap_packet p;
    unsigned count = 0;
    uint16_t last = 0;
    cr_assert(pcap_open(&file, "tests/data/rtp/vp8.pcap"));
    while (pcap_next(&file, &p)) {
        struct rtp_view v;
        uint16_t wide;
        uint32_t sent;
        cr_assert_eq(rtp_parse(&v, p.data, p.len_bytes), SQ_OK);
        cr_assert_eq(v.ssrc, 0xeedf3944);
        cr_assert(count == 0 || v.seq16 == (uint16_t)(last + 1));
        cr_assert(rtp_get_abs_send_time(&v, 2, &sent));
        cr_assert(rtp_get_transport_cc(&v, 4, &wide));
        last = v.seq16;
        count++;
    }
    pcap_close(&file);
    cr_assert_eq(count, 104);
}
